//! A processor tells of its own accord what became of a charge, or of taking one back.

use crate::{
    clock,
    gateway::{Beat, Task, in_flight},
    reversals::{Says, Tidings},
    world::World,
};
use acquiring::{InquiryAnswer, ReversalAnswer};
use payments::{News, Order};

/// How long a notification waits for the answer that it overtook.
const SENDER_HAS: i64 = 5_000;

impl World {
    /// Takes tidings in. One of a charge that is still being sent waits for the answer to it, but not for long: then the
    /// charge counts as one whose answer is lost, and after that is recorded, its end as told.
    pub(super) fn hears_tidings(
        &mut self,
        task: &mut Task,
        order: Order,
        tidings: Tidings,
    ) -> (Option<i64>, Tidings) {
        let charge = &self.charges[tidings.charge];
        let attempt = charge.attempt;
        let answer = match tidings.says {
            Says::Reversal { done } => {
                let answer = done.then_some(ReversalAnswer::Reversed);
                let news = News::ReversalAnswered {
                    attempt,
                    asked_at: clock::time(self.now),
                    answer,
                };
                return (None, self.believes(task, order, news, tidings));
            }
            Says::Approved => InquiryAnswer::Approved(charge.approval()),
            Says::Declined(advice) => InquiryAnswer::Declined(crate::processors::decline(advice)),
        };
        let is_sending = in_flight(&order).is_some_and(|(it, _)| it.id == attempt && !it.is_open());
        if is_sending && self.now < tidings.arrived_at + SENDER_HAS {
            task.beat = Beat::Decide(None);
            return (Some(self.chance.between(10, 1_000)), tidings);
        }
        if is_sending {
            let moment = self.moment();
            self.decides_on(task, order, News::Silence { attempt }, Vec::new(), moment);
            let first = Tidings {
                silence_first: true,
                ..tidings
            };
            return (None, first);
        }
        // Whether or not whoever hears it lives to note that.
        self.charges[tidings.charge].told = true;
        let news = News::Inquired {
            attempt,
            asked_at: clock::time(self.now),
            answer: Some(answer),
        };
        (None, self.believes(task, order, news, tidings))
    }

    fn believes(&mut self, task: &mut Task, order: Order, news: News, tidings: Tidings) -> Tidings {
        let moment = self.moment();
        if !self.decides_on(task, order, news, Vec::new(), moment) {
            self.tidings_taken(&tidings);
        }
        Tidings {
            silence_first: false,
            ..tidings
        }
    }

    /// They are noted as heard, and not told again.
    pub fn tidings_taken(&mut self, tidings: &Tidings) {
        self.charges[tidings.charge].heard.push(tidings.says);
    }
}
