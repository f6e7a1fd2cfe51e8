//! What is seen while it runs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::show::schedule::Schedule;

/// A bar on the terminal; a line a run where there is none.
pub struct Progress {
    bar: ProgressBar,
    schedule: Schedule,
}

impl Progress {
    pub fn new(label: &'static str, schedule: Schedule) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(Some(schedule.end().as_millis() as u64), target);
        let template = "{prefix:>7} [{bar:40}] {pos:>6}/{len} ms  {msg}";
        bar.set_style(
            ProgressStyle::with_template(template)
                .expect("the template is well-formed")
                .progress_chars("=> "),
        );
        bar.set_prefix(label);
        if bar.is_hidden() {
            eprintln!("{label}: running for {:?} ...", schedule.end());
        }
        Self { bar, schedule }
    }

    pub fn at(&self, now: Duration) {
        self.bar.set_position(now.as_millis() as u64);
        let down = (self.schedule.outage()..self.schedule.recovery()).contains(&now);
        self.bar.set_message(if down { "the server hangs" } else { "the server answers" });
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
