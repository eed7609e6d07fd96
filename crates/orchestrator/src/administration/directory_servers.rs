//! Directory servers: set, taken away, listed.

use super::{Administration, AdministrationError, Changed};
use payments::fields::{Fields, Problems, ascii, integer, parsed};
use primitives::{Brand, HttpUrl, UrlPolicy};
use serde_json::{Value, json};
use store::{audit::Actor, directory_servers::DirectoryServer};
use time::OffsetDateTime;

/// emv-3ds.md section 14: what directory servers commonly ask for.
const CONNECT_TIMEOUT_MS: u32 = 5_000;
const READ_TIMEOUT_MS: u32 = 10_000;
const TIMEOUT_MAX_MS: u32 = 60_000;

const MEMBERS: [&str; 9] = [
    "brand",
    "url",
    "backup_url",
    "connect_timeout_ms",
    "read_timeout_ms",
    "reference_number",
    "operator_id",
    "created_at",
    "updated_at",
];

impl Administration {
    /// All directory servers, by brand.
    pub async fn directory_servers_list(&self) -> Result<Vec<DirectoryServer>, AdministrationError> {
        Ok(self.store.directory_servers_list().await?)
    }

    /// Sets the directory server of a brand.
    pub async fn directory_server_set(
        &self,
        actor: Actor,
        brand: Brand,
        document: &Value,
    ) -> Result<DirectoryServer, AdministrationError> {
        let server = read(document, "", Some(brand), self.policy(), self.clock.now())?;
        self.directory_server_put(actor, server).await
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
        mut server: DirectoryServer,
    ) -> Result<DirectoryServer, AdministrationError> {
        let before = self.directory_server(server.brand).await?;
        if let Some(before) = &before {
            server.created_at = before.created_at;
            if as_written(before) == as_written(&server) {
                return Ok(before.clone());
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
) -> Result<DirectoryServer, Problems> {
    let mut problems = Problems::default();
    let problems_of = &mut problems;
    let read = Fields::open(document, path, &MEMBERS, problems_of).and_then(|fields| {
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
        Some(DirectoryServer {
            brand: named?,
            url: address?,
            backup_url,
            connect_timeout_ms: connect.unwrap_or(CONNECT_TIMEOUT_MS),
            read_timeout_ms: read.unwrap_or(READ_TIMEOUT_MS),
            reference_number,
            operator_id,
            created_at: now,
            updated_at: now,
        })
    });
    problems.or(read)
}

fn read_brand(value: &Value) -> Result<Brand, String> {
    value.as_str().and_then(Brand::parse).ok_or_else(|| {
        let brands: Vec<_> = Brand::KNOWN.iter().map(|brand| brand.as_str()).collect();
        format!("must be one of {}", brands.join(", "))
    })
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
