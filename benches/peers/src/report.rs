//! The page: tables, ratios, targets, and the machine they are of.

mod limits;

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use fusebox_bench::peers::{
    CircuitBreakerRs, Failsafe, Fusebox, MutexBreaker, Peer, Recloser, TowerResilience,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::{
    breakers, clocks, instructions, lookups, machine,
    measure::{Figure, Plan, find},
    plots, retries, rules, scaling,
};

type Written = Result<(), Box<dyn Error>>;

const OWN: &str = "fusebox";
const PEERS: [&str; 5] = [
    Failsafe::NAME,
    Recloser::NAME,
    TowerResilience::NAME,
    CircuitBreakerRs::NAME,
    MutexBreaker::NAME,
];

/// A row of what `allocations` prints.
#[derive(Deserialize)]
struct Memory {
    name: String,
    bytes: i64,
    healthy: f64,
    rejected: f64,
    failed: f64,
}

#[allow(clippy::too_many_lines)] // the page, from top to bottom
pub(crate) fn write(quick: bool, out: &Path) -> Written {
    let start = Instant::now();
    // About 115 cases: a round of samples each takes the sample's time.
    let plan = if quick {
        Plan { rounds: 11, sample: Duration::from_millis(25) }
    } else {
        Plan { rounds: 31, sample: Duration::from_millis(80) }
    };
    let threads = machine::threads();
    let steps = steps(threads);
    let groups = 22 + 2 * steps.len() as u64;
    let style = "{bar:30} {elapsed} of about {duration} {msg}";
    let progress = ProgressBar::new(groups * plan.rounds as u64)
        .with_style(ProgressStyle::with_template(style)?);

    let healthy = breakers::healthy(plan, &progress);
    let rejected = breakers::rejected(plan, &progress);
    let failed = breakers::failed(plan, &progress);
    let two = breakers::threads(plan, &progress, 2);
    let all = breakers::threads(plan, &progress, threads);
    let beyond = rules::rules(plan, &progress);
    let alone = rules::shared(plan, &progress, 1);
    let together = rules::shared(plan, &progress, 2);
    let jittered = retries::jittered(plan, &progress);
    let without_jitter = retries::plain(plan, &progress);
    let around = retries::around_success(plan, &progress);
    let around_async = retries::around_success_async(plan, &progress);
    let clocks = clocks::clocks(plan, &progress);
    let lookups = lookups::lookups(plan, &progress);
    let limited = [1, 2].map(|threads| limits::measured(plan, &progress, threads));
    let lines = scaling::scaling(plan, &progress, &steps);
    let sharing = scaling::false_sharing(plan, &progress);
    progress.set_message("allocations and instructions");
    let memory = memory()?;
    let counts = instructions::count(|_| ());
    progress.finish_and_clear();

    let pictures = out.with_extension("");
    fs::create_dir_all(&pictures)?;
    let contenders = |figures: &[Figure]| -> Vec<Figure> {
        let named = |figure: &&Figure| figure.name == OWN || PEERS.contains(&figure.name);
        figures.iter().filter(named).cloned().collect()
    };
    let drawn = [
        ("a healthy call", contenders(&healthy)),
        ("a healthy call, two threads on one breaker", contenders(&two)),
        ("a rejection", contenders(&rejected)),
        ("a failure recorded", contenders(&failed)),
        ("a jittered delay", jittered.clone()),
    ];
    let groups: Vec<_> =
        drawn.iter().map(|(heading, figures)| (*heading, figures.iter().collect())).collect();
    plots::bars(&pictures.join("peers.svg"), &groups)?;
    plots::scaling(&pictures.join("scaling.svg"), &lines)?;

    let folder = pictures.file_name().unwrap_or_default().display().to_string();
    let mut page = String::new();
    head(&mut page, plan, quick)?;
    section(
        &mut page,
        "Targets",
        "In ns, of this run, but for the factors: how many times our time the fastest peer took.",
    )?;
    targets(
        &mut page,
        &Measured {
            healthy: &healthy,
            rejected: &rejected,
            failed: &failed,
            two: &two,
            jittered: &jittered,
            around: &around,
            around_async: &around_async,
            lookups: &lookups,
            lines: &lines,
            beyond: &beyond,
            alone: &alone,
            together: &together,
        },
    )?;
    section(&mut page, "Breakers", "")?;
    writeln!(page, "![ns per call, logarithmic]({folder}/peers.svg)\n")?;
    table(&mut page, "Healthy call", &healthy, OWN)?;
    table(&mut page, "Rejection", &rejected, OWN)?;
    table(
        &mut page,
        "Failure recorded (49 failures and the success that resets them, per call)",
        &failed,
        OWN,
    )?;
    table(&mut page, "Healthy call, two threads on one breaker, per call and thread", &two, OWN)?;
    let heading = format!("Healthy call, {threads} threads (all there are) on one breaker");
    table(&mut page, &heading, &all, OWN)?;
    table(&mut page, "Beyond failures in a row, per call or outcome", &beyond, rules::CALL)?;
    shared_table(&mut page, &alone, &together)?;
    memory_table(&mut page, &memory)?;
    setups(&mut page)?;
    limits::write(&mut page, &limited)?;
    section(&mut page, "Delays and retries", DELAYS)?;
    table(&mut page, "One jittered delay", &jittered, OWN)?;
    table(&mut page, "One plain delay", &without_jitter, OWN)?;
    table(&mut page, "Retry around a success", &around, OWN)?;
    table(&mut page, "Async retry around a success", &around_async, OWN)?;
    section(&mut page, "Look-ups", "A registry of 64 slots, half of them taken.")?;
    table(&mut page, "Look-up", &lookups, lookups::BY_NAME)?;
    clock_table(&mut page, &clocks)?;
    section(&mut page, "Scaling", SCALING)?;
    writeln!(page, "![million calls a second against threads]({folder}/scaling.svg)\n")?;
    scaling_table(&mut page, &lines, &steps)?;
    table(
        &mut page,
        "False sharing, two threads, per operation and thread",
        &sharing,
        scaling::APART,
    )?;
    instruction_table(&mut page, &counts)?;
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(out, page)?;
    println!("{} is written, after {} s", out.display(), start.elapsed().as_secs());
    Ok(())
}

const DELAYS: &str = "Delays from 100 ms, growing by 15 % each, 50 in a row. `tokio-retry` and \
`exponential-backoff` take whole factors only; theirs grow otherwise. `exponential-backoff` always \
has jitter. The futures are polled in place, without a runtime; none of them waits.";

const SCALING: &str = "Each thread is pinned to a core. Failures come in turn with successes, so the breaker stays closed; with 50 % \
every call changes the word.";

/// One to all threads; where these are many, not each number.
fn steps(threads: usize) -> Vec<usize> {
    let mut steps: Vec<_> =
        (1..=threads).filter(|&n| n <= 4 || n % 4 == 0 || n == threads).collect();
    if threads == 1 {
        steps.push(2);
    }
    steps
}

fn head(page: &mut String, plan: Plan, quick: bool) -> Written {
    let command = "cargo run --release -p fusebox-bench -- report";
    let quick = if quick { " --quick" } else { "" };
    writeln!(page, "# Performance\n\nWritten by `{command}{quick}`.\n")?;
    for line in machine::description() {
        writeln!(page, "- {line}")?;
    }
    writeln!(
        page,
        "\nEach figure is the median of {} samples of {} ms, with the middle half of them in \
         brackets. The cases of a table take their samples in turns, and a ratio is the median of \
         the ratios of each round, so what drifts drifts for all. Every call's answer is checked.\n",
        plan.rounds,
        plan.sample.as_millis()
    )?;
    Ok(())
}

fn section(page: &mut String, heading: &str, text: &str) -> Written {
    writeln!(page, "## {heading}\n")?;
    if !text.is_empty() {
        writeln!(page, "{text}\n")?;
    }
    Ok(())
}

fn table(page: &mut String, heading: &str, figures: &[Figure], base: &str) -> Written {
    let base = find(figures, base);
    writeln!(page, "### {heading}\n\n| | ns | | times {} |\n|---|---:|---|---:|", base.name)?;
    for figure in figures {
        let (low, high) = figure.spread();
        writeln!(
            page,
            "| {} | {:.2} | ({low:.2} to {high:.2}) | {:.2} |",
            figure.name,
            figure.ns(),
            figure.times(base)
        )?;
    }
    writeln!(page)?;
    Ok(())
}

fn shared_table(page: &mut String, alone: &[Figure], together: &[Figure]) -> Written {
    writeln!(
        page,
        "### One breaker, one thread and two\n\n\
         | per call and thread, ns | 1 thread | 2 threads | throughput, 2 to 1 |\n\
         |---|---:|---:|---:|"
    )?;
    for one in alone {
        let two = find(together, one.name);
        let gain = 2.0 * one.ns() / two.ns();
        writeln!(page, "| {} | {:.2} | {:.2} | {gain:.2} |", one.name, one.ns(), two.ns())?;
    }
    writeln!(page)?;
    Ok(())
}

fn memory() -> Result<Vec<Memory>, Box<dyn Error>> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let run = Command::new(cargo)
        .args(["run", "--quiet", "--release", "-p", "fusebox-bench", "--bin", "allocations"])
        .output()?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into());
    }
    Ok(serde_json::from_slice(&run.stdout)?)
}

fn memory_table(page: &mut String, rows: &[Memory]) -> Written {
    writeln!(
        page,
        "### Memory\n\nBytes of a closed breaker, its heap with it; allocations per call.\n\n\
         | | bytes | healthy | rejected | failed |\n|---|---:|---:|---:|---:|"
    )?;
    for Memory { name, bytes, healthy, rejected, failed } in rows {
        writeln!(page, "| {name} | {bytes} | {healthy} | {rejected} | {failed} |")?;
    }
    writeln!(page)?;
    Ok(())
}

fn setups(page: &mut String) -> Written {
    writeln!(page, "### How each was set up\n")?;
    for (name, setup) in [
        (Fusebox::NAME, Fusebox::SETUP),
        (Failsafe::NAME, Failsafe::SETUP),
        (Recloser::NAME, Recloser::SETUP),
        (TowerResilience::NAME, TowerResilience::SETUP),
        (CircuitBreakerRs::NAME, CircuitBreakerRs::SETUP),
        (MutexBreaker::NAME, MutexBreaker::SETUP),
    ] {
        writeln!(page, "- **{name}**: {setup}.")?;
    }
    writeln!(
        page,
        "\nNot here: `rssafecircuit` (needs `&mut self`, so threads cannot share it), \
         `tower-circuitbreaker` (now `tower-resilience`).\n"
    )?;
    Ok(())
}

fn clock_table(page: &mut String, clocks: &clocks::Clocks) -> Written {
    section(page, "Clocks", "A healthy call reads no clock. A step is the median of nine.")?;
    writeln!(
        page,
        "| | reading, ns | step | rejection, ns | failure, ns |\n|---|---:|---:|---:|---:|"
    )?;
    for (at, name) in clocks::CLOCKS.into_iter().enumerate() {
        let step = match clocks.steps[at] {
            Some(step) => format!("{} ms", step.as_millis()),
            None => "1 ms, a tick".to_owned(),
        };
        writeln!(
            page,
            "| {name} | {:.2} | {step} | {:.2} | {:.2} |",
            clocks.readings[at].ns(),
            clocks.rejections[at].ns(),
            clocks.failures[at].ns()
        )?;
    }
    writeln!(page)?;
    Ok(())
}

fn scaling_table(page: &mut String, lines: &[scaling::Line], steps: &[usize]) -> Written {
    let threads: Vec<_> = steps
        .iter()
        .map(|n| if *n == 1 { "1 thread".to_owned() } else { format!("{n} threads") })
        .collect();
    writeln!(page, "| million calls a second | {} |", threads.join(" | "))?;
    writeln!(page, "|---|{}", "---:|".repeat(steps.len()))?;
    for line in lines {
        let on = if line.shared { "one breaker" } else { "a breaker each" };
        let points: Vec<_> = line.points.iter().map(|(_, calls)| format!("{calls:.0}")).collect();
        writeln!(page, "| {}, {on} | {} |", line.mix, points.join(" | "))?;
    }
    writeln!(page)?;
    Ok(())
}

fn instruction_table(
    page: &mut String,
    counts: &Result<instructions::Counts, instructions::CountError>,
) -> Written {
    section(
        page,
        "Instructions",
        "Counted by callgrind, without the loop around them and without the kernel's share: under \
         it the clock is a system call.",
    )?;
    match counts {
        Ok(counts) => {
            writeln!(page, "| | instructions |\n|---|---:|")?;
            for (name, count) in counts {
                writeln!(page, "| {name} | {count:.1} |")?;
            }
        }
        Err(error) => writeln!(page, "Not counted: {error}.")?,
    }
    Ok(())
}

struct Measured<'a> {
    healthy: &'a [Figure],
    rejected: &'a [Figure],
    failed: &'a [Figure],
    two: &'a [Figure],
    jittered: &'a [Figure],
    around: &'a [Figure],
    around_async: &'a [Figure],
    lookups: &'a [Figure],
    lines: &'a [scaling::Line],
    beyond: &'a [Figure],
    alone: &'a [Figure],
    together: &'a [Figure],
}

fn targets(page: &mut String, measured: &Measured<'_>) -> Written {
    writeln!(page, "| | measured | target | |\n|---|---:|---:|---|")?;
    let mut row = |what: &str, value: f64, limit: f64, at_most: bool| {
        let met = if at_most { value <= limit } else { value >= limit };
        let (sign, met) = (if at_most { "≤" } else { "≥" }, if met { "met" } else { "**missed**" });
        writeln!(page, "| {what} | {value:.2} | {sign} {limit:.2} | {met} |")
    };
    let ns = |figures: &[Figure], name: &str| find(figures, name).ns();
    let Measured { healthy, rejected, failed, two, .. } = *measured;
    let loads = ns(healthy, breakers::LOADS);
    let bare = ns(healthy, breakers::BARE);
    let ratio = find(healthy, breakers::ACQUIRE).times(find(healthy, breakers::LOADS));
    row("acquire + success, inlined, in two loads", ratio, 1.3, true)?;
    let healthy_line = measured.lines.iter().find(|line| line.shared && line.mix == "healthy");
    if let Some(&[(_, one), (_, both), ..]) = healthy_line.map(|line| line.points.as_slice()) {
        row("throughput of two threads on one breaker, in that of one", both / one, 1.9, false)?;
    }
    row("`call`", ns(healthy, OWN), bare + 2.0 * loads, true)?;
    row("`call_async`", ns(healthy, breakers::CALL_ASYNC), bare + 2.0 * loads, true)?;
    row("rejection", ns(rejected, OWN), ns(rejected, breakers::CLOCK) + 5.0, true)?;
    let gain = |name| 2.0 * ns(measured.alone, name) / ns(measured.together, name);
    row(
        "throughput of rejections of two threads, in that of one",
        gain(rules::REJECTED),
        1.8,
        false,
    )?;
    let call = ns(measured.beyond, rules::CALL);
    row("timed call", ns(measured.beyond, rules::SAMPLED), call + 1.0, true)?;
    row("counted call", ns(measured.beyond, rules::COUNTING), call + 1.0, true)?;
    row(
        "throughput of counted calls of two threads, in that of one",
        gain(rules::COUNTING),
        1.8,
        false,
    )?;
    let limit = 0.2 + ns(failed, breakers::CAS) / 64.0;
    row("outcome of a batch of 64", ns(measured.beyond, rules::BATCH), limit, true)?;
    let limit = ns(failed, breakers::CLOCK) + 2.0 * ns(failed, breakers::CAS);
    row("failure recorded", ns(failed, OWN), limit, true)?;
    let limit = ns(measured.around, retries::BARE) + 1.0;
    row("retry around a success", ns(measured.around, OWN), limit, true)?;
    let limit = ns(measured.around_async, retries::BARE_ASYNC) + 1.0;
    row("async retry around a success", ns(measured.around_async, OWN), limit, true)?;
    row("one delay with jitter", ns(measured.jittered, OWN), 5.0, true)?;
    row("look-up by name", ns(measured.lookups, lookups::BY_NAME), 15.0, true)?;
    row("look-up by a `const` key", ns(measured.lookups, lookups::BY_KEY), 4.0, true)?;
    for (what, figures, limit) in [
        ("healthy call", healthy, 10.0),
        ("healthy call, two threads on one breaker", two, 20.0),
        ("rejection", rejected, 4.0),
        ("failure recorded", failed, 1.3),
        ("jittered delay", measured.jittered, 5.0),
        ("retry around a success", measured.around, 5.0),
        ("async retry around a success", measured.around_async, 5.0),
    ] {
        let own = find(figures, OWN);
        let fastest = figures
            .iter()
            .filter(|figure| PEERS.contains(&figure.name) || DELAYERS.contains(&figure.name))
            .min_by(|a, b| a.ns().total_cmp(&b.ns()))
            .expect("there are peers");
        let what = format!("{what}: {} takes, in ours", fastest.name);
        row(&what, fastest.times(own), limit, false)?;
    }
    writeln!(page)?;
    Ok(())
}

const DELAYERS: [&str; 3] = ["backon", "tokio-retry", "exponential-backoff"];
