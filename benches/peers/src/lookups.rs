//! Finding a breaker in a registry of 64 slots, half of them taken.

use std::hint::black_box;

use fusebox::{Key, Registry};
use indicatif::ProgressBar;

use crate::measure::{Case, Figure, Plan, measure};

pub(crate) const BY_NAME: &str = "by name";
pub(crate) const BY_KEY: &str = "by a `const` key";

const KEY: Key = Key::new("backend 17");

pub(crate) fn lookups(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let panel: &'static Registry<64> = Box::leak(Box::new(Registry::new()));
    let names: Vec<_> = (0..32).map(|n| format!("backend {n}")).collect();
    for name in &names {
        panel.get_or_default(name.as_str()).expect("it has room");
    }
    measure(
        plan,
        progress,
        "look-ups",
        vec![
            Case::batch(BY_NAME, 32, move || {
                for name in &names {
                    assert!(panel.get(black_box(name.as_str())).is_some());
                }
            }),
            Case::new(BY_KEY, move || assert!(panel.get(black_box(&KEY)).is_some())),
        ],
    )
}
