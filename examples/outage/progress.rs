//! What is seen while it runs.

use fusebox::State;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{guard::Guard, schedule::Schedule};

/// A bar on the terminal; two lines a run where there is none.
pub struct Progress {
    bar: ProgressBar,
    label: &'static str,
    schedule: Schedule,
    calls: std::sync::atomic::AtomicU64,
}

impl Progress {
    pub fn new(guard: &Guard, schedule: &Schedule) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(Some(schedule.end()), target);
        let template = "{prefix:>7} [{bar:40}] {pos:>5}/{len} ms  {msg}";
        bar.set_style(
            ProgressStyle::with_template(template)
                .expect("the template is well-formed")
                .progress_chars("=> "),
        );
        bar.set_prefix(guard.label());
        if bar.is_hidden() {
            eprintln!("{}: running for {:?} ...", guard.label(), schedule.length());
        }
        Self { bar, label: guard.label(), schedule: schedule.clone(), calls: 0.into() }
    }

    /// A call that began at `at_ms` is done.
    pub fn called(&self, at_ms: u64, state: Option<State>) {
        let calls = self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        if self.bar.is_hidden() || self.bar.position() >= at_ms {
            return;
        }
        self.bar.set_position(at_ms);
        let phase = self.schedule.phase_at(at_ms).label();
        let breaker = state.map(|state| format!(", breaker {state}")).unwrap_or_default();
        self.bar.set_message(format!("server {phase}{breaker}, {calls} calls"));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
        let calls = self.calls.load(std::sync::atomic::Ordering::Relaxed);
        eprintln!("{}: done, {calls} calls", self.label);
    }
}
