//! What is there: the crates, what they depend on, and their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// The workspace as the rules look at it.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The crates of the workspace, by name.
    pub crates: BTreeMap<String, Room>,
    /// What each package, ours or not, is linked with: normal dependencies only, by name.
    pub linked: BTreeMap<String, BTreeSet<String>>,
}

/// One crate of the workspace.
#[derive(Debug, Default)]
pub struct Room {
    /// Packages that its code names: dependencies of the kinds normal and build.
    pub dependencies: BTreeSet<String>,
    /// Packages that its tests name.
    pub test_dependencies: BTreeSet<String>,
    /// Text of its source files below `src/`, by path from the crate's folder.
    pub sources: BTreeMap<String, String>,
}

/// The part of `cargo metadata` that is read here; the format has a version, and this is version 1.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Workspace {
    /// Asks cargo about the workspace of the current folder and reads its sources.
    ///
    /// # Errors
    /// With words for the terminal when cargo or a file cannot be read.
    pub fn read() -> Result<Self, String> {
        // Set by `cargo run`; else whatever the search path has.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .output()
            .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ));
        }
        let mut workspace = Self::from_metadata(&output.stdout)?;
        for (name, folder) in folders(&output.stdout)? {
            if let Some(room) = workspace.crates.get_mut(&name) {
                read_sources(&folder, &folder.join("src"), &mut room.sources)?;
            }
        }
        Ok(workspace)
    }

    /// The graph without the sources.
    pub fn from_metadata(json: &[u8]) -> Result<Self, String> {
        let metadata = parse(json)?;
        let names: BTreeMap<&str, &str> = metadata
            .packages
            .iter()
            .map(|package| (package.id.as_str(), package.name.as_str()))
            .collect();
        let mut workspace = Self::default();
        for package in &metadata.packages {
            if !metadata.workspace_members.contains(&package.id) {
                continue;
            }
            let mut room = Room::default();
            for dependency in &package.dependencies {
                let for_tests = dependency.kind.as_deref() == Some("dev");
                let named = if for_tests {
                    &mut room.test_dependencies
                } else {
                    &mut room.dependencies
                };
                named.insert(dependency.name.clone());
            }
            workspace.crates.insert(package.name.clone(), room);
        }
        for node in &metadata.resolve.nodes {
            let name_of = |id: &str| names.get(id).map(|name| (*name).to_owned());
            let Some(name) = name_of(&node.id) else { continue };
            let linked = node
                .deps
                .iter()
                .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            // Two versions of a package share a name here, which can only make the rules stricter.
            workspace
                .linked
                .entry(name)
                .or_default()
                .extend(linked.filter_map(|edge| name_of(&edge.pkg)));
        }
        Ok(workspace)
    }
}

fn parse(json: &[u8]) -> Result<Metadata, String> {
    serde_json::from_slice(json).map_err(|error| format!("cannot read cargo metadata: {error}"))
}

fn folders(json: &[u8]) -> Result<Vec<(String, PathBuf)>, String> {
    let metadata = parse(json)?;
    let ours = |package: &Package| metadata.workspace_members.contains(&package.id);
    let folder = |package: &Package| package.manifest_path.parent().map(Path::to_owned);
    let packages = metadata.packages.iter().filter(|package| ours(package));
    Ok(packages
        .filter_map(|package| Some((package.name.clone(), folder(package)?)))
        .collect())
}

fn read_sources(root: &Path, folder: &Path, sources: &mut BTreeMap<String, String>) -> Result<(), String> {
    let fault = |path: &Path, error: std::io::Error| format!("cannot read {}: {error}", path.display());
    for entry in fs::read_dir(folder).map_err(|error| fault(folder, error))? {
        let path = entry.map_err(|error| fault(folder, error))?.path();
        if path.is_dir() {
            read_sources(root, &path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).map_err(|error| fault(&path, error))?;
            let name = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            sources.insert(name, text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_dependencies_are_told_apart() {
        let json = br#"{
            "packages": [
                { "id": "a 1", "name": "a", "manifest_path": "/w/a/Cargo.toml", "dependencies": [
                    { "name": "b", "kind": null }, { "name": "c", "kind": "dev" }, { "name": "d", "kind": "build" } ] },
                { "id": "b 1", "name": "b", "manifest_path": "/r/b/Cargo.toml", "dependencies": [] },
                { "id": "c 1", "name": "c", "manifest_path": "/r/c/Cargo.toml", "dependencies": [] }
            ],
            "workspace_members": ["a 1"],
            "resolve": { "nodes": [
                { "id": "a 1", "deps": [
                    { "pkg": "b 1", "dep_kinds": [{ "kind": null }] },
                    { "pkg": "c 1", "dep_kinds": [{ "kind": "dev" }] } ] } ] }
        }"#;

        let workspace = Workspace::from_metadata(json).unwrap();

        assert_eq!(workspace.crates.len(), 1);
        let room = &workspace.crates["a"];
        assert_eq!(
            room.dependencies,
            BTreeSet::from(["b".to_owned(), "d".to_owned()])
        );
        assert_eq!(room.test_dependencies, BTreeSet::from(["c".to_owned()]));
        assert_eq!(workspace.linked["a"], BTreeSet::from(["b".to_owned()]));
    }
}
