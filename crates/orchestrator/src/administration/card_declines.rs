//! Declines that count against a card: lifted.

use super::{Administration, AdministrationError};
use primitives::{Id, id::kind};
use store::audit::Actor;

impl Administration {
    /// Forgets the declines of the card that a payment was made with, so that it may be tried again. Nobody has to say the
    /// card's number. Answers how many there were.
    pub async fn card_declines_lift(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        payment: Id<kind::Payment>,
    ) -> Result<u64, AdministrationError> {
        let audit = self.merchant_audit(actor, "card_declines.lift", merchant, payment);
        let lifted = self.store.card_declines_lift(merchant, payment, &audit).await?;
        lifted.ok_or(AdministrationError::NotFound("payment"))
    }
}
