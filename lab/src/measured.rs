//! What depends on the machine: real sockets, calls a second, nanoseconds.

use std::{fmt::Write as _, io, time::Instant};

use crate::{
    contender::Contender,
    field, page,
    storm::builtin,
    table::{Table, compare, overload_sockets, ratio, sockets},
};

/// The page of what was measured on this machine. It takes three minutes.
///
/// # Errors
/// Where no socket can be had.
pub fn page(mut progress: impl FnMut(&str)) -> io::Result<String> {
    let mut text = String::from(HEAD);
    progress("real sockets, three minutes");
    let pairs = sockets::run(|storm, rule| progress(&format!("  {storm}: {}", rule.name())))?;
    let agree = pairs.iter().filter(|it| it.agrees()).count();
    // A `String` takes all that is written to it.
    let _ = write!(
        text,
        "{SOCKETS}\n{}\n{agree} of {} runs agree within 15 % in every figure, or within one in \
         a hundred of all calls.\n",
        sockets::table(&pairs).markdown(),
        pairs.len()
    );
    progress("an overloaded server, half a minute");
    let overloaded = overload_sockets::table(|row| progress(&format!("  {row}")))?;
    let _ = write!(text, "\n{OVERLOADED}\n{}", overloaded.markdown());
    progress("calls a second");
    let _ = write!(text, "\n{SPEED}\n{}", speed().markdown());
    progress("nanoseconds");
    let mut table = Table::new(["rule", "ns"]);
    for contender in page::everybody() {
        let ns = compare::nanoseconds(&contender);
        table.row([contender.name().to_owned(), format!("{ns:.1}")]);
    }
    let _ = write!(text, "\n{NANOSECONDS}\n{}", table.markdown());
    Ok(text)
}

const HEAD: &str = "\
# The laboratory, measured

What depends on the machine, written by `cargo run --release -p fusebox-lab -- measure`.
[lab.md](lab.md) has the rest, and [fleet/README.md](../fleet/README.md#load-on-the-store)
what a fleet asks of its Redis.
";

const SOCKETS: &str = "
## Real sockets

The same two storms in virtual time and in real time: a server and its clients on
loopback, 60 threads that sleep for the `spike-100` storm at a tenth of its length, and 50
connections to one server thread of 200 calls a second for the retry storm. Totals in
virtual time, then with sockets.
";

const OVERLOADED: &str = "\
## An overloaded server

A server of 16 threads that sleep for 20 ms for each call, and clients on loopback who ask
for more than it can do, at times by chance and whether answers come or not. A fifth of the
calls is critical. Calls that were answered in half a second, in parts of the 800 a second
that the server can do at most; the 99th percentile of all that were answered; and how many
of each level were answered in time. The intake's longest wait is 20 ms. The first half
second of four is not counted.
";

const SPEED: &str = "## Calls a second

Attempts and refusals in virtual time, on one thread.
";

const NANOSECONDS: &str = "## Nanoseconds

What a rule takes for a healthy call here. Those of other libraries are re-enactments in
plain Rust, without their locks: this says nothing of the speed of the originals. The
laboratory's own share of fusebox's call is its table of permits.
";

/// How fast storms run.
fn speed() -> Table {
    let mut table = Table::new(["storm", "rule", "calls", "millions a second"]);
    for name in ["outage", "sustained-20", "one-of-many", "retry-storm-70"] {
        for rule in [field::unguarded(), field::ours()] {
            let (calls, secs) = timed(name, &rule);
            #[allow(clippy::cast_precision_loss)] // a count of calls
            let millions = calls as f64 / secs / 1e6;
            let row = [rule.name().to_owned(), calls.to_string(), format!("{millions:.1}")];
            table.row([name.to_owned()].into_iter().chain(row));
        }
    }
    table
}

/// Calls of a storm, and the least of three times that it took, in seconds.
fn timed(name: &str, rule: &Contender) -> (u64, f64) {
    let Some(storm) = builtin(name) else { return (0, 1.0) };
    let runs = (0..3).map(|_| {
        let began = Instant::now();
        let total = rule.meets(&storm).total();
        (total.attempts + total.refused, began.elapsed().as_secs_f64())
    });
    let best = runs.reduce(|best, it| if it.1 < best.1 { it } else { best });
    best.unwrap_or((0, ratio(1, 1)))
}
