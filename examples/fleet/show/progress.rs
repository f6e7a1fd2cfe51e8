//! What is seen while it runs.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on the terminal; a line a run where there is none.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(label: &'static str, millis: u64) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(Some(millis), target);
        let template = "{prefix:>22} [{bar:30}] {pos:>5}/{len} ms  {msg}";
        bar.set_style(
            ProgressStyle::with_template(template)
                .expect("the template is well-formed")
                .progress_chars("=> "),
        );
        bar.set_prefix(label);
        if bar.is_hidden() {
            eprintln!("{label}: running for {millis} ms ...");
        }
        Self(bar)
    }

    pub fn at(&self, millis: u64, said: &str) {
        self.0.set_position(millis);
        if self.0.message() != said {
            self.0.set_message(said.to_owned());
        }
    }

    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
