//! The page of the laboratory: every table and picture, all of it in virtual time.

mod load;
mod regions;
mod server;
mod shadows;
mod tuner;

use std::fmt::Write as _;

use crate::{
    contender::Contender,
    field, fleet,
    plot::{Line, Plot},
    published::{Breaker, SUITE},
    rules::FIELD,
    storm::{BUILTIN, builtin},
    table::{
        self, Table,
        brooker::{self, FAILURES},
        cold_cache, compare,
        goals::{self, Goal},
        layers, limits, overload, ratio, retry_storm, shedding,
        shopify::{self, Landing},
    },
    time::Time,
};

/// The page, and the pictures that it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its text, as Markdown.
    pub markdown: String,
    /// Names of files, and the pictures in them, as SVG.
    pub pictures: Vec<(&'static str, String)>,
}

/// The seeds of which the range of a published phase is taken.
const SEEDS: u64 = 20;

/// Everybody: the field, and fusebox.
#[must_use]
pub fn everybody() -> Vec<Contender> {
    let mut all = field::all();
    all.push(field::ours_each());
    all.push(field::ours());
    all
}

/// Makes the page; `progress` is told of each part.
///
/// # Panics
/// Never: its storms are built in.
#[must_use]
pub fn page(mut progress: impl FnMut(&str)) -> Page {
    let mut text = String::from(HEAD);
    let mut pictures = Vec::new();
    let mut part = |heading: &str, body: &str| {
        // A `String` takes all that is written to it.
        let _ = write!(text, "\n## {heading}\n\n{}\n", body.trim());
    };

    progress("the figures to beat");
    let (ours, each) = (goals::measure(&field::ours()), goals::measure(&field::ours_each()));
    part("The figures to beat", &figures_to_beat(ours, each));

    progress("Shopify's published runs");
    let landings = shopify::all_again(SEEDS);
    part("Is it true?", &is_it_true(&landings));
    pictures.push(("sustained-20", landing_plot(&landings, "sustained-20").svg()));
    pictures.push(("spike-100", landing_plot(&landings, "spike-100").svg()));

    progress("Shopify's suite, every rule");
    let everybody = everybody();
    let suite = shopify::suite(&everybody);
    part(
        "Shopify's suite",
        &SUITE_TEXT
            .replace("SUCCESSES", &suite.successes.markdown())
            .replace("FAILURES", &suite.failures.markdown()),
    );

    progress("the retry storm");
    part(
        "The metastable retry storm",
        &STALL_TEXT.replace("TABLE", &retry_storm::table(&stalled(everybody)).markdown()),
    );
    pictures.push(("retry-storm", stall_plot().svg()));

    progress("layers of retries");
    part("Retries above retries", &LAYERS_TEXT.replace("TABLE", &layers::table().markdown()));

    progress("Brooker's retries");
    let retrying = retrying();
    part(
        "Brooker's retries",
        &BROOKER_TEXT
            .replace("SHARES", &brooker::table(&retrying).markdown())
            .replace("CLIENTS", &brooker::by_clients(&retrying).markdown()),
    );
    let (answered, load) = brooker_plots(&retrying);
    pictures.push(("brooker-answered", answered.svg()));
    pictures.push(("brooker-load", load.svg()));

    progress("a fleet of a thousand");
    let study = fleet::study();
    part(
        "A fleet",
        &FLEET_TEXT
            .replace("OUTAGES", &table::fleet::outages(study).markdown())
            .replace("POISONS", &table::fleet::poisons(study).markdown())
            .replace("PROBES", &table::fleet::probes(study).markdown())
            .replace("HEALINGS", &table::fleet::healings(study).markdown()),
    );
    pictures.push(("fleet", table::fleet::plot(study).svg()));
    progress("adaptive limits");
    part("Adaptive limits", &LIMITS_TEXT.replace("TABLE", &limits::table().markdown()));
    pictures.push(("adaptive-limits", limits::plot().svg()));

    progress("regions");
    part("Regions", &regions::text(table::regions::study()));
    pictures.push(("regions", table::regions::plot(table::regions::study()).svg()));

    progress("overload");
    let goodputs = overload::goodputs();
    part("Overload", &server::text(&goodputs));
    pictures.push(("overload", overload::plot(&goodputs).svg()));

    progress("the tuner");
    part("The tuner", &tuner::text(table::tuner::study()));

    progress("a cold cache");
    part("A cold cache", &load::cold_cache());
    pictures.push(("cold-cache", cold_cache::plot().svg()));

    progress("too much load");
    let steps = shedding::steps();
    part("Too much load", &load::too_much_load(&steps));
    pictures.push(("too-much-load", shedding::plot().svg()));
    pictures.push(("load-steps", steps.plot().svg()));

    progress("foresight");
    part("Foresight", &load::foreseen());
    progress("shadows");
    part("Does a shadow find the better settings?", &shadows::text());

    progress("one row for every rule");
    let one_of_each = field::all().into_iter().chain([field::ours()]);
    let rows: Vec<_> = one_of_each.map(|it| compare::row(&it)).collect();
    part("One row for every rule", &ROW_TEXT.replace("TABLE", &compare::table(&rows).markdown()));

    part("The rules", &rules());
    part("The storms", &storms());
    Page { markdown: text, pictures }
}

const HEAD: &str = "\
# The laboratory

Which breaker is better, and under which settings? Here the rules of the field and
fusebox's meet the same storms, in virtual time. fusebox's are the product's own code on
a manual clock; the others are re-enacted from their published behaviour and defaults,
each in a file of `lab/src/rules/` that names its source. Nothing of theirs was copied.

This page is written by `cargo run --release -p fusebox-lab -- report`, and is the same
on every machine. What depends on the machine is in [lab-measured.md](lab-measured.md):
real sockets beside virtual time, calls a second, nanoseconds. To try a storm on settings
of your own: `fusebox try spike-100 --with mine.toml`.

fusebox enters every storm with one preset, `presets::SERVICE`: it opens for 2 s where
half of the calls fail, or take longer than 2 s. It is written `fusebox` where all
callers share a breaker, as the threads of a process do, and the processes of a host in a
shared panel, and `fusebox, one for each caller` where they know nothing of each other.
The rules of the field have one for each caller in the storms that say so.

Hedging has no table yet.
";

fn figures_to_beat(ours: Vec<Goal>, each: Vec<Goal>) -> String {
    let table = goals::table(&[("fusebox", ours), ("one for each caller", each)]);
    format!(
        "Figures are means of {} seeds, with the worst seed where it differs. What is \
         published of the first seven are Shopify's own measurements; of the retry storm \
         they are those of simple models.\n\n{}\n{}",
        goals::SEEDS,
        table.markdown(),
        GOALS_TEXT
    )
}

const GOALS_TEXT: &str = "\
What holds the figures that are missed: where sixty callers have a breaker each, each of
them must see 21 failures of its own, and sends a probe of its own every two seconds. A probe of a service that hangs holds its caller for ten seconds.";

fn is_it_true(landings: &[Landing]) -> String {
    let sum = |of: fn(&Landing) -> usize| landings.iter().map(of).sum::<usize>();
    let all = sum(|it| it.phases.len());
    format!(
        "Shopify publish the totals of each phase of their own runs: threads, real time, \
         nine storms, two breakers. Of their {all} phases, {} have shares of successes and \
         of refused calls within five percentage points of the laboratory's run with \
         seed 1, and {} lie within five points of what one of {SEEDS} seeds gives.\n\n\
         {}\n{LANDING_TEXT}\n{}\n\
         ![The published run and ours: 20 % errors](lab/sustained-20.svg)\n\n\
         ![The published run and ours: an outage](lab/spike-100.svg)\n",
        sum(Landing::landed),
        sum(Landing::in_range),
        shopify::landings(landings).markdown(),
        shopify::missed(landings).markdown(),
    )
}

const LANDING_TEXT: &str = "\
Two things of their runs are not published, and are fitted to the last calm phase before
the trouble, and to nothing after it: how slow the endpoints were that each run drew, and
that Ruby's `sleep(0.001)` gives 930 requests a second.

The phases below are those that do not land. In the classic ones it is chance that
decides: each of sixty threads has a breaker of its own, and a thread whose breaker is
open refuses all requests that wait, in no time. So it matters whether one thread in
sixty opens in a phase, not how many errors there are. The range over all seeds shows
it, and those marked *outside* lie further from it than five points. Of these, the first
ten seconds of their `oscillating` run with the PID breaker, which had 70 % refused before
anything was wrong, are nothing that we can explain.
";

const SUITE_TEXT: &str = "\
Nine storms, from when the trouble begins to the end. Successes, in parts of those of a
run without any breaker: what a rule saves of the calls, or makes possible, as a thread
that waits for nothing is free for others.

SUCCESSES
Failed calls, in parts of the same run: what a rule does not keep from the service.

FAILURES";

const STALL_TEXT: &str = "\
One server that answers 200 calls a second in turn, callers that wait for one second and
try three times, and a stall of ten seconds. Time until 95 % of the requests are answered
again, after the stall; attempts in parts of requests until then; and the peak of any
second. The worst of three seeds. The budgets are those of single clients, as their
libraries have them: with fewer than three requests a second each client stays below what
its budget leaves it, and fifty of them together keep the storm alive. fusebox's is one
for all fifty, as a `static` is: a tenth of their requests, and ten a second besides.

TABLE
![Answers per second at 70 % load](lab/retry-storm.svg)";

const LAYERS_TEXT: &str = "\
Three layers, each of which tries three times, around a service of which some calls fail.
So many calls does the service get of one request, where there are a thousand a second,
and what the budgets began with is spent. With a budget of a share p at each of n layers
it is (1 + p)ⁿ at most: 1.33 for a tenth and three layers, where it would be 27.

TABLE";

const BROOKER_TEXT: &str = "\
A hundred clients with ten requests a second each, and up to four attempts. Requests that
were answered, and attempts in parts of requests, by the share of calls that fail. A
breaker refuses first attempts, too: where calls fail at random, and trying again would
help, it loses more than it saves, the more so the more callers share it. `SERVICE` opens
where a third of the calls fail for long.

SHARES
The same at 20 % failures, where so many clients share 100 requests a second:

CLIENTS
![Requests answered](lab/brooker-answered.svg)

![Attempts in parts of requests](lab/brooker-load.svg)";

const FLEET_TEXT: &str = "\
A thousand instances, each with a breaker that opens after five failures in a row, call the
same service, each at moments of its own. The breakers and the fleet's members are the
product's own; between them is a network that takes 20 ms, and each instance looks for news
every 10 ms. Nobody hears of another's calls but through what that one says, ten times a
second at most.

**The service dies.** `3 openings` is what was often asked for and never built: whoever
opens says so, and where three are open, the next failure of every other opens it.
fusebox's instances pool failures instead, two of each at most. `Observe` only knows,
with `Advise`, the default, the next failure opens, and with `Obey` all open at once. To
reach with `Advise`: the fleet knows after 0.3, 0.15 and 0.12 s, and at most 1100, 1100
and 1600 calls fail, of which 1000 are one of each. The time until the fleet knows is the
mean of five seeds; the rest is that of the first.

OUTAGES
At a tenth of a call a second, the whole fleet makes 100 calls a second. Until 22 of them
have failed takes 0.22 s, and by chance 0.05 s more or less: so the worst seed is late.

![Failed calls over time](lab/fleet.svg)

**Some instances are broken themselves.** All their calls fail for two seconds, ten a
second, and of all others' calls one in a hundred. Up to one bad instance in a hundred
moves nobody, and no good call is refused. Three in a hundred are as much evidence as an
outage: then each instance opens at its next failure.

POISONS
**The service stays down** for six recovery timeouts of 5 s. All breakers open within a
second, and each probe fails. At most three probes in a timeout are to be made by all
together.

PROBES
**Something goes wrong between them**, for four seconds in which a fifth of all calls fail.
Then it is over, and no more calls are made: how many heartbeats until each of a hundred
instances hears of all 999 others, and has their registers as they are. Two are promised.

HEALINGS";

const LIMITS_TEXT: &str = "\
A service of so many workers, calls of 50 ms on average (exponentially distributed, or
even: all the same) and twice as many of them as it can do, at times by chance. The knee is the number of workers.
Windows of a second until the limit is within a fifth of the knee, and its mean over ten
windows from there on, too: from the start; from when half of the workers go; and from
when they come back. The worst
of five seeds; a knee of 5 that halves is one of 2. Then an hour of this with 50 workers:
the mean limit in its second ten minutes and in its last, in parts of the knee, of the
seed with the largest difference. All begin at 20 and may go from 1 to 1000; else they
have their defaults. No call is refused by the service or times out, so AIMD learns
nothing before calls take 5 s.

TABLE
![The limits at a knee that halves and doubles](lab/adaptive-limits.svg)";

const ROW_TEXT: &str = "\
A thousand calls a second. How many calls fail before the first one is refused, and after
how many milliseconds, where all, half or a fifth of them fail, at random, after a minute
at 1 %; the share refused in five minutes at 20 %; openings in a million calls, and calls
refused in them; the time after an outage of 20 s until calls are answered again; and what
a rule costs. All callers share the rule. *Open before* is a rule that was refusing calls
at 1 % already. A rule that refuses a share of the calls opens, in this table, whenever it
begins to. A write is a store to memory that callers share; bytes are those of one
service, as the original keeps them.

TABLE";

fn rules() -> String {
    let mut table = Table::new(["key", "rule", "source"]);
    for entry in FIELD {
        table.row([format!("`{}`", entry.key), entry.name.into(), entry.source.into()]);
    }
    let markdown = table.markdown();
    // The columns are words.
    markdown.replacen("|---|---:|---:|", "|---|---|---|", 1)
}

fn storms() -> String {
    let mut table = Table::new(["storm", "what happens"]);
    for (name, _) in BUILTIN {
        let storm = builtin(name).expect("a built-in storm");
        table.row([format!("`{name}`"), storm.title]);
    }
    table.markdown().replacen("|---|---:|", "|---|---|", 1)
}

/// The published successes of each phase, per second, and ours.
#[allow(clippy::cast_precision_loss)] // small numbers
fn landing_plot(landings: &[Landing], storm: &str) -> Plot {
    let mut lines = Vec::new();
    for it in landings.iter().filter(|it| it.storm == storm) {
        let name = match it.breaker {
            Breaker::Classic => "classic",
            Breaker::Pid => "PID",
        };
        let middle = |at: usize, secs: u64| (at as f64 + 0.5) * secs as f64;
        let points = |of: &dyn Fn(&crate::published::Phase, &crate::world::Counts) -> f64| {
            let phases = it.phases.iter().enumerate();
            phases
                .map(|(at, (theirs, ours))| (middle(at, theirs.secs), of(theirs, &ours[0])))
                .collect::<Vec<_>>()
        };
        let line = |name, points, dots| Line { name, points, dots };
        let theirs = points(&|it, _| ratio(it.successes, it.secs));
        let ours = points(&|it, counts| ratio(counts.successes, it.secs));
        lines.push(line(format!("{name}, published"), theirs, true));
        lines.push(line(format!("{name}, here"), ours, false));
    }
    let experiment = SUITE.iter().find(|it| it.storm == storm).expect("one of the suite");
    let storm = builtin(experiment.storm).expect("a built-in storm");
    Plot {
        title: format!("{}: successes of each phase", storm.title),
        x: "seconds".into(),
        y: "successes per second".into(),
        shaded: storm.trouble_in_secs().into_iter().collect(),
        lines,
    }
}

/// Everybody, and those with a budget of fusebox's.
fn stalled(everybody: Vec<Contender>) -> Vec<Contender> {
    let budgeted =
        [field::our_budget(), field::our_budget_without_reserve(), field::ours_with_budget()];
    everybody.into_iter().chain(budgeted).collect()
}

/// Those that are worth a look where retries are at stake.
fn retrying() -> Vec<Contender> {
    let keys = [
        "none",
        "consecutive",
        "polly",
        "finagle",
        "google-throttling",
        "aws-budget",
        "finagle-budget",
    ];
    let mut all: Vec<_> = keys.iter().filter_map(|key| field::by_key(key)).collect();
    all.extend([field::ours_each(), field::ours()]);
    stalled(all)
}

#[allow(clippy::cast_precision_loss)] // small numbers
fn stall_plot() -> Plot {
    let storm = builtin("retry-storm-70").expect("a built-in storm");
    let keys = ["none", "finagle-budget", "aws-budget", "polly", "consecutive"];
    let mut all: Vec<_> = keys.iter().filter_map(|key| field::by_key(key)).collect();
    all.extend([field::ours_each(), field::ours(), field::ours_with_budget()]);
    let shown = Time::secs(110);
    let line = |contender: &Contender| {
        let tally = contender.meets(&storm);
        let bins = tally.bins.iter().enumerate().map(|(at, bin)| (at as f64, bin.answered as f64));
        Line {
            name: contender.name().into(),
            points: bins.take_while(|(at, _)| *at < shown.as_secs_f64()).collect(),
            dots: false,
        }
    };
    Plot {
        title: storm.title.clone(),
        x: "seconds".into(),
        y: "answers per second".into(),
        shaded: storm.trouble_in_secs().into_iter().collect(),
        lines: all.iter().map(line).collect(),
    }
}

fn brooker_plots(contenders: &[Contender]) -> (Plot, Plot) {
    let sweeps: Vec<_> = contenders.iter().map(|it| (it.name(), brooker::sweep(it))).collect();
    let plot = |title: &str, y: &str, of: fn(&crate::world::Counts) -> f64| Plot {
        title: title.into(),
        x: format!("share of calls that fail, {} to {} %", FAILURES[0], FAILURES[6]),
        y: y.into(),
        shaded: Vec::new(),
        lines: sweeps
            .iter()
            .map(|(name, sweep)| Line {
                name: (*name).into(),
                points: sweep.iter().map(|(at, counts)| (f64::from(*at), of(counts))).collect(),
                dots: false,
            })
            .collect(),
    };
    (
        plot("A hundred clients, up to four attempts: requests answered", "percent", |it| {
            100.0 * ratio(it.answered, it.requests)
        }),
        plot("The load that they make", "attempts in parts of requests", |it| {
            ratio(it.attempts, it.requests)
        }),
    )
}
