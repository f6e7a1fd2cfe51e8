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
    let judgements: [(&'static str, Result<String, String>); 12] = [
        ("every agent finished", finished(evidence)),
        ("every progress report is in the log once", progress_once(evidence)),
        ("no event lost", nothing_lost(evidence)),
        ("every context stored", contexts_stored(evidence)),
        ("every board agrees", boards_agree(evidence)),
        ("no call made to an open breaker", open_means_no_call(evidence)),
        ("no board asked more often than it told", quotas_kept(evidence)),
        ("nobody came back earlier than told", retry_after_obeyed(evidence)),
        ("nothing shed before what matters less", shed_in_order(evidence)),
        ("no region got more than its share", spill_bounded(evidence)),
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
    match (key.task, key.percent) {
        (Some(task), Some(percent)) => {
            format!("{}'s report of {percent}% of task {task}", key.agent)
        }
        (task, _) => format!("{}'s {} (task {task:?})", key.agent, key.step),
    }
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

/// A server may see what its breaker admitted, but for what a drill kept from being made,
/// and each further attempt of that, and no more; while a breaker is held open, nothing.
fn open_means_no_call(evidence: &Evidence) -> Judged {
    for it in &evidence.traffic {
        let sent = (it.admitted + it.retries).saturating_sub(it.unmade + it.unconnected);
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

fn quotas_kept(evidence: &Evidence) -> Judged {
    match evidence.quotas {
        (0, waits) => Ok(format!("clients waited {waits} times")),
        (over, _) => Err(format!("{over} requests were too many")),
    }
}

fn shed_in_order(evidence: &Evidence) -> Judged {
    match evidence.inversions {
        (0, shed) => Ok(format!("{shed} requests shed")),
        (inversions, _) => {
            Err(format!("{inversions} were let in when one that matters more was not"))
        }
    }
}

fn spill_bounded(evidence: &Evidence) -> Judged {
    match evidence.spilled {
        (asked, most) if asked > most => {
            Err(format!("the far one was asked {asked} times, and {most} are its share"))
        }
        (asked, most) => Ok(format!("the far one was asked {asked} times, at most {most}")),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evidence::{Isolation, Traffic},
        store::context::Context,
        system::System,
    };

    fn report(percent: u8) -> EventKey {
        let (agent, step) = ("a".to_owned(), Step::ReportProgress.name().to_owned());
        EventKey { agent, step, task: Some(1), percent: Some(percent) }
    }

    fn traffic(seen: u64) -> Traffic {
        Traffic { system: System::Coach, admitted: 11, unmade: 1, retries: 2, unconnected: 3, seen }
    }

    /// All is well.
    fn evidence() -> Evidence {
        let known = Context { agent: "a".into(), version: 3, ..Context::default() };
        Evidence {
            steps_due: 6,
            agents_due: 1,
            steps: vec![("a".into(), 6)],
            written: vec![report(25), report(50)],
            logged: vec![report(50), report(25)],
            outboxes: vec![("event-log".into(), 0, 0)],
            contexts: vec![(known.clone(), Some(known))],
            traffic: vec![traffic(9)],
            tokens: (1, 1),
            quotas: (0, 3),
            inversions: (0, 5),
            spilled: (7, 7),
            ..Evidence::default()
        }
    }

    #[track_caller]
    fn breaks(name: &str, spoil: impl FnOnce(&mut Evidence)) {
        let mut evidence = evidence();
        spoil(&mut evidence);
        let broken: Vec<Promise> = judge(&evidence).into_iter().filter(|it| !it.kept).collect();
        assert_eq!(broken.iter().map(|it| it.name).collect::<Vec<_>>(), [name], "{broken:?}");
    }

    #[test]
    fn what_is_well_is_kept() {
        assert!(judge(&evidence()).iter().all(|promise| promise.kept));
    }

    #[test]
    fn what_is_wrong_is_broken() {
        breaks("every agent finished", |it| it.steps[0].1 = 5);
        breaks("every agent finished", |it| it.steps.clear());
        breaks("every progress report is in the log once", |it| it.logged.push(report(25)));
        breaks("every progress report is in the log once", |it| it.logged.push(report(75)));
        breaks("no event lost", |it| it.outboxes[0].1 = 1);
        breaks("no event lost", |it| it.outboxes[0].2 = 1);
        breaks("no event lost", |it| {
            it.written.push(EventKey { step: "finish_task".into(), ..report(25) });
        });
        breaks("every context stored", |it| it.contexts[0].1 = None);
        breaks("every context stored", |it| it.contexts[0].0.version = 4);
        breaks("every board agrees", |it| it.boards.push("a board is behind".into()));
        breaks("no call made to an open breaker", |it| it.traffic.push(traffic(10)));
        breaks("no board asked more often than it told", |it| it.quotas.0 = 1);
        breaks("nobody came back earlier than told", |it| it.early = 1);
        breaks("nothing shed before what matters less", |it| it.inversions = (1, 5));
        breaks("no region got more than its share", |it| it.spilled = (8, 7));
        breaks("each token refreshed once", |it| it.tokens = (1, 2));
        breaks("each token refreshed once", |it| it.tokens = (2, 1));
        breaks("every breaker closed again", |it| it.not_closed.push(System::Coach));
    }

    #[test]
    fn a_request_in_an_isolated_round_breaks_its_promise_however_well_the_sums_agree() {
        let isolation = |seen| Isolation::new(System::Coach, 3, seen);
        assert!(Isolation::between(&[isolation(5)], &[]).is_empty(), "released meanwhile");
        let quiet = Isolation::between(&[isolation(5)], &[isolation(5)]);
        assert!(judge(&Evidence { isolations: quiet, ..evidence() }).iter().all(|it| it.kept));
        breaks("no call made to an open breaker", |it| {
            it.isolations = Isolation::between(&[isolation(5)], &[isolation(6)]);
        });
    }
}
