//! The tables, as text.

use std::fmt::Display;

use crate::show::{
    Everything,
    beside::{Answers, Beside, Design},
    figures::{Figures, Latency},
    schedule::{CALLERS, THRESHOLD},
    service::CALL,
};

pub fn print(all: &Everything) {
    outage(all);
    println!();
    beside(all);
}

fn outage(all: &Everything) {
    let (schedule, runs) = (all.schedule, &all.outage[..]);
    println!(
        "{} processes of {CALLERS} callers; each caller makes a call every {} in the mean; {THRESHOLD} \
         failures\nin a row open a breaker for {}. The service is down from {} to {}. In the last \
         run\nRedis is dead from {} to {}.\n",
        all.processes,
        seconds(schedule.pause),
        seconds(schedule.recovery_timeout),
        seconds(schedule.outage),
        seconds(schedule.recovery),
        seconds(schedule.kill),
        seconds(schedule.revive),
    );
    row("", runs, |run| run.run.label().into());
    row("failed calls until all are open", runs, |run| run.failed_until_all_open.to_string());
    row("  the last one knew after", runs, |run| or_never(run.all_open_after_ms));
    row("probes in the outage", runs, |run| run.probes.to_string());
    row("all are back after", runs, |run| or_never(run.all_back_after_ms));
    row("calls of a healthy service, p50", runs, |run| p50(&run.healthy));
    row("  p99", runs, |run| p99(&run.healthy));
    row("  of it in the breaker, p99", runs, |run| guard_p99(&run.healthy));
    let without = |of: fn(&Latency) -> String| {
        move |run: &Figures| run.healthy_without_redis.as_ref().map_or("-".into(), of)
    };
    row("  p50 while Redis was dead", runs, without(p50));
    row("  p99 while Redis was dead", runs, without(p99));
    row("  of it in the breaker, p99", runs, without(guard_p99));
    row("instances that lost Redis", runs, |run| run.lost_redis.to_string());
    row("  all had it again after", runs, |run| match run.lost_redis {
        0 => "-".into(),
        _ => run.all_have_redis_after_ms.map_or("not yet".into(), seconds),
    });
    row("errors that callers got of it", runs, |run| run.other_errors.to_string());
    for error in runs.iter().filter_map(|run| run.first_other_error.as_ref()) {
        println!("  such as: {error}");
    }
}

fn beside(all: &Everything) {
    let designs = &all.beside[..];
    println!(
        "One healthy service, which takes {CALL:?} for an answer, and one caller in each process, \
         which\ncalls as often as it can. Beside fusebox, a published design: read, lock, call, \
         write, unlock.\n\"{}\": who waits for its lock asks every millisecond, and not every 50 to \
         250. \"{}\":\nnobody else wants it.\n",
        Design::Eager.name(),
        Design::OneCaller.name(),
    );
    row("", designs, |it| it.design.name().into());
    row("callers", designs, |it| it.callers.to_string());
    row("calls a second", designs, |it| format!("{:.0}", it.calls_per_s));
    row("outcomes that were not counted", designs, |it| format!("{} of {}", it.lost(), it.made));
    row("errors while all is well", designs, |it| errors(&it.well));
    row("errors while Redis is dead", designs, |it| errors(&it.redis_dead));
    row("errors once it is back, empty", designs, |it| errors(&it.redis_back));
    for (said, of) in KINDS {
        let first = designs.iter().find_map(|it| of(it).first_error.as_ref());
        if let Some(error) = first {
            println!("  {said}: {error}");
        }
    }
}

/// When errors came, and where they are counted.
type Kind = (&'static str, fn(&Beside) -> &Answers);
const KINDS: [Kind; 3] = [
    ("while all is well", |it| &it.well),
    ("while Redis is dead", |it| &it.redis_dead),
    ("once it is back", |it| &it.redis_back),
];

fn row<T>(label: &str, columns: &[T], cell: impl Fn(&T) -> String) {
    print!("{label:<34}");
    for column in columns {
        print!("{:>16}", cell(column));
    }
    println!();
}

fn errors(answers: &Answers) -> String {
    format!("{:.0} % of {}", answers.percent_of_errors(), answers.asked)
}

fn p50(latency: &Latency) -> String {
    millis(latency.p50_us)
}

fn p99(latency: &Latency) -> String {
    millis(latency.p99_us)
}

fn guard_p99(latency: &Latency) -> String {
    format!("{:.2} us", latency.guard_p99_ns as f64 / 1e3)
}

fn millis(micros: u64) -> String {
    format!("{:.2} ms", micros as f64 / 1e3)
}

fn seconds(millis: u64) -> String {
    format!("{} s", shortest(millis as f64 / 1e3))
}

fn shortest(number: f64) -> impl Display {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn or_never(after: Option<u64>) -> String {
    after.map_or("never".into(), |millis| format!("{:.2} s", millis as f64 / 1e3))
}
