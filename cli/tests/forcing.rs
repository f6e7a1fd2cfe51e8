//! `isolate`, `close`, `disable`, `reset`.

mod common;

use common::{Panel, fail};
use fusebox::State;

#[test]
fn each_says_from_what_to_what() {
    let panel = Panel::with(&["ai"]);
    let ai = panel.breaker("ai");
    assert_eq!(panel.run(&["isolate", "ai"]).ok(), "ai: closed -> forced open\n");
    assert!(ai.try_acquire().is_err());
    assert_eq!(panel.run(&["close", "ai"]).ok(), "ai: forced open -> closed\n");
    assert!(ai.try_acquire().is_ok());
    assert_eq!(panel.run(&["disable", "ai"]).ok(), "ai: closed -> disabled\n");
    assert_eq!(ai.state(), State::Disabled);
    fail(ai, 9);
    assert_eq!(panel.run(&["reset", "ai"]).ok(), "ai: disabled -> closed, reset\n");
    assert_eq!(ai.snapshot().score, 0);
    assert_eq!(ai.settings(), common::settings());
}

#[test]
fn several_at_once_or_none() {
    let panel = Panel::with(&["ai", "billing", "mail"]);
    assert_eq!(
        panel.run(&["isolate", "mail", "ai"]).ok(),
        "mail: closed -> forced open\nai: closed -> forced open\n"
    );
    let error = panel.run(&["close", "mail", "nobody", "ai"]).failed(1);
    assert_eq!(error, "error: there is no breaker `nobody`; `fusebox ls` shows all of them\n");
    assert_eq!(panel.breaker("mail").state(), State::ForcedOpen);
    assert_eq!(panel.breaker("ai").state(), State::ForcedOpen);
}

#[test]
fn a_typo_is_told_what_comes_close() {
    let panel = Panel::with(&["ai_provider", "ai_provider_eu", "billing"]);
    let error = panel.run(&["isolate", "AI_Provide"]).failed(1);
    assert_eq!(
        error,
        "error: there is no breaker `AI_Provide`; did you mean `ai_provider` or `ai_provider_eu`?\n"
    );
    let error = Panel::new().run(&["isolate", "ai"]).failed(1);
    assert_eq!(error, "error: there is no breaker `ai`; the panel has no breaker yet\n");
}
