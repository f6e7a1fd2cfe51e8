//! The registry: G1 to G6 (claims, one name and one slot, look-ups, capacity,
//! clashes, hashes), and names.

mod common;

use std::ptr;

use common::config;
use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, Key, Limits, ManualClock, Name, NameError,
    Registry, RegistryError, State,
};

type Panel<'a, const N: usize> = Registry<N, &'a ManualClock, DefaultObserver>;

static GLOBAL: Registry<4> = Registry::new();

#[test]
fn g1_a_slot_is_a_closed_breaker_from_its_claim_on() {
    let clock = ManualClock::new();
    let panel: Panel<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    let joined = panel.get_or_default("ai").unwrap();
    assert_eq!(joined.state(), State::Closed);
    assert_eq!(joined.settings(), BreakerConfig::new().build(), "the defaults, until published");
    let published = panel.get_or_register("ai", config().build()).unwrap();
    assert!(ptr::eq(joined, published), "one name, one breaker");
    assert_eq!(joined.settings(), config().build());
    assert_eq!(joined.name(), Some(Name::new("ai")));
}

#[test]
fn g1_a_registry_can_be_a_static_and_its_breakers_live_as_long() {
    let breaker: &'static CircuitBreaker =
        GLOBAL.get_or_register("static", config().build()).unwrap();
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn g3_a_lookup_ends_in_a_registry_of_any_size_however_full() {
    fn fill<const N: usize>() {
        let panel: Registry<N> = Registry::new();
        let names: Vec<_> = (0..N).map(|n| format!("breaker {n}")).collect();
        for taken in 0..=N {
            for stranger in 0..20 {
                assert!(panel.get(&*format!("stranger {stranger}")).is_none());
            }
            for name in &names[..taken] {
                assert_eq!(panel.get(&**name).unwrap().name().unwrap().as_str(), name);
            }
            assert_eq!(panel.len(), taken, "a look-up takes no slot");
            if let Some(next) = names.get(taken) {
                panel.get_or_default(&**next).unwrap();
            }
        }
    }
    fill::<0>();
    fill::<1>();
    fill::<2>();
    fill::<3>();
    fill::<64>();
}

#[test]
fn g4_every_slot_is_used_and_full_is_an_error_that_changes_nothing() {
    let clock = ManualClock::new();
    let panel: Panel<'_, 16> = Registry::with(&&clock, &DefaultObserver);
    assert!(panel.is_empty());
    let names: Vec<_> = (0..16).map(|n| format!("breaker {n}")).collect();
    let breakers: Vec<_> = names
        .iter()
        .map(|name| panel.get_or_register(&**name, config().build()).unwrap())
        .collect();
    for (at, breaker) in breakers.iter().enumerate() {
        assert!(!breakers[..at].iter().any(|other| ptr::eq(*other, *breaker)));
    }
    let error = panel.get_or_register("one more", config().build()).map(drop).unwrap_err();
    assert_eq!(error, RegistryError::Full { capacity: 16 });
    assert_eq!(error.to_string(), "the registry is full: all its 16 slots have other names");
    assert_eq!((panel.len(), panel.capacity()), (16, 16));
    assert!(panel.get("one more").is_none());
    for (name, breaker) in names.iter().zip(breakers) {
        assert!(ptr::eq(panel.get(&**name).unwrap(), breaker), "all are still found");
    }
}

#[test]
fn g4_a_registry_of_no_slots_is_full() {
    let panel: Registry<0> = Registry::new();
    assert_eq!(panel.get_or_default("ai").map(drop), Err(RegistryError::Full { capacity: 0 }));
    assert!(panel.get("ai").is_none());
}

#[test]
fn g5_other_settings_are_an_error_that_shows_both() {
    let panel: Registry<4> = Registry::new();
    let (published, asked) = (config().build(), config().probes(2).build());
    panel.get_or_register("ai", published).unwrap();
    let error = panel.get_or_register("ai", asked).map(drop).unwrap_err();
    assert_eq!(error, RegistryError::Clash { name: Name::new("ai"), published, asked });
    let text = error.to_string();
    assert!(text.contains("`ai`"), "{text}");
    assert!(text.contains("probes=1") && text.contains("probes=2"), "{text}");
    assert_eq!(panel.get("ai").unwrap().settings(), published, "nothing is changed");
}

#[test]
fn g2_a_lookup_without_settings_returns_what_is_there() {
    let panel: Registry<4> = Registry::new();
    assert!(panel.get("ai").is_none());
    assert!(panel.is_empty(), "get makes nothing");
    let made = panel.get_or_register("ai", config().build()).unwrap();
    assert!(ptr::eq(panel.get("ai").unwrap(), made));
    assert!(ptr::eq(panel.get_or_default("ai").unwrap(), made));
    assert!(ptr::eq(panel.get_or_default(&Name::new("ai")).unwrap(), made));
    assert!(ptr::eq(panel.get_or_default(&Key::new("ai")).unwrap(), made));
    assert_eq!(panel.iter().count(), 1);
}

#[test]
fn names_are_1_to_64_bytes_without_control_characters() {
    let panel: Registry<8> = Registry::new();
    let long = "x".repeat(65);
    let bad = [
        ("", NameError::Empty),
        (&*long, NameError::TooLong { len: 65 }),
        ("a\nb", NameError::Control { at: 1 }),
        ("\0", NameError::Control { at: 0 }),
        ("bell\u{7}", NameError::Control { at: 4 }),
        ("del\u{7f}", NameError::Control { at: 3 }),
        ("c1\u{80}", NameError::Control { at: 2 }),
        ("c1\u{9f}", NameError::Control { at: 2 }),
    ];
    for (name, error) in bad {
        assert_eq!(Name::try_new(name), Err(error));
        assert_eq!(panel.get_or_default(name).map(drop), Err(RegistryError::Name(error)));
        assert!(panel.get(name).is_none());
        assert!(panel.is_empty());
    }
    for name in ["x", &long[..64], "größe", "数据库", "a b", "nbsp\u{a0}", "tab less"] {
        let breaker = panel.get_or_default(name).unwrap();
        assert_eq!(breaker.name().unwrap().as_str(), name);
    }
}

/// Two names of 16 bytes with one hash. The hash mixes word by word,
/// `fold(fold(a) ^ b)`, so for another first word `c` the second is
/// `fold(a) ^ b ^ fold(c)`; tried until it is printable.
fn collision() -> [String; 2] {
    fn fold(value: u64) -> u64 {
        let product = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        product ^ (product >> 32)
    }
    let word = |text: &[u8]| u64::from_le_bytes(text.try_into().unwrap());
    let known = fold(word(b"breaker ")) ^ word(b"number 1");
    let other = (0..).map(|number| format!("{number:08}")).find_map(|first| {
        let second = (known ^ fold(word(first.as_bytes()))).to_le_bytes();
        let printable = second.iter().all(|byte| (b' '..=b'~').contains(byte));
        printable.then(|| first + str::from_utf8(&second).unwrap())
    });
    ["breaker number 1".to_owned(), other.unwrap()]
}

#[test]
fn g6_two_names_with_one_hash_are_told_apart() {
    let [a, b] = collision();
    assert_eq!(Key::new(&a).hash(), Key::new(&b).hash(), "{a:?} and {b:?}");
    let panel: Registry<2> = Registry::new();
    let first = panel.get_or_register(&*a, config().build()).unwrap();
    assert!(panel.get(&*b).is_none());
    let second = panel.get_or_register(&*b, config().probes(2).build()).unwrap();
    assert!(!ptr::eq(first, second));
    assert_eq!(first.name().unwrap().as_str(), a);
    assert_eq!(second.name().unwrap().as_str(), b);
    assert!(ptr::eq(panel.get(&*a).unwrap(), first));
    assert!(ptr::eq(panel.get(&*b).unwrap(), second));
    // With one slot left to neither, the second is refused, not merged.
    let panel: Registry<1> = Registry::new();
    panel.get_or_default(&*a).unwrap();
    assert_eq!(panel.get_or_default(&*b).map(drop), Err(RegistryError::Full { capacity: 1 }));
}

#[test]
fn a_name_of_any_length_has_one_hash_however_it_is_given() {
    let letters: String = ('!'..='~').collect();
    assert!(letters.len() > Name::MAX_LEN);
    for len in 1..=Name::MAX_LEN {
        let name = &letters[..len];
        let panel: Registry<2> = Registry::new();
        let breaker = panel.get_or_default(name).unwrap();
        assert!(ptr::eq(panel.get(&Key::new(name)).unwrap(), breaker), "{name}");
        assert!(ptr::eq(panel.get(&Name::new(name)).unwrap(), breaker), "{name}");
        // One that begins alike, one that goes on: neither is it.
        assert!(panel.get(&letters[..len - 1]).is_none(), "{name}");
        let longer = &letters[..=len];
        assert!(Name::try_new(longer).is_err() || panel.get(longer).is_none(), "{name}");
    }
}

#[test]
fn neighbouring_slots_share_no_cache_line() {
    assert_eq!(size_of::<CircuitBreaker>(), 512);
    assert_eq!(align_of::<CircuitBreaker>(), 128);
    // Its breaker, and its limits, which lie elsewhere.
    assert_eq!((size_of::<Limits>(), align_of::<Limits>()), (256, 128));
    assert_eq!(size_of::<Registry<8>>(), 8 * (512 + 256));
}

#[test]
fn a_shared_registry_is_joined_with_settings_for_a_new_breaker_only() {
    let clock = ManualClock::new();
    let panel: Panel<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    let (ours, theirs) = (config().build(), config().failure_threshold(7).build());
    let breaker = panel.get_or_init("ai", ours).unwrap();
    assert_eq!(breaker.settings(), ours);
    // An operator changed them, or an older version of the program runs beside.
    breaker.set_settings(theirs);
    let again = panel.get_or_init("ai", ours).unwrap();
    assert!(ptr::eq(breaker, again));
    assert_eq!(again.settings(), theirs, "no clash, and nothing is overwritten");
    assert_eq!(panel.get_or_init("", ours).map(drop), Err(RegistryError::Name(NameError::Empty)));
}

#[test]
fn a_panel_is_the_registry_without_its_number_of_slots() {
    let clock = ManualClock::new();
    let registry: Panel<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    let panel = registry.panel();
    assert!(panel.is_empty());
    let ai = panel.get_or_register("ai", config().build()).unwrap();
    assert!(ptr::eq(ai, registry.get("ai").unwrap()));
    assert!(ptr::eq(ai, panel.get("ai").unwrap()));
    assert_eq!((panel.len(), panel.capacity(), panel.slots().len()), (1, 4, 4));
    let (slot, reading) = panel.readings().next().unwrap();
    assert!(ptr::eq(ai, &raw const panel.slots()[slot]));
    assert_eq!(reading, ai.reading());
    let clash = panel.get_or_register("ai", BreakerConfig::new().build()).map(drop);
    assert!(matches!(clash, Err(RegistryError::Clash { .. })));
    // Slots of a slice that is no registry's: what lies in memory of zeros.
    let own = fusebox::Panel::new(panel.slots());
    assert_eq!(format!("{own:?}"), format!("{registry:?}"));
    assert!(fusebox::Panel::<'_, &ManualClock>::new(&[]).get_or_default("ai").is_err());
}
