//! A browser that leaves for its shop. A refusal that waited for another try of its shopper is told now; and the browser may have
//! to wait in turn until the shop's server was told how the payment ended (ogone-directlink.md, section 9.3: *online*).
//!
//! Nothing is sent from here: the message is on its way anyway, with whoever sends feedback, and what becomes of it wakes the
//! browser's request.

use super::{View, account::DirectLinkAccount};
use crate::{fault::Fault, gateway::Gateway};
use primitives::{Id, id::kind};
use std::time::Duration;
use tokio::time::Instant;

/// How long a browser is kept from its shop at most. Shops that take longer are told all the same.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

impl Gateway {
    /// Has the shop's server told what there is to tell of the payment, now that its shopper leaves. Waits until it was, or a
    /// first attempt failed, or some seconds have passed; not at all where the account does not want it.
    pub async fn directlink_shop_told(&self, account: &DirectLinkAccount, view: &View) -> Result<(), Fault> {
        let (payid, now) = (view.payment.payid, self.clock().now());
        if self.store().feedback_no_longer_waits(payid, now).await? {
            self.wake_deliveries();
        }
        if !account.account.post_sale.online {
            return Ok(());
        }
        let deadline = Instant::now() + TOLD_WITHIN;
        let watcher = self.watch().wait_for(view.order.id);
        loop {
            let changed = watcher.changed();
            if !self.store().feedback_is_awaited(payid).await? {
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                return Ok(());
            }
        }
    }

    /// An attempt to tell that order's shop has ended: browsers that wait for it look again.
    pub fn feedback_attempted(&self, order: Id<kind::Order>) {
        self.watch().changed(order);
    }
}
