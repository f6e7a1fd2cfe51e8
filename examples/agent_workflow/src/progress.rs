//! What is seen while it runs: a bar on the terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Of so many steps.
    pub fn new(steps: u64) -> Self {
        let bar =
            ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("[{bar:30}] {pos:>5}/{len} steps  {wide_msg}")
            .expect("the template is well-formed");
        bar.set_style(style.progress_chars("=> "));
        Self { bar }
    }

    pub fn step(&self) {
        self.bar.inc(1);
    }

    pub fn say(&self, text: String) {
        self.bar.set_message(text);
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
