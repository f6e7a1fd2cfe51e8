//! The report for people.

use crate::{drills::Faults, report::Report};

pub fn print(report: &Report) {
    let Report { scenario, about, agents, seed, rounds, .. } = report;
    println!("scenario {scenario}: {about}");
    println!("{agents} agents, {rounds} rounds, seed {seed}, {}", seconds(report.took_ms));
    if report.interrupted {
        println!("interrupted: the report ends with round {}", rounds.saturating_sub(1));
    }
    steps(report);
    degraded(report);
    kept(report);
    regions(report);
    load(report);
    breakers(report);
    drills(report);
    timeline(report);
    health(report);
    promises(report);
    println!("\ndigest of all decisions: {}", report.digest);
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

fn heading(text: &str) {
    println!("\n{text}");
}

fn steps(report: &Report) {
    heading("steps finished");
    for it in &report.steps {
        println!("  {:<20}{:>7}", it.step.name(), it.finished);
    }
}

fn degraded(report: &Report) {
    if report.degraded.is_empty() {
        return heading("nothing was degraded");
    }
    heading("degraded");
    println!("  {:<20}{:<15}{:>6}{:>9}  {:<10} in", "system", "instead", "times", "for", "rounds");
    for it in &report.degraded {
        let steps: Vec<&str> = it.steps.iter().map(|step| step.name()).collect();
        println!(
            "  {:<20}{:<15}{:>6}{:>9}  {:<10} {}",
            it.system,
            it.instead,
            it.times,
            seconds(it.lasted_ms),
            ranges(&it.rounds),
            steps.join(", ")
        );
    }
}

/// "1-3, 5".
fn ranges(rounds: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for round in rounds {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *round => *last = *round,
            _ => ranges.push((*round, *round)),
        }
    }
    let shown = ranges.iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn kept(report: &Report) {
    if report.outboxes.iter().any(|it| it.kept + it.lost > 0) {
        heading("kept for later, and replayed");
        for it in report.outboxes.iter().filter(|it| it.kept + it.lost > 0) {
            let lost = if it.lost > 0 { format!("  {} LOST", it.lost) } else { String::new() };
            println!("  {:<20}{:>7} kept{:>7} replayed{lost}", it.name, it.kept, it.replayed);
        }
    }
    let others = [
        (report.rescued, "databases made anew from the open connection"),
        (report.told_to_wait, "requests told to come back later (429), all of which did"),
        (report.tokens, "tokens fetched"),
    ];
    if others.iter().any(|(times, _)| *times > 0) {
        heading("mended on the way");
        for (times, what) in others.iter().filter(|(times, _)| *times > 0) {
            println!("  {times:>5}  {what}");
        }
    }
    if report.quotas.iter().any(|it| it.waits.times > 0) {
        heading("waited for their turn, and so not told to");
        for it in report.quotas.iter().filter(|it| it.waits.times > 0) {
            let (times, waited) = (it.waits.times, seconds(it.waits.waited_ms));
            println!("  {:<20}{times:>7} requests, {waited} in all", it.name);
        }
    }
}

/// Where the model's calls went.
fn regions(report: &Report) {
    let it = &report.regions;
    heading("the inferer's regions");
    println!("  {:<20}{:>8}{:>10}{:>9}", "", "answered", "spilled", "breaker");
    for share in &it.each {
        let (answered, spilled) = (share.answered, share.spilled);
        println!("  {:<20}{answered:>8}{spilled:>10}{:>9}", share.name, share.breaker);
    }
    let answered: u64 = it.each.iter().map(|share| share.answered).sum();
    println!(
        "  {} of {} questions answered by a region; at the end calls go {}",
        answered,
        it.questions,
        match it.state.as_str() {
            "home" => "home",
            "returning" => "home, by and by",
            other => other,
        }
    );
}

/// Whom servers with too much to do let in.
fn load(report: &Report) {
    if report.visitors.is_empty() {
        return;
    }
    heading("servers with too much to do let in what matters most");
    println!("  {:<20}{:<12}{:<11}{:>8}{:>8}", "", "priority", "of", "let in", "shed");
    for load in &report.visitors {
        for it in &load.visitors {
            let of = if it.strangers { "strangers" } else { "agents" };
            let (priority, let_in, shed) = (it.priority, it.let_in, it.shed);
            println!("  {:<20}{priority:<12}{of:<11}{let_in:>8}{shed:>8}", load.name);
        }
    }
}

fn breakers(report: &Report) {
    heading("breakers");
    println!(
        "  {:<20}{:>8}{:>9}{:>6}{:>8}{:>8}{:>9}{:>11}{:>10}",
        "", "calls", "rejected", "shed", "failed", "opened", "retries", "fallbacks", "requests"
    );
    for it in &report.breakers {
        let seen = it.seen.map_or_else(|| "-".to_owned(), |seen| seen.to_string());
        println!(
            "  {:<20}{:>8}{:>9}{:>6}{:>8}{:>8}{:>9}{:>11}{:>10}",
            it.name,
            it.calls,
            it.rejections,
            it.shed,
            it.failures,
            it.openings,
            it.retries,
            it.fallbacks,
            seen
        );
    }
}

/// What somebody's drills did.
fn drills(report: &Report) {
    let mut drilled = report.breakers.iter().filter(|it| it.drilled.all() > 0).peekable();
    if drilled.peek().is_none() {
        return;
    }
    heading("calls that a drill gave a fault");
    println!("  {:<20}{:>8}{:>8}{:>8}{:>8}", "", "errors", "late", "hangs", "panics");
    for it in drilled {
        let Faults { errors, late, hangs, panics } = it.drilled;
        println!("  {:<20}{errors:>8}{late:>8}{hangs:>8}{panics:>8}", it.name);
    }
}

/// A strip for each breaker that changed its state, a letter for each sixtieth
/// of the run.
fn timeline(report: &Report) {
    const COLUMNS: usize = 60;
    if report.timeline.is_empty() {
        return;
    }
    let column = |at_ms: u64| {
        let share = at_ms.saturating_mul(COLUMNS as u64) / report.took_ms.max(1);
        usize::try_from(share).unwrap_or(COLUMNS).min(COLUMNS - 1)
    };
    heading("the breakers' timeline (. closed, O open, h probed, X held open, - disabled)");
    let mut scale = [' '; COLUMNS];
    for (round, at_ms) in (0..).zip(&report.rounds_ms) {
        scale[column(*at_ms)] = char::from_digit(round % 10, 10).unwrap_or(' ');
    }
    println!("  {:<20}{}", "round", String::from_iter(scale));
    for it in &report.breakers {
        let mut changes =
            report.timeline.iter().filter(|it2| it2.breaker == it.name.name()).peekable();
        if changes.peek().is_none() {
            continue;
        }
        let mut state = '.';
        let strip = (0..COLUMNS).map(|at| {
            let mut shown = state;
            while let Some(change) = changes.next_if(|it| column(it.at_ms) <= at) {
                state = letter(&change.to);
                // A probe is over in a moment, and worth seeing.
                shown = if shown == 'h' { shown } else { state };
            }
            shown
        });
        println!("  {:<20}{}", it.name, strip.collect::<String>());
    }
}

fn letter(state: &str) -> char {
    match state {
        "closed" => '.',
        "open" => 'O',
        "half-open" => 'h',
        "disabled" => '-',
        _ => 'X',
    }
}

fn health(report: &Report) {
    let health = &report.health;
    let score = |score: Option<u8>| score.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
    heading("health, 0 to 100");
    println!("  {:>3} at the end", score(health.score_at_end));
    println!(
        "  {:>3} at its lowest, after {}",
        score(health.lowest_score),
        seconds(health.lowest_at_ms)
    );
    for alert in &health.alerts {
        let (from, to) = (seconds(alert.from_ms), seconds(alert.to_ms));
        println!("  alert, {from:>6} to {to:>6}: {}", alert.text);
    }
}

fn promises(report: &Report) {
    heading("promises");
    for it in &report.promises {
        let mark = if it.kept { "kept  " } else { "BROKEN" };
        println!("  {mark}  {:<42} {}", it.name, it.text);
    }
}
