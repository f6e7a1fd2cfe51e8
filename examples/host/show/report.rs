//! The table, as text.

use std::time::Duration;

use crate::show::{figures::Figures, schedule::Schedule};

/// The timeout of which the example speaks.
const USUAL: Duration = Duration::from_secs(25);

pub fn print(schedule: Schedule, runs: &[Figures]) {
    let [own, shared] = runs else { return };
    println!(
        "{} processes of one thread, which give up on a call after {:?}; three failures open a \
         breaker for {:?}.\nThe server answers until {:?}, hangs until {:?}, and answers again.\n",
        own.workers.len(),
        schedule.timeout,
        schedule.recovery_timeout(),
        schedule.outage(),
        schedule.recovery(),
    );
    println!(
        "{:<8}{:>40}  {:>40}",
        "", "each with a breaker of its own", "all with one shared panel"
    );
    let heads = format!("{:>10}{:>10}{:>10}{:>10}", "wasted", "waiting", "learned", "back");
    println!("{:<8}{heads}  {heads}", "worker");
    let units = format!("{:>10}{:>10}{:>10}{:>10}", "calls", "s", "after s", "after s");
    println!("{:<8}{units}  {units}", "");
    for (number, (own, shared)) in own.workers.iter().zip(&shared.workers).enumerate() {
        print!("{:<8}", number + 1);
        let [own, shared] = [own, shared].map(|worker| {
            let (learned, back) = (after(worker.learned_after_s), after(worker.back_after_s));
            format!("{:>10}{:>10.2}{learned:>10}{back:>10}", worker.wasted_calls, worker.waited_s)
        });
        println!("{own}  {shared}");
    }
    let all = |run: &Figures| format!("{:>10}{:>10.2}", run.wasted_calls, run.waited_s);
    println!("{:<8}{}{:>22}{}\n", "all", all(own), "", all(shared));
    if let Some(first) = &shared.first_to_learn {
        let others = shared.workers.len() - 1 - first.others_waiting;
        println!(
            "With one panel, worker {} was the first to see the breaker open, {:.2} s after the \
             outage began, and\nall knew it then. Of the others {} were in a call at that moment, \
             and each waited on until its own\ntimeout; {others} were between two calls. Later \
             calls that reached for the dead server, by all workers: {}\n(probes). Without \
             sharing, the first learned it after {} s, the last after {} s, and later calls \
             were {}.",
            first.worker,
            first.after_s,
            first.others_waiting,
            first.later_calls,
            after(own.first_to_learn.as_ref().map(|first| first.after_s)),
            after(own.workers.iter().filter_map(|worker| worker.learned_after_s).reduce(f64::max)),
            own.first_to_learn.as_ref().map_or(0, |first| first.later_calls),
        );
    }
    let scale = USUAL.as_secs_f64() / schedule.timeout.as_secs_f64();
    if schedule.timeout == USUAL {
        return;
    }
    println!(
        "\nAll times of the schedule are multiples of the timeout. At {USUAL:?} (`--timeout 25s`, \
         {:.0} minutes) the workers\nwould wait for {:.0} s without sharing and for {:.0} s with: \
         who learns of the outage by its own three\nfailures waits for {} s before that.",
        schedule.end().as_secs_f64() * scale * 2.0 / 60.0,
        own.waited_s * scale,
        shared.waited_s * scale,
        3 * USUAL.as_secs(),
    );
}

fn after(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "never".into(), |seconds| format!("{seconds:.2}"))
}
