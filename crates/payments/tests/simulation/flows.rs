//! What each flow reads and decides, as `orchestrator/src/flows` does it.

mod authenticating;
mod looking;
mod purchasing;
mod tidings;

use crate::{
    database::{Recording, RunRow},
    gateway::{Beat, Errand, Task},
    world::World,
};
use payments::{News, Order, Step};
use primitives::Moment;

const PAGE_TOKEN: &str = "01JDEADBEEFDEADBEEFDEADBEE";

impl World {
    /// A flow reads, or goes by what it read before it sent something, and decides.
    pub fn decides(&mut self, task: &mut Task, held: Option<Box<Order>>) -> Option<i64> {
        let order = match held {
            Some(order) => *order,
            None => self.database.load(task.order, task.payment),
        };
        match std::mem::replace(&mut task.errand, Errand::Look) {
            Errand::Purchase(call) => {
                self.purchases(task, order, &call);
                task.errand = Errand::Purchase(call);
            }
            Errand::Tell(news) => {
                let moment = self.moment();
                let told = news.clone();
                let (told, runs) = self.with_means(&order, told, moment);
                self.decides_on(task, order, told, runs, moment);
                task.errand = Errand::Tell(news);
            }
            Errand::Notice { number, state, news } => {
                let moment = self.moment();
                if !self.decides_on(task, order, news.clone(), Vec::new(), moment) {
                    self.operations[number].taken.push(state);
                }
                task.errand = Errand::Notice { number, state, news };
            }
            Errand::Tidings(tidings) => {
                let (wait, tidings) = self.hears_tidings(task, order, tidings);
                task.errand = Errand::Tidings(tidings);
                return wait;
            }
            Errand::Ares { run, heard } => {
                self.concludes(task, order, run, heard);
                task.errand = Errand::Ares { run, heard };
            }
            Errand::Results { run, status } => {
                self.takes_results(task, order, run, status);
                task.errand = Errand::Results { run, status };
            }
            Errand::Look => self.looks(task, order),
            Errand::Page => {
                self.opens_page(task, order);
                task.errand = Errand::Page;
            }
            Errand::GiveUp => {
                let runs = self.given_up_run(&order);
                let moment = self.moment();
                self.decides_on(task, order, News::CardholderGaveUp, runs, moment);
                task.errand = Errand::GiveUp;
            }
            Errand::Cancel => {
                let moment = self.moment();
                self.decides_on(task, order, News::Cancel, Vec::new(), moment);
                task.errand = Errand::Cancel;
            }
            Errand::Expire => {
                let moment = self.moment();
                self.decides_on(task, order, News::Expire, Vec::new(), moment);
                task.errand = Errand::Expire;
            }
        }
        None
    }

    /// Decides; what comes of it is to be recorded together with these runs. Answers whether anything does.
    fn decides_on(
        &mut self,
        task: &mut Task,
        order: Order,
        news: News,
        runs: Vec<RunRow>,
        moment: Moment,
    ) -> bool {
        match self.rule(order, news, moment) {
            Ok(Some(step)) => {
                task.beat = recording(task.order, step, runs);
                true
            }
            // Too late, or refused: the caller hears of it, and nothing happened.
            Ok(None) | Err(_) => false,
        }
    }
}

fn recording(index: usize, step: Step, runs: Vec<RunRow>) -> Beat {
    Beat::Record(Box::new(Recording {
        step,
        index,
        runs,
        claim: None,
        has_code: false,
    }))
}
