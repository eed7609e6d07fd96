//! A purchase begins, and what a charge by another route would need is looked up.

use super::PAGE_TOKEN;
use crate::{
    database::{Recording, RunRow, RunStage},
    gateway::{Beat, Task},
    purchases::Call,
    world::World,
};
use payments::{
    News, Order, Purchased,
    decide::{AuthenticationPlan, means_wanted},
    three_ds::NewAuthentication,
};
use primitives::{Id, Moment, id::kind};
use std::rc::Rc;

impl World {
    pub(super) fn purchases(&mut self, task: &mut Task, order: Order, call: &Rc<Call>) {
        if self
            .row(task.order)
            .claims
            .iter()
            .any(|claim| claim.key == call.key)
        {
            return;
        }
        let (payment, moment) = (self.moment().fresh_id(), self.moment());
        let runs = match call.plan {
            AuthenticationPlan::Ask { needs_page } => vec![self.new_run(payment, needs_page, moment)],
            AuthenticationPlan::None
            | AuthenticationPlan::External(_)
            | AuthenticationPlan::NotAvailable
            | AuthenticationPlan::Rejected => Vec::new(),
        };
        let news = News::Purchased(Box::new(Purchased {
            payment,
            terms: call.terms.clone(),
            card: call.card.clone(),
            routes: call.routes.clone(),
            plan: call.plan.clone(),
            page_token: PAGE_TOKEN.to_owned(),
            attempts_allowed: call.attempts_allowed,
        }));
        if let Ok(Some(step)) = self.rule(order, news, moment) {
            task.beat = Beat::Record(Box::new(Recording {
                step,
                index: task.order,
                runs,
                claim: Some(call.key),
                has_code: call.has_code,
            }));
        }
    }

    pub(super) fn new_run(&self, payment: Id<kind::Payment>, needs_page: bool, moment: Moment) -> RunRow {
        RunRow {
            id: moment.fresh_id(),
            payment,
            version: 0,
            stage: if needs_page {
                RunStage::Begun
            } else {
                RunStage::Asked { at: self.now }
            },
            early: None,
            status: None,
        }
    }

    /// News that a new authentication could follow gets the means for one, where there are any.
    pub(super) fn with_means(
        &mut self,
        order: &Order,
        mut news: News,
        moment: Moment,
    ) -> (News, Vec<RunRow>) {
        let Some(payment) = order.payment.as_ref().map(|payment| payment.id) else {
            return (news, Vec::new());
        };
        for wanted in means_wanted(order, &news, moment.now) {
            if !self.chance.permille(900) {
                continue;
            }
            let needs_page = self.chance.permille(300);
            if let News::Answered { means, .. } | News::NeverLeft { means, .. } = &mut news {
                *means = Some(NewAuthentication {
                    route: wanted.route,
                    needs_page,
                    page_token: PAGE_TOKEN.to_owned(),
                });
            }
            return (news, vec![self.new_run(payment, needs_page, moment)]);
        }
        (news, Vec::new())
    }
}
