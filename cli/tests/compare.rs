//! `shadow` and `compare`.

mod common;

use common::{Panel, fail};
use fusebox::{CircuitBreaker, Split};
use serde_json::Value;

fn succeed(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        let _ = breaker.call(|| Ok::<_, ()>(()));
    }
}

#[test]
fn a_shadow_is_set_compared_and_taken_away() {
    let panel = Panel::with(&["shop"]);
    let shop = panel.breaker("shop");
    let said = panel.run(&["compare", "shop"]).failed(1);
    assert!(said.contains("`shop` has no shadow; set one with `fusebox shadow shop"), "{said}");
    let said = panel.run(&["shadow", "shop", "failure_threshold=1"]).ok();
    assert!(said.starts_with("shop: it has a shadow from now on\nshop: shadow "), "{said}");
    assert!(said.contains("failure_threshold"), "{said}");
    fail(shop, 2); // the third one would open the breaker
    succeed(shop, 1);
    let said = panel.run(&["compare", "shop"]).ok();
    let rows: Vec<Vec<&str>> = said.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["STATE", "LOST", "SAVED", "PASSED", "OPENED", "UNKNOWN"], "{said}");
    assert_eq!(rows[2], ["live", "closed", "0", "0", "2", "0"], "{said}");
    assert_eq!(rows[3], ["shadow", "open", "1", "1", "1", "1"], "{said}");
    assert!(said.contains("would have saved 1, and refused 1 that succeeded"), "{said}");
    let json: Value =
        serde_json::from_str(&panel.run(&["compare", "shop", "--json"]).ok()).unwrap();
    assert_eq!((&json["shadow"]["saved"], &json["shadow"]["passed"]), (&1.into(), &1.into()));
    let listed: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(listed[0]["shadow"]["state"], "open");
    assert_eq!(panel.run(&["shadow", "shop", "--off"]).ok(), "shop: it has no shadow any more\n");
    assert_eq!(panel.run(&["shadow", "shop", "--off"]).ok(), "shop: it has no shadow\n");
    assert_eq!(shop.shadow(), None);
}

#[test]
fn a_shadow_that_cannot_be_is_refused() {
    let panel = Panel::with(&["shop"]);
    for (change, why) in [
        ("max_shed=50%", "a shadow neither ramps nor sheds"),
        ("failure_threshold=0", "`failure_threshold` is 0"),
    ] {
        let said = panel.run(&["shadow", "shop", change]).failed(1);
        assert!(said.contains(why) && said.contains("nothing was changed"), "{said}");
    }
    assert_eq!(panel.breaker("shop").shadow(), None);
    assert_eq!(panel.run(&["shadow", "shop"]).code, Some(2));
}

#[test]
fn the_arms_of_a_split_are_compared_and_nothing_is_switched() {
    let panel = Panel::with(&["shop", "shop-b"]);
    let (a, b) = (panel.breaker("shop"), panel.breaker("shop-b"));
    let split = Split::new((a, 500), (b, 500));
    for key in 0..4_000_u64 {
        // One in twenty calls fails where it has A, and none where it has B.
        let fails = key % 20 == 0 && std::ptr::eq(split.choose(&key), a);
        let _ = split.call(&key, || if fails { Err(()) } else { Ok(()) });
    }
    let args = ["compare", "shop", "shop-b", "--shares", "500,500"];
    let said = panel.run(&args).ok();
    assert!(said.contains("B is better: 0.00 %"), "{said}");
    assert!(said.lines().nth(1).unwrap().starts_with("A    shop"), "{said}");
    assert!(!said.contains("not split"), "{said}");
    let json: Value =
        serde_json::from_str(&panel.run(&[&args[..], &["--json"]].concat()).ok()).unwrap();
    assert_eq!((&json["verdict"], &json["alpha"]), (&"b".into(), &0.05.into()));
    assert_eq!(json["b"]["failures"], 0);
    assert_eq!(split.shares(), (500, 500));

    let said = panel.run(&["compare", "shop", "shop-b", "--shares", "900,100"]).ok();
    assert!(said.contains("the requests are not split as 90 % and 10 %"), "{said}");
    let said = panel.run(&["compare", "shop-b", "shop"]).ok();
    assert!(said.contains("A is better"), "{said}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let panel = Panel::with(&["shop", "shop-b"]);
    succeed(panel.breaker("shop"), 3);
    let refused = |args: &[&str], why: &str| {
        let said = panel.run(&[&["compare"], args].concat()).failed(1);
        assert!(said.contains(why), "{said}");
    };
    refused(
        &["shop", "shop-b"],
        "`shop`: no call was counted: make the calls through `Split::call`",
    );
    refused(
        &["shop", "shop-b", "--shares", "900,90"],
        "must add up to 1000 thousandths: 900 and 90",
    );
    refused(&["shop", "shop"], "the two arms are one breaker");
    refused(&["shop", "shop-c"], "there is no breaker `shop-c`; did you mean");
    let split = Split::new((panel.breaker("shop"), 500), (panel.breaker("shop-b"), 500));
    for key in 0..10_u64 {
        let _ = split.call(&key, || Ok::<_, ()>(()));
    }
    refused(&["shop", "shop-b", "--alpha", "0.7"], "`alpha` must be from 1e-12 to 0.5");
    assert!(panel.run(&["compare", "shop", "shop-b"]).ok().contains("undecided"));
    assert_eq!(panel.run(&["compare", "shop", "shop-b", "--shares", "900"]).code, Some(2));
}
