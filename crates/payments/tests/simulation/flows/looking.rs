//! A payment is due.

use crate::{
    gateway::{Beat, Task},
    world::World,
};
use payments::{
    News, Order, PaymentState,
    decide::{ChargeDue, SettlementDue, charge_due, settlement_due},
    settlement::SettlementNews,
};

impl World {
    /// The payment is due: whatever its state waits for is done, asked, or given up.
    pub(super) fn looks(&mut self, task: &mut Task, order: Order) {
        let Some(payment) = &order.payment else { return };
        match &payment.state {
            PaymentState::Authenticating(current) => {
                let current = current.clone();
                self.looks_at_authentication(task, order, &current);
            }
            PaymentState::Authorizing(_) | PaymentState::Closed(_) => match charge_due(&order) {
                Some(ChargeDue::Silent { attempt }) => {
                    let news = self.sender_died(attempt);
                    let moment = self.moment();
                    self.decides_on(task, order, news, Vec::new(), moment);
                }
                Some(ChargeDue::Overdue { attempt }) => {
                    let moment = self.moment();
                    self.decides_on(task, order, News::Overdue { attempt }, Vec::new(), moment);
                }
                Some(ChargeDue::Send(outgoing)) => task.beat = Beat::Send(Box::new(order), outgoing),
                None => {}
            },
            PaymentState::Authorized(_) => self.looks_at_settlements(task, order),
        }
    }

    fn looks_at_settlements(&mut self, task: &mut Task, order: Order) {
        let moment = self.moment();
        match settlement_due(&order, moment.now) {
            Some(SettlementDue::Silent { settlement }) => {
                let news = News::Settlement(SettlementNews::Silence { settlement });
                self.decides_on(task, order, news, Vec::new(), moment);
            }
            Some(SettlementDue::Send(outgoing)) => task.beat = Beat::Send(Box::new(order), outgoing),
            None => {}
        }
    }
}
