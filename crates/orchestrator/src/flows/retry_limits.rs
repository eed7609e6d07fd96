//! Whether a card may be tried, before anybody outside is asked and before anything is recorded.

use crate::{configuration::Caller, fault::Stopped, gateway::Gateway};
use payments::{
    Refusal, RefusalCode,
    retry_limits::{COUNTED_FOR, Standing, Why, judge},
};
use primitives::{Card, Moment};

impl Gateway {
    /// How often the card may still be tried, where that is looked at. One that may not be tried is refused.
    pub(super) async fn card_standing(
        &self,
        caller: &Caller,
        card: &Card,
        moment: Moment,
    ) -> Result<Option<Standing>, Stopped> {
        if !self.keeps_retry_limits() {
            return Ok(None);
        }
        let merchant = caller.merchant.id;
        let fingerprint = self.vault().card_fingerprint(merchant, &card.pan);
        let since = moment.now - COUNTED_FOR;
        let declines = self.store().card_declines(merchant, &fingerprint, since).await?;
        let standing = judge(&declines, card.pan.brand(), moment.now);
        match standing.refused {
            None => Ok(Some(standing)),
            Some(why) => {
                let code = match why {
                    Why::GivenUp => RefusalCode::CardForbidden,
                    Why::LimitReached => RefusalCode::AttemptsExceeded,
                };
                Err(Refusal::new(code, why.to_string()).into())
            }
        }
    }
}
