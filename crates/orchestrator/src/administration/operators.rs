//! Operators and their sessions.

use super::{Administration, AdministrationError, Changed, random};
use crate::fault::Fault;
use argon2::{
    Argon2,
    password_hash::{
        PasswordHasher, PasswordVerifier,
        phc::{PasswordHash, Salt},
    },
};
use payments::fields::{Fields, Problems, parsed};
use primitives::{Email, Id, Secret, id::kind};
use serde_json::{Value, json};
use std::{fmt, sync::OnceLock};
use store::{audit::Actor, operators::Operator};
use time::{Duration, OffsetDateTime};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// How long a session lasts: a working day.
const SESSION: Duration = Duration::hours(8);
/// Wrong passwords in a row before an address is locked, and for how long it then is.
const LOGIN_FAILURES_MAX: i32 = 5;
const LOGIN_LOCK: Duration = Duration::minutes(15);
const PASSWORD_MIN_CHARACTERS: usize = 12;
const PASSWORD_MAX_BYTES: usize = 256;
/// Each hashing takes some 20 MB and tens of milliseconds of a core; more at once wait.
const HASHINGS_AT_ONCE: usize = 2;

/// A session that was just opened. The token is shown this once.
#[derive(Debug)]
pub struct Session {
    pub token: Secret<String>,
    pub expires_at: OffsetDateTime,
}

/// What came of a login.
#[derive(Debug)]
pub enum Login {
    Opened(Session),
    /// No such operator, or not this password: which of the two is nobody's business.
    Refused,
    /// Too many failures for this address; it may be tried again when the lock is over.
    Locked {
        retry_after_seconds: u32,
    },
}

/// Argon2id with the crate's recommended parameters (OWASP's first choice: 19 MiB, two passes), a few at a time.
pub(super) struct PasswordHashing {
    at_once: Semaphore,
}

impl Default for PasswordHashing {
    fn default() -> Self {
        Self {
            at_once: Semaphore::new(HASHINGS_AT_ONCE),
        }
    }
}

impl fmt::Debug for PasswordHashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHashing")
    }
}

impl PasswordHashing {
    /// Runs `work` where it holds nobody up.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        // The semaphore is never closed; were it, hashing without its limit is the lesser harm.
        let _permit = self.at_once.acquire().await.ok();
        Ok(spawn_blocking(work).await?)
    }
}

fn hash(password: &Secret<String>, salt: &[u8; 16]) -> Option<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.reveal().as_bytes(), salt)
        .ok()?;
    Some(hash.to_string())
}

fn matches(password: &Secret<String>, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.reveal().as_bytes(), &hash)
            .is_ok()
    })
}

/// What a password is compared with when there is no such operator, so that this takes as long.
fn nobodys_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash(&Secret::new(String::new()), &[0; Salt::RECOMMENDED_LENGTH]).unwrap_or_default())
}

impl Administration {
    /// Creates an operator, or gives one another password, which ends its sessions.
    /// `document`: `{"email", "password"}`.
    pub async fn operator_set(
        &self,
        actor: Actor,
        document: &Value,
        path: &str,
    ) -> Result<(), AdministrationError> {
        let mut problems = Problems::default();
        let read = Fields::open(document, path, &["email", "password"], &mut problems).and_then(|fields| {
            let email = fields.need("email", parsed(Email::parse), &mut problems);
            let password = fields.need("password", read_password, &mut problems);
            Some((email?, password?))
        });
        let (email, password) = problems.or(read)?;
        let email = email.as_str().to_lowercase();
        if let Some(known) = self.store.operator_by_email(&email).await?
            && self.matches(&password, known.password_hash).await?
        {
            return Ok(());
        }
        let salt = random::salt()?;
        let password_hash = self.passwords.run(move || hash(&password, &salt)).await?;
        let operator = Operator {
            id: (*self.clock).fresh_id(),
            email,
            password_hash: password_hash.ok_or(Fault::Missing("the password's hash"))?,
        };
        let audit = self
            .audit(actor, "operator.set_password", &operator.email)
            .showing(None, Some(json!({"email": operator.email})));
        self.store.operator_upsert(&operator, &audit).await?;
        Ok(())
    }

    /// Opens a session for whoever knows the password.
    pub async fn login(&self, email: &str, password: Secret<String>) -> Result<Login, AdministrationError> {
        let email = email.trim().to_lowercase();
        let subject = self.vault.login_subject_hash(&email);
        let now = self.clock.now();
        if !self
            .store
            .login_try(&subject, LOGIN_FAILURES_MAX, LOGIN_LOCK, now)
            .await?
        {
            tracing::warn!("login refused: too many failures");
            return Ok(Login::Locked {
                retry_after_seconds: LOGIN_LOCK
                    .whole_seconds()
                    .unsigned_abs()
                    .try_into()
                    .unwrap_or(u32::MAX),
            });
        }
        let operator = self.store.operator_by_email(&email).await?;
        let known_hash = operator
            .as_ref()
            .map_or_else(|| nobodys_hash().to_owned(), |known| known.password_hash.clone());
        let right = self.matches(&password, known_hash).await?;
        let Some(operator) = operator.filter(|_| right) else {
            tracing::warn!("login refused");
            return Ok(Login::Refused);
        };
        let token = random::session_token()?;
        let expires_at = now + SESSION;
        let hash = self.vault.session_token_hash(token.reveal());
        self.store
            .session_insert(&hash, operator.id, &subject, now, expires_at)
            .await?;
        Ok(Login::Opened(Session { token, expires_at }))
    }

    /// Whose session a token opens; `None` when it is unknown or over.
    pub async fn session(&self, token: &str) -> Result<Option<Id<kind::Operator>>, AdministrationError> {
        let hash = self.vault.session_token_hash(token);
        Ok(self.store.session_operator(&hash, self.clock.now()).await?)
    }

    /// Ends a session.
    pub async fn logout(&self, token: &str) -> Result<(), AdministrationError> {
        Ok(self
            .store
            .session_delete(&self.vault.session_token_hash(token))
            .await?)
    }

    async fn matches(&self, password: &Secret<String>, phc: String) -> Result<bool, Fault> {
        if password.reveal().len() > PASSWORD_MAX_BYTES {
            return Ok(false);
        }
        let password = password.clone();
        self.passwords.run(move || matches(&password, &phc)).await
    }
}

fn read_password(value: &Value) -> Result<Secret<String>, String> {
    let text = value.as_str().ok_or("must be a string")?;
    if text.chars().count() < PASSWORD_MIN_CHARACTERS || text.len() > PASSWORD_MAX_BYTES {
        return Err(format!(
            "must have at least {PASSWORD_MIN_CHARACTERS} characters, {PASSWORD_MAX_BYTES} bytes at most"
        ));
    }
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use sqlx::PgPool;

    const PASSWORD: &str = "correct horse battery";

    async fn world(pool: PgPool) -> World {
        let world = World::new(pool);
        let operator = json!({"email": "Ana@Example.com", "password": PASSWORD});
        world
            .administration
            .operator_set(ACTOR, &operator, "")
            .await
            .unwrap();
        world
    }

    async fn login(world: &World, email: &str, password: &str) -> Login {
        world
            .administration
            .login(email, Secret::new(password.into()))
            .await
            .unwrap()
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_session_opens_with_the_password_and_ends_with_logout_or_time(pool: PgPool) {
        let world = world(pool).await;
        let Login::Opened(session) = login(&world, "ana@example.com ", PASSWORD).await else {
            panic!()
        };
        let whose = async |token: &str| world.administration.session(token).await.unwrap();
        assert!(whose(session.token.reveal()).await.is_some());
        assert!(whose("guess").await.is_none());
        world.clock.advance(SESSION);
        assert!(whose(session.token.reveal()).await.is_none());

        let Login::Opened(session) = login(&world, "ana@example.com", PASSWORD).await else {
            panic!()
        };
        world.administration.logout(session.token.reveal()).await.unwrap();
        assert!(whose(session.token.reveal()).await.is_none());
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn failures_lock_known_and_unknown_addresses_alike(pool: PgPool) {
        let world = world(pool).await;
        for email in ["ana@example.com", "nobody@example.com"] {
            for _ in 0..LOGIN_FAILURES_MAX {
                assert!(matches!(login(&world, email, "wrong").await, Login::Refused));
            }
            assert!(
                matches!(login(&world, email, PASSWORD).await, Login::Locked { .. }),
                "{email}"
            );
        }
        world.clock.advance(LOGIN_LOCK + Duration::seconds(1));
        assert!(matches!(
            login(&world, "ana@example.com", PASSWORD).await,
            Login::Opened(_)
        ));
        for _ in 0..LOGIN_FAILURES_MAX {
            assert!(
                matches!(login(&world, "ana@example.com", PASSWORD).await, Login::Opened(_)),
                "right ones do not count"
            );
        }
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn passwords_are_long_enough_and_stored_as_argon2id(pool: PgPool) {
        let world = world(pool.clone()).await;
        let short = json!({"email": "x", "password": "short"});
        let refused = world
            .administration
            .operator_set(ACTOR, &short, "operators.0")
            .await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        let fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["operators.0.email", "operators.0.password"]);
        let stored: String = sqlx::query_scalar("SELECT password_hash FROM operators")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    }
}
