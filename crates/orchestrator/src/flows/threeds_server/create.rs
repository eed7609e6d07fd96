//! Create a transaction: what 3-D Secure offers for a card, and the identifier for all that follows.

use super::{
    GivenCard, Refused, Why,
    card_range::membership,
    transaction::{New, Open, Stage, Stored},
};
use crate::{fault::Fault, gateway::Gateway, vault::VaultError};
use emv3ds::{AccountNumber, Version, code::DeviceChannel};
use primitives::{Brand, Id, id::kind};
use store::threeds_server::shops::Shop;
use time::Duration;

/// How long a transaction stays new.
pub(super) const NEW_FOR: Duration = Duration::minutes(30);

/// A transaction that a shop wants.
#[derive(Debug, Clone)]
pub struct NewTransaction {
    /// Whose card it is, in the shop's own words: some numbers belong to two.
    pub brand: Brand,
    pub card: GivenCard,
    pub channel: DeviceChannel,
}

/// A transaction that was created.
#[derive(Debug, Clone)]
pub struct Created {
    pub id: Id<kind::Authentication>,
    /// Where the 3DS Method is run, where the issuer has one and there is a browser.
    pub method_url: Option<String>,
    pub acs: VersionBounds,
    pub ds: VersionBounds,
    pub channel: DeviceChannel,
    /// The version of every message of this transaction.
    pub version: Version,
}

/// The lowest and the highest version that a party speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionBounds {
    pub start: String,
    pub end: String,
}

impl Gateway {
    /// Creates a transaction for a card that takes part in 3-D Secure.
    pub async fn threeds_create(&self, shop: &Shop, new: NewTransaction) -> Result<Created, Refused> {
        let number = self.account_number(shop.id, &new.card).await?;
        let Some(member) = membership(self.directories(), new.brand, &number) else {
            return Err(Why::CardNotSupported.into());
        };
        let moment = self.clock().moment();
        let id = moment.fresh_id();
        let stored = Stored {
            id,
            shop: shop.id,
            row_version: 0,
            due_at: Some(moment.now + NEW_FOR),
            stage: Stage::New(New {
                brand: new.brand,
                version: member.version,
                channel: new.channel,
            }),
        };
        self.store()
            .threeds_transaction_write(&stored.record()?, None, moment.now)
            .await?;
        Ok(Created {
            id,
            method_url: member
                .method_url
                .filter(|_| new.channel == DeviceChannel::Browser),
            acs: member.acs,
            ds: member.ds,
            channel: new.channel,
            version: member.version,
        })
    }

    /// A shop's transaction that is new and may be asked for.
    pub async fn threeds_open(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<Open, Refused> {
        let stored = self.threeds_stored(shop, id).await?;
        let now = self.clock().now();
        match &stored.stage {
            Stage::New(new) if !stored.has_expired(now) => Ok(Open {
                id,
                shop: stored.shop,
                brand: new.brand,
                version: new.version,
                channel: new.channel,
                row_version: stored.row_version,
            }),
            _ => Err(Refused::about(Why::WrongStatus, id, stored.status(now))),
        }
    }

    /// Ends a transaction that was asked for with parameters that do not fit; answers how it stands.
    pub async fn threeds_invalid(&self, open: &Open) -> Result<super::Status, Refused> {
        let stored = open.as_stored(Stage::Invalid(open.as_new()));
        let now = self.clock().now();
        match self
            .store()
            .threeds_transaction_write(&stored.record()?, None, now)
            .await
        {
            Ok(()) => Ok(stored.status(now)),
            Err(error) if super::is_race(&error) => Err(self.threeds_taken(open).await?),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody else was faster: how the transaction stands now.
    pub(super) async fn threeds_taken(&self, open: &Open) -> Result<Refused, Fault> {
        let record = self.store().threeds_transaction_load(open.id).await?;
        let stored = Stored::read(record.ok_or(Fault::Missing("the transaction"))?)?;
        let status = stored.status(self.clock().now());
        Ok(Refused::about(Why::WrongStatus, open.id, status))
    }

    pub(super) async fn threeds_stored(
        &self,
        shop: &Shop,
        id: Id<kind::Authentication>,
    ) -> Result<Stored, Refused> {
        let record = self.store().threeds_transaction_load(id).await?;
        match record.filter(|record| record.shop == shop.id) {
            Some(record) => Ok(Stored::read(record)?),
            None => Err(Why::NotFound.into()),
        }
    }

    /// The account number of a card as the shop names it.
    pub(super) async fn account_number(
        &self,
        shop: Id<kind::Shop>,
        card: &GivenCard,
    ) -> Result<AccountNumber, Refused> {
        let token = match card {
            GivenCard::Number(number) => return Ok(number.clone()),
            GivenCard::TooShort => return Err(Why::CardNotSupported.into()),
            GivenCard::Token(token) => token,
        };
        let hash = self.vault().card_token_hash(token.reveal());
        let Some((id, sealed)) = self.store().card_token_find(shop, &hash).await? else {
            return Err(Why::UnknownCardToken.into());
        };
        let number = self.vault().open_card_number(id, &sealed)?;
        let number = AccountNumber::parse(number.reveal());
        Ok(number.ok_or(VaultError::Unexpected("card number"))?)
    }
}
