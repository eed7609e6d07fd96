//! Who may call for a DirectLink account: users with a password that is shown once or never, disabled, enabled, unlocked.

use super::{
    super::{Administration, AdministrationError, Changed, PAGE_MAX, random, written},
    names::{Pspid, UserId},
    settings::secret,
};
use payments::fields::{Fields, Problems, parsed};
use primitives::{Id, Secret, id::kind};
use serde_json::{Value, json};
use store::{
    audit::{Actor, AuditEntry},
    directlink::users::{ListedUser, User, UserChange},
};

const NOT_THERE: AdministrationError = AdministrationError::NotFound("DirectLink user");

/// The length of a password that we make: some 119 bits.
const PASSWORD_CHARACTERS: usize = 20;
const PASSWORD_MIN_CHARACTERS: usize = 8;
const PASSWORD_MAX_CHARACTERS: usize = 64;

/// A user that was just given a password.
#[derive(Debug)]
pub struct PutUser {
    pub userid: UserId,
    /// The password, if we made it: the only time that it is seen.
    pub made: Option<Secret<String>>,
}

/// A user as a seed has it.
#[derive(Debug, Clone)]
pub(in super::super) struct UserSeed {
    pub userid: UserId,
    pub password: Secret<String>,
}

impl UserSeed {
    pub(in super::super) fn read(
        path: &str,
        value: &Value,
        pspid: Option<&Pspid>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let fields = Fields::open(value, path, &["userid", "password"], problems)?;
        let userid = fields.need("userid", parsed(str::parse), problems);
        let password = fields.need("password", password(), problems);
        if let (Some(userid), Some(pspid)) = (&userid, pspid) {
            own_name_refused(&fields.at("userid"), userid, pspid, problems);
        }
        Some(Self {
            userid: userid?,
            password: password?,
        })
    }
}

fn password() -> impl Fn(&Value) -> Result<Secret<String>, String> {
    secret(PASSWORD_MIN_CHARACTERS, PASSWORD_MAX_CHARACTERS)
}

/// The protocol lets nobody call by the account's own name (reference, section 2, row 4).
fn own_name_refused(path: &str, userid: &UserId, pspid: &Pspid, problems: &mut Problems) {
    if userid.as_str() == pspid.as_str() {
        problems.add(path, "must be another name than the account's own");
    }
}

/// A user as the admin's answers write it.
pub fn directlink_user_as_written(user: &ListedUser) -> Value {
    json!({
        "userid": user.userid,
        "status": if user.disabled { "disabled" } else { "active" },
        "locked": user.locked,
        "created_at": written(user.created_at),
        "updated_at": written(user.updated_at),
    })
}

impl Administration {
    fn directlink_user_audit(
        &self,
        actor: Actor,
        action: &'static str,
        (merchant, pspid): (Id<kind::Merchant>, &Pspid),
        userid: &UserId,
    ) -> AuditEntry {
        self.merchant_audit(actor, action, merchant, format!("{pspid}/{userid}"))
    }

    /// Gives an account a user, or a user another password. Either way the user is let in: active and not locked.
    ///
    /// `document`: `{"password": …}`, or nothing, upon which we make one.
    pub async fn directlink_user_put(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
        userid: &str,
        document: &Value,
    ) -> Result<PutUser, AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let mut problems = Problems::default();
        let userid = userid
            .parse::<UserId>()
            .map_err(|error| problems.add("userid", error.to_string()))
            .ok();
        if let Some(userid) = &userid {
            own_name_refused("userid", userid, pspid, &mut problems);
        }
        let given = Fields::open(document, "", &["password"], &mut problems)
            .and_then(|fields| fields.take("password", password(), &mut problems));
        let userid = problems.or(userid)?;
        let (password, made) = match given {
            Some(password) => (password, None),
            None => {
                let made = Secret::new(random::code(PASSWORD_CHARACTERS)?);
                (made.clone(), Some(made))
            }
        };
        let seed = UserSeed { userid, password };
        self.directlink_user_let_in(actor, (merchant, pspid), &seed)
            .await?;
        self.configuration_changed().await;
        Ok(PutUser {
            userid: seed.userid,
            made,
        })
    }

    /// Stores a user with its password.
    pub(in super::super) async fn directlink_user_let_in(
        &self,
        actor: Actor,
        account: (Id<kind::Merchant>, &Pspid),
        seed: &UserSeed,
    ) -> Result<(), AdministrationError> {
        let (pspid, userid) = (account.1.as_str(), seed.userid.as_str());
        let user = User {
            pspid: pspid.to_owned(),
            userid: userid.to_owned(),
            password_hash: self.vault.directlink_password_hash(pspid, userid, &seed.password),
            locked: false,
            disabled: false,
        };
        let audit = self
            .directlink_user_audit(actor, "directlink_user.put", account, &seed.userid)
            .showing(None, Some(json!({"password": "replaced"})));
        Ok(self.store.directlink_user_put(&user, audit.at, &audit).await?)
    }

    /// An account's users by name: up to `limit` of those after `after`.
    pub async fn directlink_users_list(
        &self,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<ListedUser>, AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let (after, limit) = (after.map(UserId::as_str), limit.min(PAGE_MAX).into());
        Ok(self
            .store
            .directlink_users_list(pspid.as_str(), after, limit)
            .await?)
    }

    /// Keeps a user out, lets it in again, or forgets its wrong passwords.
    pub async fn directlink_user_change(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        (pspid, userid): (&Pspid, &UserId),
        change: UserChange,
    ) -> Result<ListedUser, AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let action = match change {
            UserChange::Disable => "directlink_user.disable",
            UserChange::Enable => "directlink_user.enable",
            UserChange::Unlock => "directlink_user.unlock",
        };
        let audit = self.directlink_user_audit(actor, action, (merchant, pspid), userid);
        let changed = self
            .store
            .directlink_user_change(pspid.as_str(), userid.as_str(), change, audit.at, &audit)
            .await?
            .ok_or(NOT_THERE)?;
        self.configuration_changed().await;
        Ok(changed)
    }
}
