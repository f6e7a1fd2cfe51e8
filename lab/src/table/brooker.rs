//! Brooker's retries: what they win, and what they cost.

use crate::{
    contender::Contender,
    storm::{Share, Storm, builtin},
    table::{Table, percent, ratio},
    world::Counts,
};

/// The shares of failures, in percent.
pub const FAILURES: [u32; 7] = [0, 5, 10, 20, 30, 40, 50];

/// So many clients make a hundred requests a second in all, in the second table.
pub const CLIENTS: [usize; 3] = [10, 100, 1_000];

fn storm(clients: usize, per_second: f64, failures: u32) -> Storm {
    let mut storm = builtin("brooker").expect("a built-in storm");
    storm.clients.instances = clients;
    storm.clients.per_second = per_second;
    for phase in &mut storm.phases {
        phase.errors = Share::new(f64::from(failures) / 100.0);
    }
    storm
}

/// What comes of a hundred clients' requests, by the share of failures.
#[must_use]
pub fn sweep(contender: &Contender) -> Vec<(u32, Counts)> {
    let run = |failures| (failures, contender.meets(&storm(100, 1_000.0, failures)).total());
    FAILURES.into_iter().map(run).collect()
}

/// Answered requests, and attempts in parts of them, by the share of failures.
#[must_use]
pub fn table(contenders: &[Contender]) -> Table {
    let shares = FAILURES.map(|failures| format!("{failures} % fail"));
    let mut table = Table::new(["rule".to_owned()].into_iter().chain(shares));
    for contender in contenders {
        let cells = sweep(contender).into_iter().map(|(_, counts)| cell(&counts));
        table.row([contender.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// The same at 20 % failures, by the number of clients that share 100 requests a second.
#[must_use]
pub fn by_clients(contenders: &[Contender]) -> Table {
    let columns = CLIENTS.map(|clients| format!("{clients} clients"));
    let mut table = Table::new(["rule".to_owned()].into_iter().chain(columns));
    for contender in contenders {
        let run = |clients| cell(&contender.meets(&storm(clients, 100.0, 20)).total());
        table.row([contender.name().to_owned()].into_iter().chain(CLIENTS.map(run)));
    }
    table
}

fn cell(counts: &Counts) -> String {
    let load = ratio(counts.attempts, counts.requests);
    format!("{}, × {load:.2}", percent(counts.answered, counts.requests))
}
