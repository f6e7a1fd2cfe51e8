//! Models M10, M11 and M12: racing registrations.
//!
//! A claimer that stops half-way is every order in which its thread does not
//! run again until the other one is done: as no claimer ever waits for
//! another, each of those ends.

use std::ptr;

use fusebox::{BreakerConfig, DefaultObserver, Key, Registry, RegistryError, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim, settings};

type Panel<const N: usize> = Registry<N, TestClock, DefaultObserver>;

fn panel<const N: usize>() -> Arc<Panel<N>> {
    Arc::new(Registry::with(&TestClock::default(), &DefaultObserver))
}

/// Two threads join a breaker each; the addresses they got.
fn race<const N: usize>(
    panel: &Arc<Panel<N>>,
    names: [&'static str; 2],
) -> [Result<usize, RegistryError>; 2] {
    let join = |panel: &Panel<N>, name| panel.get_or_default(name).map(|b| ptr::from_ref(b).addr());
    let other = {
        let panel = panel.clone();
        thread::spawn(move || join(&panel, names[1]))
    };
    [join(panel, names[0]), other.join().unwrap()]
}

fn same_name() {
    let panel = panel::<2>();
    let [a, b] = race(&panel, ["ai", "ai"]);
    claim!(a.is_ok() && a == b, "one name is one slot: {a:?} and {b:?}");
    claim!(panel.len() == 1, "one slot is taken, not {}", panel.len());
    let name = panel.iter().next().and_then(|breaker| breaker.name());
    claim!(name.is_some_and(|name| name.as_str() == "ai"), "the name is published: {name:?}");
}

fn other_names() {
    let panel = panel::<2>();
    let names = same_home();
    let [a, b] = race(&panel, names);
    claim!(a.is_ok() && b.is_ok() && a != b, "two names are two slots: {a:?} and {b:?}");
    let again =
        names.map(|name| panel.get_or_default(name).map(|found| ptr::from_ref(found).addr()));
    claim!(again == [a, b], "each name finds its slot again: {again:?}, not {a:?} and {b:?}");
}

/// Two names whose probing starts at the same slot of two.
fn same_home() -> [&'static str; 2] {
    let home = |name: &&str| Key::new(name).hash() >> 63;
    let first = "ai";
    let second =
        ["db", "mail", "disk", "queue"].into_iter().find(|name| home(name) == home(&first));
    [first, second.expect("one of four lands in the same half")]
}

fn full() {
    let panel = panel::<1>();
    let ends = race(&panel, ["ai", "db"]);
    let full = Err(RegistryError::Full { capacity: 1 });
    let refused = ends.iter().filter(|end| **end == full).count();
    claim!(refused == 1, "one of two fits into one slot: {ends:?}");
    let found = ["ai", "db"].map(|name| panel.get(name).is_some());
    claim!(found == ends.map(|end| end.is_ok()), "the one that fits is found: {found:?}");
}

/// Two names with one hash; see `collision`.
fn one_hash() {
    let panel = panel::<2>();
    let [first, second] = collision();
    let [a, b] = race(&panel, [first, second]);
    claim!(Key::new(first).hash() == Key::new(second).hash(), "the two names share a hash");
    claim!(a.is_ok() && b.is_ok() && a != b, "one hash is not one name: {a:?} and {b:?}");
    let found = |name| panel.get(name).and_then(|b| b.name()).map(|n| n.as_str() == name);
    claim!(found(first) == Some(true) && found(second) == Some(true), "both are found again");
}

/// The names of two 16-byte words with one hash. The hash mixes word by word,
/// `fold(fold(a) ^ b)`, so for another first word `c` the second one is
/// `fold(a) ^ b ^ fold(c)`; tried until that is printable.
fn collision() -> [&'static str; 2] {
    static PAIR: std::sync::OnceLock<[String; 2]> = std::sync::OnceLock::new();
    let pair = PAIR.get_or_init(|| {
        let word = |text: &[u8]| u64::from_le_bytes(text.try_into().unwrap());
        let known = fold(word(b"breaker ")) ^ word(b"number 1");
        (0..)
            .map(|number| format!("{number:08}"))
            .find_map(|first| {
                let second = (known ^ fold(word(first.as_bytes()))).to_le_bytes();
                let printable = second.iter().all(|byte| (b' '..=b'~').contains(byte));
                printable.then(|| first + std::str::from_utf8(&second).unwrap())
            })
            .map(|other| ["breaker number 1".to_owned(), other])
            .expect("one in 3000 is printable")
    });
    [&pair[0], &pair[1]]
}

/// A word, as the registry's hash mixes it in.
fn fold(value: u64) -> u64 {
    let product = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}

/// Two racers give one breaker different settings.
fn other_settings() {
    let panel = panel::<1>();
    let [a, b] = [1, 2].map(|probes| settings(BreakerConfig::new().probes(probes)));
    let other = {
        let panel = panel.clone();
        thread::spawn(move || panel.get_or_register("ai", b).map(|found| found.settings()))
    };
    let first = panel.get_or_register("ai", a).map(|found| found.settings());
    let second = other.join().unwrap();
    let clash = |result: &Result<_, _>| matches!(result, Err(RegistryError::Clash { .. }));
    claim!(
        (first == Ok(a) && clash(&second)) || (second == Ok(b) && clash(&first)),
        "one publishes, the other is told: {first:?} and {second:?}"
    );
}

#[test]
fn racing_registrations_share_by_name_and_only_by_name() {
    check(same_name);
    check(other_names);
    check(one_hash);
}

#[test]
fn of_racing_settings_one_is_published_and_the_other_is_told() {
    check(other_settings);
    catches(Defect::SettingsPublishedByStore, other_settings);
}

#[test]
fn a_full_registry_is_an_error() {
    check(full);
}

#[test]
fn a_claim_that_is_not_atomic_is_caught() {
    catches(Defect::ClaimWithoutCas, other_names);
    catches(Defect::ClaimWithoutCas, full);
}

#[test]
fn waiting_for_a_half_made_claim_is_caught() {
    catches(Defect::UnnamedIsForeign, same_name);
}

#[test]
fn names_that_are_not_compared_are_caught() {
    catches(Defect::NamesNotCompared, one_hash);
}

#[test]
fn a_full_registry_that_shares_a_slot_is_caught() {
    catches(Defect::FullSharesFirst, full);
}
