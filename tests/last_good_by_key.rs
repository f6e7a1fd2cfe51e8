//! F7: the last good value of each key.

mod common;

use std::time::Duration;

use common::{finish, millis};
use fusebox::{Clock, Fallback, LastGoodByKey, ManualClock};
use proptest::prelude::*;

#[test]
fn f7_each_key_has_its_own_value_and_age() {
    let clock = ManualClock::new();
    let last = LastGoodByKey::try_with(10, Duration::MAX, &clock).unwrap();
    let name = Fallback::new().or_last_good_of(&last, |user: &u32| *user);
    assert_eq!(name.call(&1, |_| Ok::<_, &str>("Ada")), Ok("Ada"));
    clock.advance(millis(5));
    assert_eq!(name.call(&2, |_| Ok::<_, &str>("Grace")), Ok("Grace"));
    assert_eq!(name.call(&1, |_| Err("down")), Ok("Ada"));
    assert_eq!(name.call(&2, |_| Err("down")), Ok("Grace"));
    assert_eq!(name.call(&3, |_| Err("down")), Err("down"), "nobody else's");
    assert_eq!(last.get(&1), Some(("Ada", millis(5))));
    let later = finish(name.call_async(&2, |_| async { Err("down") }));
    assert_eq!(later, Ok("Grace"));
    let later = finish(name.call_async(&3, |_| async { Ok::<_, &str>("Edsger") }));
    assert_eq!((later, last.len()), (Ok("Edsger"), 3));
    last.clear();
    assert!(last.is_empty());
}

#[test]
fn f7_one_too_old_is_not_given_out_either() {
    let clock = ManualClock::new();
    let last = LastGoodByKey::try_with(2, millis(10), &clock).unwrap();
    last.set("a", &1);
    clock.advance(millis(10));
    assert_eq!(last.get(&"a"), Some((1, millis(10))));
    clock.advance(millis(1));
    assert_eq!(last.get(&"a"), None);
}

#[test]
fn f7_no_keys_are_a_configuration_error() {
    let clock = ManualClock::new();
    for (keys, shown) in [(0, "0"), (65_537, "65537"), (usize::MAX, "18446744073709551615")] {
        let error = LastGoodByKey::<u8, u8, _>::try_with(keys, Duration::MAX, &clock).unwrap_err();
        assert_eq!(error.field(), "keys");
        assert_eq!(error.to_string(), format!("`keys` is {shown}, and must be from 1 to 65536"));
    }
    let panicked = std::panic::catch_unwind(|| LastGoodByKey::<u8, u8>::new(0)).unwrap_err();
    let text = panicked.downcast_ref::<String>().unwrap();
    assert_eq!(text, "`keys` must be from 1 to 65536");
}

#[test]
fn f7_values_are_not_shown() {
    let last = LastGoodByKey::<_, _>::new(2);
    last.set("user", &"secret");
    let shown = format!("{last:?}");
    assert!(shown.contains("len: 1") && !shown.contains("secret"), "{shown}");
}

proptest! {
    /// Against a list of all uses: the keys that are kept are those used last.
    #[test]
    fn f7_the_least_recently_used_key_goes(
        keys in 1..5_usize,
        ops in prop::collection::vec((any::<bool>(), 0..7_u8), 0..60),
    ) {
        let clock = ManualClock::new();
        let last = LastGoodByKey::try_with(keys, Duration::MAX, &clock).unwrap();
        let mut model: Vec<(u8, usize)> = Vec::new(); // the one used last stands last
        for (at, (sets, key)) in ops.into_iter().enumerate() {
            let found = model.iter().position(|it| it.0 == key).map(|at| model.remove(at));
            if sets {
                last.set(key, &at);
                if found.is_none() && model.len() == keys {
                    model.remove(0);
                }
                model.push((key, at));
            } else {
                prop_assert_eq!(last.get(&key).map(|it| it.0), found.map(|it| it.1));
                model.extend(found);
            }
            prop_assert_eq!(last.len(), model.len());
        }
        let _ = clock.now();
    }
}
