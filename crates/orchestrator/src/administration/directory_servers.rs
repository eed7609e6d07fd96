//! Directory servers: set, taken away, listed.

use super::{
    Administration, AdministrationError, Changed,
    directory_tls::{self, TlsDocument},
};
use crate::certificate::Certificate;
use emv3ds::ProtocolVersion;
use payments::fields::{Fields, Problems, ascii, integer, list, parsed};
use primitives::{Brand, HttpUrl, UrlPolicy};
use serde_json::{Value, json};
use store::{
    audit::Actor,
    directory_servers::{DirectoryServer, DirectoryTls},
};
use time::OffsetDateTime;

/// emv-3ds.md section 14: what directory servers commonly ask for.
const CONNECT_TIMEOUT_MS: u32 = 5_000;
const READ_TIMEOUT_MS: u32 = 10_000;
const TIMEOUT_MAX_MS: u32 = 60_000;

const VERSIONS_MAX: usize = 10;

const MEMBERS: [&str; 12] = [
    "brand",
    "url",
    "backup_url",
    "connect_timeout_ms",
    "read_timeout_ms",
    "reference_number",
    "operator_id",
    "versions",
    "results_url",
    // What is shown may be given back; these are computed.
    "certificates",
    "created_at",
    "updated_at",
];

/// A directory server as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownDirectoryServer {
    pub server: DirectoryServer,
    /// Our certificate there, and what issued it.
    pub client_certificate: Vec<Certificate>,
    pub roots: Vec<Certificate>,
    /// What to see to, such as a certificate that is about to expire.
    pub warnings: Vec<String>,
}

/// A directory server as a document has it: what is not mentioned of its TLS settings stays as it is.
#[derive(Debug, Clone)]
pub(super) struct DirectoryDocument {
    server: DirectoryServer,
    tls: TlsDocument,
}

impl Administration {
    /// All directory servers, by brand.
    pub async fn directory_servers_list(&self) -> Result<Vec<ShownDirectoryServer>, AdministrationError> {
        let servers = self.store.directory_servers_list().await?;
        Ok(servers.into_iter().map(|server| self.shown(server)).collect())
    }

    /// Sets the directory server of a brand.
    pub async fn directory_server_set(
        &self,
        actor: Actor,
        brand: Brand,
        document: &Value,
    ) -> Result<ShownDirectoryServer, AdministrationError> {
        let read = read(document, "", Some(brand), self.policy(), self.clock.now())?;
        let server = self.directory_server_put(actor, read).await?;
        Ok(self.shown(server))
    }

    fn shown(&self, server: DirectoryServer) -> ShownDirectoryServer {
        let client = server.tls.client.as_ref().map(|client| client.chain.as_str());
        ShownDirectoryServer {
            client_certificate: directory_tls::facts(client),
            roots: directory_tls::facts(server.tls.roots.as_deref()),
            warnings: directory_tls::warnings(&server, self.clock.now()),
            server,
        }
    }

    /// Takes the directory server of a brand away: its cards count as not enrolled from then on.
    pub async fn directory_server_delete(
        &self,
        actor: Actor,
        brand: Brand,
    ) -> Result<(), AdministrationError> {
        let before = self
            .directory_server(brand)
            .await?
            .ok_or(AdministrationError::NotFound("directory server"))?;
        let audit = self
            .audit(actor, "directory_server.delete", brand)
            .showing(Some(as_written(&before)), None);
        if !self.store.directory_server_delete(brand, &audit).await? {
            return Err(AdministrationError::NotFound("directory server"));
        }
        self.configuration_changed().await;
        Ok(())
    }

    /// Stores a directory server; one that is the same already stays untouched.
    pub(super) async fn directory_server_put(
        &self,
        actor: Actor,
        document: DirectoryDocument,
    ) -> Result<DirectoryServer, AdministrationError> {
        let DirectoryDocument { mut server, tls } = document;
        let before = self.directory_server(server.brand).await?;
        let tls_before = before.as_ref().map(|before| &before.tls);
        server.tls = tls.applied(tls_before, server.brand, &self.vault)?;
        if let Some(before) = &before {
            server.created_at = before.created_at;
            server.updated_at = before.updated_at;
            if *before == server {
                return Ok(server);
            }
        }
        let audit = self
            .audit(actor, "directory_server.set", server.brand)
            .showing(before.as_ref().map(as_written), Some(as_written(&server)));
        server.updated_at = audit.at;
        if before.is_none() {
            server.created_at = audit.at;
        }
        self.store.directory_server_upsert(&server, &audit).await?;
        self.configuration_changed().await;
        Ok(server)
    }

    async fn directory_server(&self, brand: Brand) -> Result<Option<DirectoryServer>, AdministrationError> {
        let servers = self.store.directory_servers_list().await?;
        Ok(servers.into_iter().find(|server| server.brand == brand))
    }
}

/// Reads a directory server. Where the brand is known from elsewhere, the document need not repeat it.
pub(super) fn read(
    document: &Value,
    path: &str,
    brand: Option<Brand>,
    policy: UrlPolicy,
    now: OffsetDateTime,
) -> Result<DirectoryDocument, Problems> {
    let mut problems = Problems::default();
    let problems_of = &mut problems;
    let known = [MEMBERS.as_slice(), &directory_tls::MEMBERS].concat();
    let read = Fields::open(document, path, &known, problems_of).and_then(|fields| {
        let url = |text: &str| HttpUrl::parse(text, policy);
        let timeout = || integer(1..=TIMEOUT_MAX_MS);
        let named = match brand {
            None => fields.need("brand", read_brand, problems_of),
            Some(known) => match fields.take("brand", read_brand, problems_of) {
                Some(other) if other != known => {
                    problems_of.add(fields.at("brand"), "must be the brand of the address");
                    None
                }
                _ => Some(known),
            },
        };
        let address = fields.need("url", parsed(url), problems_of);
        let backup_url = fields.take("backup_url", parsed(url), problems_of);
        let connect = fields.take("connect_timeout_ms", timeout(), problems_of);
        let read = fields.take("read_timeout_ms", timeout(), problems_of);
        let reference_number = fields.take("reference_number", ascii(32), problems_of);
        let operator_id = fields.take("operator_id", ascii(32), problems_of);
        let versions = fields.take("versions", list(1..=VERSIONS_MAX, version), problems_of);
        let results_url = fields.take("results_url", parsed(url), problems_of);
        let tls = TlsDocument::read(&fields, now, problems_of);
        let server = DirectoryServer {
            brand: named?,
            url: address?,
            backup_url,
            connect_timeout_ms: connect.unwrap_or(CONNECT_TIMEOUT_MS),
            read_timeout_ms: read.unwrap_or(READ_TIMEOUT_MS),
            reference_number,
            operator_id,
            versions: versions.map(in_order),
            results_url,
            tls: DirectoryTls::default(),
            created_at: now,
            updated_at: now,
        };
        Some(DirectoryDocument { server, tls: tls? })
    });
    problems.or(read)
}

fn read_brand(value: &Value) -> Result<Brand, String> {
    value.as_str().and_then(Brand::parse).ok_or_else(|| {
        let brands: Vec<_> = Brand::KNOWN.iter().map(|brand| brand.as_str()).collect();
        format!("must be one of {}", brands.join(", "))
    })
}

fn version(value: &Value) -> Result<ProtocolVersion, String> {
    let parsed = value.as_str().and_then(ProtocolVersion::parse);
    parsed.ok_or_else(|| "must be a protocol version such as 2.2.0".to_owned())
}

fn in_order(mut versions: Vec<ProtocolVersion>) -> Vec<String> {
    versions.sort_unstable();
    versions.iter().map(ToString::to_string).collect()
}

fn as_written(server: &DirectoryServer) -> Value {
    json!({
        "brand": server.brand,
        "url": server.url,
        "backup_url": server.backup_url,
        "connect_timeout_ms": server.connect_timeout_ms,
        "read_timeout_ms": server.read_timeout_ms,
        "reference_number": server.reference_number,
        "operator_id": server.operator_id,
        "versions": server.versions,
        "results_url": server.results_url,
        "tls": directory_tls::as_written(&server.tls),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn directory_servers_are_set_by_brand_and_seen_at_once(pool: PgPool) {
        let world = World::new(pool);
        let administration = &world.administration;
        let document = json!({"url": "https://ds.example/visa", "read_timeout_ms": 3000});
        for _ in 0..2 {
            administration
                .directory_server_set(ACTOR, Brand::Visa, &document)
                .await
                .unwrap();
        }
        let servers = world.configuration.directory_servers().await.unwrap();
        assert_eq!((servers.len(), servers[0].read_timeout_ms), (1, 3000));
        assert_eq!(
            administration.audit_list(None, None, 10).await.unwrap().len(),
            1,
            "the same again is no change"
        );
        administration
            .directory_server_delete(ACTOR, Brand::Visa)
            .await
            .unwrap();
        assert!(world.configuration.directory_servers().await.unwrap().is_empty());
        let again = administration.directory_server_delete(ACTOR, Brand::Visa).await;
        assert!(matches!(again, Err(AdministrationError::NotFound(_))));
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn every_problem_of_a_directory_server_is_told(pool: PgPool) {
        let world = World::new(pool);
        let document = json!({"brand": "amex", "backup_url": 1, "read_timeout_ms": 0, "operator_id": ""});
        let refused = world
            .administration
            .directory_server_set(ACTOR, Brand::Visa, &document)
            .await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        let fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(
            fields,
            ["brand", "url", "backup_url", "read_timeout_ms", "operator_id"]
        );
    }
}
