//! One history: a clock, an agenda of everything that is yet to happen, and everybody who takes part.
//!
//! What happens is drawn from the seed alone, so the same seed makes the same history, byte for byte.

use crate::{
    chance::Chance,
    clock,
    database::{Database, OrderRow},
    directory::Known,
    gateway::Task,
    mutants::Mutant,
    operations::{Operation, OperationState},
    people,
    processors::Charge,
    purchases::Call,
    reversals::Says,
    rules,
    sending::Request,
};
use payments::Limits;
use primitives::{Id, Moment, id::kind};
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    rc::Rc,
};

/// More than any history needs that comes to an end.
const STEPS_MAX: u32 = 20_000;

pub struct World {
    pub now: i64,
    pub chance: Chance,
    pub limits: Limits,
    pub database: Database,
    /// Everything processors were ever sent.
    pub charges: Vec<Charge>,
    /// Every capture, void and refund that reached a processor.
    pub operations: Vec<Operation>,
    /// Everything the directory server was ever asked.
    pub directory: Vec<Known>,
    /// Requests on their way to become operations.
    pub requests: Vec<Request>,
    /// Flows of gateway processes, by their numbers; `None` once over.
    pub tasks: Vec<Option<Task>>,
    /// Whether each process is alive.
    pub processes: Vec<bool>,
    /// What each merchant called last, by order.
    pub calls: Vec<Option<Rc<Call>>>,
    pub keys: u32,
    /// How often in a thousand beats a process dies.
    pub deaths: u64,
    pub mutant: Option<Mutant>,
    pub violation: Option<String>,
    agenda: BinaryHeap<Reverse<Entry>>,
    entries: u64,
    nonce: u128,
    log: Option<Vec<String>>,
}

/// Something that is to happen.
#[derive(Debug, Clone, Copy)]
pub enum Todo {
    /// The next beat of a flow.
    Beat(usize),
    /// A charge reaches its processor.
    Arrive(usize),
    /// A capture, void or refund of a payment reaches its processor.
    Operate(usize),
    /// What a processor accepted comes to its end.
    Mature(usize),
    /// What a processor did comes to nothing.
    Fail(usize),
    /// A processor tells how a capture, void or refund stood.
    Notice {
        number: usize,
        state: OperationState,
        again: bool,
    },
    /// A processor decides on a charge that was pending.
    Ripen(usize),
    /// A processor has taken a charge back.
    TakeBack(usize),
    /// A processor tells of a charge.
    Tidings {
        charge: usize,
        says: Says,
        again: bool,
    },
    /// The message of a flow reaches whom it asks.
    Ask(usize),
    /// A process looks whether a payment is due.
    Poll(usize, Id<kind::Payment>),
    /// A merchant does something with an order.
    Merchant(usize),
    /// A cardholder opens the hosted page.
    Visit(usize, Id<kind::Payment>),
    /// The directory server reports the end of a run, for the last time or not.
    Results {
        order: usize,
        run: Id<kind::Authentication>,
        status: char,
        tries: u8,
    },
    Death(usize),
    Birth(usize),
}

struct Entry {
    at: i64,
    number: u64,
    todo: Todo,
}

impl World {
    pub fn new(seed: u64, mutant: Option<Mutant>, logs: bool) -> Self {
        let mut chance = Chance::new(seed);
        let processes = usize::try_from(chance.between(1, 3)).unwrap_or(1);
        let deaths = chance.weighed(&[(5, 0), (3, 10), (2, 60)]);
        let mut world = Self {
            now: 0,
            chance,
            limits: Limits::default(),
            database: Database::default(),
            charges: Vec::new(),
            operations: Vec::new(),
            directory: Vec::new(),
            requests: Vec::new(),
            tasks: Vec::new(),
            processes: vec![true; processes],
            calls: Vec::new(),
            keys: 0,
            deaths,
            mutant,
            violation: None,
            agenda: BinaryHeap::new(),
            entries: 0,
            nonce: 1_000,
            log: logs.then(Vec::new),
        };
        people::populate(&mut world);
        world
    }

    /// Lets everything happen until nothing is left to happen. What went wrong, if anything.
    pub fn run(&mut self) -> Result<(), String> {
        let mut steps = 0;
        while self.violation.is_none() {
            let Some(Reverse(Entry { at, todo, .. })) = self.agenda.pop() else {
                rules::at_the_end(self);
                break;
            };
            self.now = self.now.max(at);
            self.happen(todo);
            steps += 1;
            if steps > STEPS_MAX {
                self.violated("it does not come to an end");
            }
        }
        self.violation.clone().map_or(Ok(()), Err)
    }

    fn happen(&mut self, todo: Todo) {
        match todo {
            Todo::Beat(task) => self.beat(task),
            Todo::Arrive(charge) => self.charge_arrives(charge),
            Todo::Ripen(charge) => self.charge_ripens(charge),
            Todo::TakeBack(charge) => self.charge_taken_back(charge),
            Todo::Tidings { charge, says, again } => self.tidings_arrive(charge, says, again),
            Todo::Operate(request) => self.operates(request),
            Todo::Mature(operation) => self.operation_matures(operation),
            Todo::Fail(operation) => self.operation_fails(operation),
            Todo::Notice { number, state, again } => people::notice_arrives(self, number, state, again),
            Todo::Ask(task) => self.ask(task),
            Todo::Poll(order, payment) => self.poll(order, payment),
            Todo::Merchant(order) => people::merchant_acts(self, order),
            Todo::Visit(order, payment) => people::cardholder_visits(self, order, payment),
            Todo::Results {
                order,
                run,
                status,
                tries,
            } => people::results_arrive(self, order, run, status, tries),
            Todo::Death(process) => self.die(process),
            Todo::Birth(process) => self.processes[process] = true,
        }
    }

    /// Something is to happen after so many milliseconds.
    pub fn after(&mut self, millis: i64, todo: Todo) {
        self.at(self.now + millis, todo);
    }

    pub fn at(&mut self, at: i64, todo: Todo) {
        self.entries += 1;
        self.agenda.push(Reverse(Entry {
            at,
            number: self.entries,
            todo,
        }));
    }

    /// This instant, with an id that was never handed out before.
    pub fn moment(&mut self) -> Moment {
        self.nonce += 1;
        clock::moment(self.now, self.nonce)
    }

    /// A process that is alive, if there is one.
    pub fn some_process(&mut self) -> Option<usize> {
        let alive: u64 = self.processes.iter().map(|alive| u64::from(*alive)).sum();
        if alive == 0 {
            return None;
        }
        let chosen = usize::try_from(self.chance.below(alive)).ok()?;
        let mut living = self.processes.iter().enumerate().filter(|(_, alive)| **alive);
        living.nth(chosen).map(|(process, _)| process)
    }

    /// The process ends, and with it all it had in hand.
    pub fn die(&mut self, process: usize) {
        if !self.processes[process] {
            return;
        }
        self.processes[process] = false;
        for task in &mut self.tasks {
            if task.as_ref().is_some_and(|task| task.process == process) {
                *task = None;
            }
        }
        self.say(|_| format!("process {process} dies"));
        let away = self.chance.between(100, 90_000);
        self.after(away, Todo::Birth(process));
    }

    /// Writes the history down, when somebody wants to read it.
    pub fn say(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.log.is_some() {
            let line = format!("{:>12.3} s  {}", self.now as f64 / 1_000.0, line(self));
            self.log.get_or_insert_default().push(line);
        }
    }

    pub fn violated(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.say(|_| format!("VIOLATION: {what}"));
        self.violation.get_or_insert(what);
    }

    pub fn history(&self) -> String {
        self.log.as_deref().unwrap_or_default().join("\n")
    }

    pub fn row(&self, order: usize) -> &OrderRow {
        &self.database.orders[order]
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
