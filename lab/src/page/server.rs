//! What the page says of a server with more calls than it can answer.

use crate::table::overload;

/// The section, of the goodputs by load.
pub(super) fn text(goodputs: &overload::Goodputs) -> String {
    TEXT.replace("LEVELS", &overload::levels())
        .replace("LOADS", &overload::by_load(goodputs).markdown())
        .replace("WORKS", &overload::by_work().markdown())
}

const TEXT: &str = "\
A server of 16 workers with one line, and calls that take a worker 10 ms on average: all
the same, exponentially distributed, or heavy (log-normal, with a deviation of twice the
mean). Half of what it can do comes for two seconds, and then ten seconds of overload, at
times by chance: LEVELS.
A caller waits for half a second, and the server does not know when one has given up.
Nobody tries again. What is counted begins a second after the load has stepped, and is
that of five seeds together.

Answers within half a second, in parts of what the server can do, or of the calls where
these are fewer, for exponentially distributed calls:

LOADS
![Answers in time, as the load grows](lab/overload.svg)

At twice and at four times of what the server can do: the same; the 99th percentile of the
times of calls that were answered, in parts of the one at half of the load without a
guard; how long after the step both were as they should be, at least 90 % and at most
twice, and stayed so, in steps of 0.2 s; and the share of each level that was answered in
time. At four times the load, critical calls alone are 80 % of what the server can do.

WORKS
The intake may keep a critical call in line for 10 ms, which is what a call takes a worker.
*Answers alone* is a server that does not say when its workers begin. The bounded queue has
room for 32 calls at work and in line; whoever chooses that number knows how long calls
take, and a queue has no levels. The adaptive limit has its defaults, and its start at 20
is close to what this server can do. What the intake costs is seen at a load of just 1:
the lower levels are refused while the line is short, so a worker is idle now and then.

DAGOR's windows of a second or 2000 calls lower the admission by 5 % each, so twice the
load takes it some ten seconds to refuse. After a minute it is near its rest, keeps all
critical calls even at four times the load, where the intake refuses some, and has longer
lines. Breakwater hands out credits to clients that take part, and Uber publishes of
Cinnamon neither figures nor the gains of its controller: both are left out.";
