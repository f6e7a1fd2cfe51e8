//! The promises that a run keeps, judged by the evidence.

use std::collections::HashMap;

use serde::Serialize;

use crate::{evidence::Evidence, ledger::EventKey, step::Step};

/// A promise, and whether it was kept.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    pub name: &'static str,
    pub kept: bool,
    /// What was counted, or what is wrong.
    pub text: String,
}

/// Judges every promise.
pub fn judge(evidence: &Evidence) -> Vec<Promise> {
    let judgements: [(&'static str, Result<String, String>); 9] = [
        ("every agent finished", finished(evidence)),
        ("every progress report is in the log once", progress_once(evidence)),
        ("no event lost", nothing_lost(evidence)),
        ("every context stored", contexts_stored(evidence)),
        ("every board agrees", boards_agree(evidence)),
        ("no call made to an open breaker", open_means_no_call(evidence)),
        ("nobody came back earlier than told", retry_after_obeyed(evidence)),
        ("each token refreshed once", refreshed_once(evidence)),
        ("every breaker closed again", all_closed(evidence)),
    ];
    judgements
        .into_iter()
        .map(|(name, judged)| {
            let kept = judged.is_ok();
            Promise { name, kept, text: judged.unwrap_or_else(|wrong| wrong) }
        })
        .collect()
}

type Judged = Result<String, String>;

fn finished(evidence: &Evidence) -> Judged {
    let (due, agents) = (evidence.steps_due, evidence.agents_due as usize);
    if evidence.steps.len() != agents {
        return Err(format!("{} of {agents} agents are left", evidence.steps.len()));
    }
    match evidence.steps.iter().find(|(_, steps)| *steps != due) {
        Some((agent, steps)) => Err(format!("{agent} took {steps} of {due} steps")),
        None => Ok(format!("{agents} agents, {due} steps each")),
    }
}

fn count<'a>(keys: impl IntoIterator<Item = &'a EventKey>) -> HashMap<&'a EventKey, u32> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn progress_once(evidence: &Evidence) -> Judged {
    let is_report = |key: &&EventKey| key.step == Step::ReportProgress.name();
    let logged = count(evidence.logged.iter().filter(is_report));
    let written: Vec<&EventKey> = evidence.written.iter().filter(is_report).collect();
    for report in &written {
        let times = logged.get(report).copied().unwrap_or(0);
        if times != 1 {
            return Err(format!("{} is there {times} times", words(report)));
        }
    }
    if logged.len() != written.len() {
        return Err(format!("{} reports in the log, {} were made", logged.len(), written.len()));
    }
    Ok(format!("{} reports", written.len()))
}

fn words(key: &EventKey) -> String {
    let mut words = format!("{}'s {}", key.agent, key.step);
    if let (Some(task), Some(percent)) = (key.task, key.percent) {
        words += &format!(" of {percent}% of task {task}");
    }
    words
}

fn nothing_lost(evidence: &Evidence) -> Judged {
    if let Some((name, waiting, lost)) =
        evidence.outboxes.iter().find(|(_, waiting, lost)| *waiting > 0 || *lost > 0)
    {
        return Err(format!("{name}: {lost} lost, {waiting} kept and not replayed"));
    }
    let logged = count(&evidence.logged);
    let written = count(&evidence.written);
    for (key, times) in &written {
        let found = logged.get(key).copied().unwrap_or(0);
        if found < *times {
            return Err(format!("{} is not in the log", words(key)));
        }
    }
    Ok(format!("{} events", evidence.written.len()))
}

fn contexts_stored(evidence: &Evidence) -> Judged {
    match evidence.contexts.iter().find(|(known, stored)| stored.as_ref() != Some(known)) {
        Some((known, None)) => Err(format!("nothing is stored of {}", known.agent)),
        Some((known, Some(stored))) => Err(format!(
            "{} is at version {}, and {} is stored",
            known.agent, known.version, stored.version
        )),
        None => Ok(format!("{} contexts", evidence.contexts.len())),
    }
}

fn boards_agree(evidence: &Evidence) -> Judged {
    match evidence.boards.as_slice() {
        [] => Ok(format!("{} projects on 4 boards", evidence.steps.len())),
        [first, ..] => Err(first.clone()),
    }
}

/// A server may see what its breaker admitted, and each further attempt of
/// that, and no more; while a breaker is held open, nothing.
fn open_means_no_call(evidence: &Evidence) -> Judged {
    for it in &evidence.traffic {
        let sent = (it.admitted + it.retries).saturating_sub(it.unconnected);
        if it.seen > sent {
            let (system, seen) = (it.system, it.seen);
            return Err(format!("{system} saw {seen} requests, and {sent} were let through"));
        }
    }
    if let Some(it) = evidence.isolations.iter().find(|it| it.seen > 0) {
        return Err(format!("{} saw {} requests while it was isolated", it.system, it.seen));
    }
    let seen: u64 = evidence.traffic.iter().map(|it| it.seen).sum();
    Ok(format!("{seen} requests, all let through; {} isolated rounds", evidence.isolations.len()))
}

fn retry_after_obeyed(evidence: &Evidence) -> Judged {
    match evidence.early {
        0 => Ok("the server's own record".into()),
        early => Err(format!("{early} requests came early")),
    }
}

fn refreshed_once(evidence: &Evidence) -> Judged {
    match evidence.tokens {
        (expired, given) if expired == given => Ok(format!("{given} tokens")),
        (expired, given) => Err(format!("{expired} tokens expired, and {given} were fetched")),
    }
}

fn all_closed(evidence: &Evidence) -> Judged {
    match evidence.not_closed.as_slice() {
        [] => Ok("or held by an operator".into()),
        [first, ..] => Err(format!("{first} is not")),
    }
}
