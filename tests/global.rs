//! The process's registry can be another, before anybody has used it. A file
//! of one test: the registry is chosen once in a process.

use core::ptr;

use fusebox::{BreakerConfig, GlobalBreaker, GlobalInUse, Registry, global, set_global};

static PANEL: Registry<256> = Registry::new();
static OTHER: Registry<256> = Registry::new();
static AI: GlobalBreaker =
    GlobalBreaker::new("ai", Some(BreakerConfig::new().failure_threshold(3).build()));

#[test]
fn the_first_choice_holds_and_joined_breakers_are_in_it() {
    assert_eq!(set_global(&PANEL), Ok(()));
    assert!(ptr::eq(global(), &raw const PANEL));
    assert!(ptr::eq(AI.get(), PANEL.get("ai").unwrap()));
    assert_eq!(set_global(&OTHER), Err(GlobalInUse));
    assert!(ptr::eq(global(), &raw const PANEL), "a late choice changes nothing");
    assert_eq!(
        GlobalInUse.to_string(),
        "the global registry is in use: set another before the first call that needs it"
    );
}
