//! The map: it has the edges that calls made, and no others.

mod common;

use std::{
    convert::Infallible,
    future::{Future as _, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use common::config;
use fusebox::{
    Caller, CircuitBreaker, DefaultObserver, ManualClock, Map, NoSuchPlace, Outcome, Pipeline,
    Registry, Retry, RetryConfig, State,
    tower::{CircuitBreakerLayer, RetryPolicy},
};
use proptest::prelude::*;
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _, service_fn};

type Panel<const N: usize = 16> = Registry<N, &'static ManualClock>;
type Breaker = CircuitBreaker<&'static ManualClock>;
type Answer = Result<(), &'static str>;

fn clock() -> &'static ManualClock {
    Box::leak(Box::new(ManualClock::new()))
}

/// A panel that is mapped, on a manual clock. The breakers are in the order of `names`.
fn mapped<const N: usize>(names: &[&str]) -> (&'static Panel<N>, Vec<&'static Breaker>) {
    let panel: &'static Panel<N> = Box::leak(Box::new(Registry::with(&clock(), &DefaultObserver)));
    panel.panel().set_mapped(true);
    let settings = config().build();
    let breakers = names.iter().map(|name| panel.get_or_init(*name, settings).unwrap()).collect();
    (panel, breakers)
}

fn map<const N: usize>(panel: &Panel<N>) -> Map {
    Map::of(panel.panel().readings())
}

/// The edges by names, sorted.
fn edges(map: &Map) -> Vec<(String, String)> {
    let name = |node: &fusebox::MapNode| node.name().unwrap().to_string();
    let mut edges: Vec<_> = map.edges().map(|(from, to)| (name(from), name(to))).collect();
    edges.sort();
    edges
}

fn expected(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    pairs.sort();
    pairs
}

fn ok(breaker: &Breaker) -> Answer {
    breaker.call(|| Ok(())).map_err(|_: fusebox::CallError<&str>| "refused")
}

#[allow(clippy::format_push_string)] // plainer
#[tokio::test]
async fn d5_seven_nested_breakers_over_threads_and_tasks() {
    let names = ["gateway", "page", "shop", "user", "stock", "db", "mail"];
    let (panel, breakers) = mapped::<16>(&names);
    let [gateway, page, shop, user, stock, db, mail] = breakers[..] else { unreachable!() };
    let answer = gateway
        .call_async(page.call_async(async {
            // A task, which is told whose it is.
            let task = Caller::current().scope(shop.call_async(async {
                tokio::task::yield_now().await;
                stock.call(|| ok(db)).map_err(|_| "down")
            }));
            let task = tokio::spawn(task);
            // A thread, likewise.
            let caller = Caller::current();
            let thread = tokio::task::spawn_blocking(move || {
                let _scope = caller.enter();
                user.call(|| ok(db)).map_err(|_| "down")
            });
            // A task that is nobody's.
            let other = tokio::spawn(mail.call_async(async { Ok::<_, &str>(()) }));
            let (shop, user, mail) = tokio::join!(task, thread, other);
            shop.unwrap().map_err(|_| "down")?;
            user.unwrap()?;
            mail.unwrap().map_err(|_| "down")
        }))
        .await;
    assert!(answer.is_ok(), "{answer:?}");
    let map = map(panel);
    let pairs = [
        ("gateway", "page"),
        ("page", "shop"),
        ("page", "user"),
        ("shop", "stock"),
        ("stock", "db"),
        ("user", "db"),
    ];
    assert_eq!(edges(&map), expected(&pairs));

    // Exactly this drawing: numbers are those of the slots, which the names' hashes give.
    let number =
        |name: &str| map.nodes().find(|it| it.name().unwrap().as_str() == name).unwrap().number();
    let mut numbered: Vec<_> = names.iter().map(|name| (number(name), *name)).collect();
    numbered.sort_unstable();
    let mut drawn =
        String::from("digraph fusebox {\n  rankdir=LR;\n  node [shape=box, style=filled];\n");
    for (number, name) in numbered {
        drawn += &format!("  n{number} [label=\"{name}\\nclosed\", fillcolor=\"#d9f2d9\"];\n");
    }
    let mut arrows: Vec<_> = pairs.iter().map(|(a, b)| (number(a), number(b))).collect();
    arrows.sort_unstable();
    for (from, to) in arrows {
        drawn += &format!("  n{from} -> n{to};\n");
    }
    assert_eq!(map.dot().to_string(), drawn + "}\n");
}

/// Two tasks that take turns on one thread: each is polled while the other one waits in the
/// middle of a call.
#[test]
fn d5_there_is_no_edge_from_a_task_that_takes_turns_on_the_same_thread() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "cron", "mail"]);
    let [page, shop, cron, mail] = breakers[..] else { unreachable!() };
    let turns = |outer: &'static Breaker, inner: &'static Breaker| {
        outer.call_async(async move {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                ok(inner)?;
            }
            inner
                .call_async(async {
                    tokio::task::yield_now().await;
                    Ok::<_, &str>(())
                })
                .await
                .map_err(|_| "down")
        })
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (one, other) = tokio::join!(turns(page, shop), turns(cron, mail));
        assert!(one.is_ok() && other.is_ok());
        let spawned = (tokio::spawn(turns(page, shop)), tokio::spawn(turns(cron, mail)));
        assert!(spawned.0.await.unwrap().is_ok() && spawned.1.await.unwrap().is_ok());
    });
    assert_eq!(edges(&map(panel)), expected(&[("page", "shop"), ("cron", "mail")]));
    assert_eq!(Caller::current(), Caller::NONE);
}

#[test]
fn d5_a_call_that_is_refused_is_no_call() {
    let (panel, breakers) = mapped::<16>(&["page", "shop"]);
    breakers[1].force_open();
    let _ = breakers[0].call(|| ok(breakers[1]));
    assert_eq!(map(panel).edges().count(), 0);
}

#[allow(clippy::many_single_char_names)] // so the breakers are called
#[test]
fn d5_every_way_to_call_is_seen() {
    let (panel, breakers) = mapped::<16>(&["page", "a", "b", "c", "d", "e", "f", "g"]);
    let [page, a, b, c, d, e, f, g] = breakers[..] else { unreachable!() };
    let answer = page.call(|| {
        a.try_acquire().unwrap().success();
        b.acquire_many(3).unwrap().report_counts(3, 0);
        let _ = c.call_each([1, 2], |_| Ok::<_, &str>(()), |_| 0);
        let layered = Pipeline::new().breaker(d).breaker(e);
        layered.call(&(), |()| Ok::<_, &str>(())).map_err(|_| "down")?;
        // A probe.
        f.trip();
        f.clock().advance(Duration::from_secs(10));
        f.try_acquire().unwrap().success();
        assert_eq!(f.state(), State::Closed);
        g.try_acquire_as(fusebox::Priority::BACKGROUND).unwrap().failure();
        Ok::<_, &str>(())
    });
    assert!(answer.is_ok());
    let pairs = [
        ("page", "a"),
        ("page", "b"),
        ("page", "c"),
        ("page", "d"),
        ("d", "e"),
        ("page", "f"),
        ("page", "g"),
    ];
    assert_eq!(edges(&map(panel)), expected(&pairs));
}

#[tokio::test]
async fn d5_async_pipelines_and_tower_services_are_seen() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "db", "outer", "inner", "leaf"]);
    let [page, shop, db, outer, inner, leaf] = breakers[..] else { unreachable!() };
    let stack = Pipeline::new().breaker(page).breaker(shop);
    let answer = stack
        .call_async(&(), async |(): &()| {
            tokio::task::yield_now().await;
            ok(db)
        })
        .await;
    assert!(answer.is_ok());
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(outer))
        .layer(CircuitBreakerLayer::new(inner))
        .service(service_fn(|(): ()| async {
            tokio::task::yield_now().await;
            ok(leaf).map_err(std::io::Error::other)
        }));
    // Made ready in the call of one that does not call it.
    let ready = page.call_async(async { Ok::<_, Infallible>(service.ready().await.is_ok()) });
    assert_eq!(ready.await.ok(), Some(true));
    assert!(service.call(()).await.is_ok());
    let pairs = [("page", "shop"), ("shop", "db"), ("outer", "inner"), ("inner", "leaf")];
    assert_eq!(edges(&map(panel)), expected(&pairs));
}

#[test]
fn d5_scopes_end_with_panics_and_with_futures_that_are_dropped() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "mail"]);
    let [page, shop, mail] = breakers[..] else { unreachable!() };
    let panics =
        || page.call(|| -> Answer { shop.call(|| -> Answer { panic!("no") }).map_err(|_| "") });
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(Caller::current(), Caller::NONE);
    {
        let mut cx = Context::from_waker(Waker::noop());
        let call = pin!(page.call_async(pending::<Answer>()));
        assert!(call.poll(&mut cx).is_pending());
        assert_eq!(Caller::current(), Caller::NONE);
    }
    let mut cx = Context::from_waker(Waker::noop());
    let call = page.call_async(async {
        assert_eq!(Caller::current(), Caller::NONE, "a panic in the call");
        Ok::<_, &str>(())
    });
    assert!(catch_unwind(AssertUnwindSafe(|| pin!(call).poll(&mut cx).is_ready())).is_err());
    assert!(ok(mail).is_ok());
    assert_eq!(Caller::current(), Caller::NONE);
    assert_eq!(edges(&map(panel)), expected(&[("page", "shop")]));
}

#[test]
fn a_caller_of_another_panel_makes_no_edge() {
    let (panel, breakers) = mapped::<16>(&["page", "shop"]);
    let (other, others) = mapped::<16>(&["page", "shop"]);
    let (one, two) = (breakers[0], others[1]);
    assert!(one.call(|| two.call(|| ok(breakers[1])).map_err(|_| "")).is_ok());
    assert_eq!(map(other).edges().count(), 0);
    assert_eq!(map(panel).edges().count(), 0, "its caller is one of the other panel");
    assert_ne!(map(panel).panel(), map(other).panel());
}

#[test]
fn what_is_not_mapped_is_looked_through() {
    let (panel, breakers) = mapped::<16>(&["page", "shop"]);
    let owned = CircuitBreaker::new(config().build());
    let answer = breakers[0].call(|| owned.call(|| ok(breakers[1])).map_err(|_| ""));
    assert!(answer.is_ok());
    assert_eq!(edges(&map(panel)), expected(&[("page", "shop")]));
}

#[test]
fn owned_breakers_have_numbers_of_their_own() {
    let [page, shop] = ["page", "shop"].map(|name| CircuitBreaker::named(name, config().build()));
    for number in [0, 257, u16::MAX] {
        let refused: NoSuchPlace = page.set_mapped(Some(number)).unwrap_err();
        assert_eq!(refused.number, number);
        assert_eq!(
            refused.to_string(),
            format!("a map has the numbers 1 to 256, and {number} was asked for")
        );
    }
    page.set_mapped(Some(256)).unwrap();
    shop.set_mapped(Some(65)).unwrap();
    let call = || page.call(|| shop.call(|| Ok::<_, &str>(())).map_err(|_| ""));
    assert!(call().is_ok());
    let map = Map::of_own([page.reading(), shop.reading()]);
    assert_eq!(edges(&map), expected(&[("page", "shop")]));
    assert_eq!(map.to_string(), "page  closed\n  shop  closed\n");
    shop.forget_callers();
    page.set_mapped(None).unwrap();
    shop.set_mapped(None).unwrap();
    assert!(call().is_ok());
    assert_eq!(shop.callers().iter().count(), 0);
}

#[test]
fn what_was_learned_stays_until_it_is_forgotten() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "late"]);
    let call = |to: &Breaker| assert!(breakers[0].call(|| ok(to)).is_ok());
    call(breakers[1]);
    panel.panel().set_mapped(false);
    assert!(!panel.panel().is_mapped() && !map(panel).is_learning());
    call(breakers[2]);
    assert_eq!(edges(&map(panel)), expected(&[("page", "shop")]));
    let number = map(panel).panel();
    panel.panel().set_mapped(true);
    assert_eq!(map(panel).panel(), number, "it is the same panel");
    call(breakers[2]);
    assert_eq!(edges(&map(panel)), expected(&[("page", "late"), ("page", "shop")]));
    panel.panel().forget_map();
    assert_eq!(map(panel).edges().count(), 0);
    call(breakers[2]);
    assert_eq!(edges(&map(panel)), expected(&[("page", "late")]));
}

#[test]
fn slots_above_the_first_256_are_not_mapped() {
    let names: Vec<_> = (0..300).map(|number| format!("service {number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (panel, breakers) = mapped::<300>(&names);
    for breaker in &breakers {
        assert!(breakers[0].call(|| ok(breaker)).is_ok());
    }
    let map = map(panel);
    assert_eq!((map.nodes().count(), map.left_out()), (256, 44));
    // The first one may lie among those that are left out.
    let is_mapped = breakers[0].callers().number().is_some();
    assert_eq!(map.edges().count(), if is_mapped { 256 } else { 0 });
}

#[test]
fn a_panel_that_was_never_mapped_has_an_empty_map() {
    let panel: Panel = Registry::with(&clock(), &DefaultObserver);
    panel.get_or_default("page").unwrap();
    let map = map(&panel);
    assert_eq!((map.nodes().count(), map.left_out(), map.panel()), (0, 1, 0));
    assert_eq!(map.to_string(), "");
    assert!(map.worst_path().is_none() && map.cascade().next().is_none());
}

fn retry(attempts: u32) -> Retry {
    Retry::new(RetryConfig::new().max_attempts(attempts).base_delay(Duration::ZERO).build())
}

#[test]
fn retries_multiply_along_a_path() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "db", "mail"]);
    let [page, shop, db, mail] = breakers[..] else { unreachable!() };
    for breaker in &breakers {
        breaker.set_settings(config().failure_threshold(1_000).build());
    }
    let down = || Err::<(), _>("down");
    let calls = std::cell::Cell::new(0);
    let answer = retry(3).call(|| {
        page.call(|| {
            retry(3).call(|| {
                shop.call(|| {
                    retry(3).call(|| {
                        calls.set(calls.get() + 1);
                        db.call(down).map_err(|_| "db")
                    })?;
                    mail.call(|| Ok(())).map_err(|_: fusebox::CallError<&str>| "mail")
                })
                .map_err(|_| "shop")
            })
        })
    });
    assert!(answer.is_err());
    assert_eq!(calls.get(), 27);
    let shown = map(panel);
    let worst = shown.worst_path().unwrap();
    assert_eq!((worst.product(), worst.is_worrying()), (27, true));
    assert_eq!(worst.to_string(), "page → shop → db");
    let said = "3 × 3 × 3 = 27 calls of `db` for one of `page`";
    assert_eq!(worst.explained().to_string(), said);
    assert!(shown.to_string().contains(&format!("\nwarning: {said}: page → shop → db\n")));
    // It did not come into any attempt, and has none.
    assert_eq!(edges(&shown), expected(&[("page", "shop"), ("shop", "db")]));
    assert_eq!(mail.callers().attempts_around(), 1);
    // What comes after a retry is not in it.
    assert!(shop.call(|| mail.call(|| Ok::<_, &str>(())).map_err(|_| "")).is_ok());
    assert_eq!(mail.callers().attempts_around(), 1);
}

#[test]
fn retries_inside_the_last_breaker_multiply_too_and_so_do_retries_of_retries() {
    let (panel, breakers) = mapped::<16>(&["page", "db"]);
    let [page, db] = breakers[..] else { unreachable!() };
    let answer = page.call(|| {
        let down = || retry(2).call(|| retry(5).call(|| Err::<(), _>("down")));
        Pipeline::new().retry(retry(4)).breaker(db).call(&(), |()| down()).map_err(|_| "")
    });
    assert!(answer.is_err());
    let shown = map(panel);
    let db = shown.nodes().find(|it| it.name().unwrap().as_str() == "db").unwrap();
    assert_eq!((db.attempts(), db.attempts_within()), (4, 10));
    let said = "4 × 10 = 40 calls of `db` for one of `page`";
    assert_eq!(shown.worst_path().unwrap().explained().to_string(), said);
}

#[tokio::test]
async fn async_retries_multiply_and_leave_nothing_behind() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "mail"]);
    let [page, shop, mail] = breakers[..] else { unreachable!() };
    let down = async |(): &()| {
        tokio::task::yield_now().await;
        Err::<(), _>("down")
    };
    let outer = retry(2);
    let stack = Pipeline::new().retry(retry(3)).breaker(shop).retry(retry(4));
    let retried = outer.call_async(|| {
        page.call_async(async {
            let both = tokio::join!(
                stack.call_async(&(), down),
                mail.call_async(async {
                    tokio::task::yield_now().await;
                    Ok::<_, &str>(())
                })
            );
            both.0.map_err(|_| "shop")
        })
    });
    assert!(retried.await.is_err());
    assert!(page.call_async(mail.call_async(async { Ok::<_, &str>(()) })).await.is_ok());
    let shown = map(panel);
    let attempts = |name: &str| {
        let node = shown.nodes().find(|it| it.name().unwrap().as_str() == name).unwrap();
        (node.attempts(), node.attempts_within())
    };
    assert_eq!((attempts("page"), attempts("shop"), attempts("mail")), ((2, 3), (3, 4), (1, 1)));
    let worst = shown.worst_path().unwrap();
    assert_eq!(worst.explained().to_string(), "2 × 3 × 4 = 24 calls of `shop` for one of `page`");
}

#[tokio::test]
async fn attempts_by_hand_multiply_and_leave_nothing_behind() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "mail", "news"]);
    let [page, shop, mail, news] = breakers[..] else { unreachable!() };
    let thrice = retry(3);
    let answer = page.call(|| {
        let mut attempts = thrice.attempts();
        loop {
            let down = || shop.call_judged(|_| Outcome::Ignore, || Err::<(), _>("down"));
            let Err(error) = attempts.run(down) else { continue };
            // Between two attempts there is none.
            assert!(ok(mail).is_ok());
            if attempts.after(&error).is_none() {
                break Err::<(), _>(error.to_string());
            }
        }
    });
    assert!(answer.is_err());
    let answer = page.call_async(async {
        let mut attempts = thrice.attempts();
        loop {
            let attempt = attempts.run_async(async {
                tokio::task::yield_now().await;
                news.call_judged(|_| Outcome::Ignore, || Err::<(), _>("down"))
            });
            // Polled in turn with the attempt, and no part of it.
            let (answer, other) = tokio::join!(attempt, async {
                tokio::task::yield_now().await;
                ok(mail)
            });
            assert!(other.is_ok());
            let Err(error) = answer else { continue };
            if attempts.after(&error).is_none() {
                break Err::<(), _>(error.to_string());
            }
        }
    });
    assert!(answer.await.is_err());
    let around = |breaker: &Breaker| breaker.callers().attempts_around();
    assert_eq!((around(shop), around(mail), around(news)), (3, 1, 3));
    assert_eq!(map(panel).worst_path().unwrap().product(), 3);
    assert_eq!(Caller::current(), Caller::NONE);
}

#[tokio::test]
async fn retries_of_tower_multiply_and_leave_nothing_behind() {
    let (panel, breakers) = mapped::<16>(&["page", "shop", "mail", "news"]);
    let [page, shop, mail, news] = breakers[..] else { unreachable!() };
    let down = service_fn(|(): ()| async {
        tokio::task::yield_now().await;
        Err::<(), _>("down")
    });
    let shop_service = ServiceBuilder::new().layer(CircuitBreakerLayer::new(shop)).service(down);
    let retried = RetryPolicy::layer(retry(3)).layer(shop_service);
    // Another one in turn with it, whose first attempt is enough.
    let mail_service = ServiceBuilder::new()
        .layer(RetryPolicy::layer(retry(7)))
        .layer(CircuitBreakerLayer::new(mail))
        .service(service_fn(|(): ()| async {
            tokio::task::yield_now().await;
            Ok::<_, &str>(())
        }));
    let calls = page.call_async(async {
        let (shop, mail) = tokio::join!(retried.oneshot(()), mail_service.oneshot(()));
        assert!(shop.is_err() && mail.is_ok());
        // Without the layer inside, nobody knows; and nobody takes it for theirs later.
        let policy = tower::retry::RetryLayer::new(RetryPolicy::new(retry(5)));
        assert!(policy.layer(down).oneshot(()).await.is_err());
        assert!(ok(news).is_ok());
        Ok::<_, &str>(())
    });
    assert!(calls.await.is_ok());
    let around = |breaker: &Breaker| breaker.callers().attempts_around();
    assert_eq!((around(shop), around(mail), around(news)), (3, 1, 1));
    let within = page.callers().attempts_within();
    assert_eq!(within, 3);
    assert_eq!(map(panel).worst_path().unwrap().product(), 3);
}

#[test]
fn attempts_without_a_limit_are_those_that_were_seen() {
    let (panel, breakers) = mapped::<16>(&["db"]);
    let endless = Retry::new(RetryConfig::new().unlimited().base_delay(Duration::ZERO).build());
    let mut left = 6;
    let answer = endless.call(|| {
        left -= 1;
        let answer = if left == 0 { Ok(()) } else { Err("down") };
        breakers[0].call_judged(|_| Outcome::Ignore, || answer).map_err(|_| "")
    });
    assert!(answer.is_ok());
    assert_eq!(map(panel).worst_path().unwrap().product(), 6);
}

#[test]
fn cycles_are_named() {
    let (panel, breakers) = mapped::<16>(&["a", "b", "c", "d"]);
    let [a, b, c, d] = breakers[..] else { unreachable!() };
    let call = |from: &Breaker, to: &Breaker| {
        assert!(from.call(|| ok(to)).is_ok());
    };
    call(a, b);
    call(b, c);
    assert_eq!(map(panel).cycles().count(), 0);
    call(c, a);
    call(d, d);
    let map = map(panel);
    let mut cycles: Vec<_> = map
        .cycles()
        .map(|cycle| cycle.nodes().map(|it| it.name().unwrap().to_string()).collect::<String>())
        .collect();
    cycles.sort_unstable();
    assert!(["abc", "bca", "cab"].contains(&&*cycles[0]) && cycles[1] == "d", "{cycles:?}");
    assert_eq!(cycles.len(), 2);
    assert!(map.to_string().contains("\ncycle: d → d\n"), "{map}");
    assert_eq!(map.to_string().matches("(see above)").count(), 2);
}

#[test]
fn a_cascade_says_who_opened_first_and_who_followed() {
    let names = ["checkout", "payments", "page", "mail"];
    let (panel, breakers) = mapped::<16>(&names);
    let [checkout, payments, page, mail] = breakers[..] else { unreachable!() };
    assert!(page.call(|| checkout.call(|| ok(payments)).map_err(|_| "")).is_ok());
    let clock = page.clock();
    // Clocks of the slots are clones of one.
    clock.advance(Duration::from_secs(5));
    payments.trip();
    clock.advance(Duration::from_millis(40));
    checkout.trip();
    mail.trip();
    clock.advance(Duration::from_millis(8));
    let map = map(panel);
    let told: Vec<_> = map.cascade().map(|fallen| fallen.to_string()).collect();
    assert_eq!(told, ["`payments` opened first", "`checkout` followed 40 ms later"]);
    let said = "\n`payments` opened first; `checkout` followed 40 ms later\n";
    assert!(map.to_string().ends_with(said), "{map}");
    assert!(map.dot().to_string().contains("[label=\"payments\\nopen\", fillcolor=\"#f8d0d0\"]"));
    // One that opened before those that it calls is no follower.
    page.trip();
    checkout.close();
    clock.advance(Duration::from_secs(1));
    checkout.trip();
    let map = Map::of(panel.panel().readings());
    let told: Vec<_> = map.cascade().map(|fallen| fallen.to_string()).collect();
    assert_eq!(told, ["`payments` opened first", "`checkout` followed 1048 ms later"]);
    assert_eq!(mail.state(), State::Open);
}

#[test]
fn the_json_has_the_agreed_form() {
    let (panel, breakers) = mapped::<16>(&["page", "shop"]);
    let [page, shop] = breakers[..] else { unreachable!() };
    let down = || shop.call(|| Err::<(), _>("down")).map_err(|_| "");
    assert!(page.call(|| retry(3).call(down)).is_err());
    assert!(shop.call(|| ok(shop)).is_err());
    let map = map(panel);
    let json: serde_json::Value = serde_json::from_str(&map.json().to_string()).unwrap();
    let slot =
        |name: &str| map.nodes().find(|it| it.name().unwrap().as_str() == name).unwrap().slot();
    let mut nodes = [
        serde_json::json!({"name": "page", "slot": slot("page"), "state": "closed",
            "attempts": 1, "within": 3}),
        serde_json::json!({"name": "shop", "slot": slot("shop"), "state": "open",
            "attempts": 3, "within": 1}),
    ];
    nodes.sort_unstable_by_key(|node| node["slot"].as_u64());
    let expected = serde_json::json!({
        "version": 1,
        "panel": format!("{:08x}", map.panel()),
        "learning": true,
        "left_out": 0,
        "nodes": nodes,
        "edges": [[slot("page"), slot("shop")]],
        "paths": [{"path": ["page", "shop"], "product": 3}],
        "cycles": [],
        "cascade": [],
    });
    assert_eq!(json, expected);
}

/// What a stranger may have written into memory that is shared.
fn hostile() -> impl Strategy<Value = String> {
    let picked = proptest::sample::select(
        "\"\\;]}>-&#<|`{[()\u{202e}\u{200b}\u{ad}\u{3164}é n1".chars().collect::<Vec<_>>(),
    );
    let any = any::<char>().prop_filter("no name has it", |c| !c.is_control());
    proptest::collection::vec(prop_oneof![3 => picked, 1 => any], 1..15)
        .prop_map(|chars| chars.into_iter().collect())
}

/// Whether quotes open and close strings as Graphviz reads them.
fn dot_labels(dot: &str) -> Vec<String> {
    let (mut labels, mut rest) = (Vec::new(), dot);
    while let Some(at) = rest.find("[label=\"") {
        rest = &rest[at + 8..];
        let mut label = String::new();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    label.push(c);
                    label.push(chars.next().unwrap().1);
                }
                '"' => {
                    rest = &rest[at..];
                    break;
                }
                c => label.push(c),
            }
        }
        labels.push(label);
    }
    labels
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_name_breaks_a_picture(names in proptest::collection::btree_set(hostile(), 1..4)) {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let (panel, breakers) = mapped::<16>(&names);
        for breaker in &breakers {
            prop_assert!(breakers[0].call(|| ok(breaker)).is_ok());
        }
        let map = map(panel);
        let dot = map.dot().to_string();
        prop_assert!(dot.is_ascii());
        prop_assert_eq!(dot.lines().count(), 4 + 2 * names.len());
        let labels = dot_labels(&dot);
        prop_assert_eq!(labels.len(), names.len(), "{}", dot);
        for label in labels {
            prop_assert!(label.ends_with("\\nclosed"), "{}", label);
        }
        let mermaid = map.mermaid().to_string();
        prop_assert!(mermaid.is_ascii());
        prop_assert_eq!(mermaid.lines().count(), 5 + 2 * names.len());
        prop_assert_eq!(mermaid.matches('"').count(), 2 * names.len());
        let json = map.json().to_string();
        prop_assert!(json.is_ascii() && !json.contains('\n'));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut read: Vec<_> =
            json["nodes"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        read.sort_unstable();
        prop_assert_eq!(read, names);
    }
}

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Sync,
    Async,
    /// On a thread or in a task, which is told whose it is.
    Handed,
    HandedTask,
    /// In a task that is nobody's.
    Alone,
}

/// A call, what is called in it, and how often it is tried.
#[derive(Debug, Clone)]
struct Tree {
    breaker: usize,
    how: How,
    attempts: u32,
    calls: Vec<Tree>,
}

fn trees() -> impl Strategy<Value = Tree> {
    let how = || {
        proptest::sample::select(vec![
            How::Sync,
            How::Async,
            How::Handed,
            How::HandedTask,
            How::Alone,
        ])
    };
    let leaf = (0..BREAKERS, how(), 1..3_u32).prop_map(|(breaker, how, attempts)| Tree {
        breaker,
        how,
        attempts,
        calls: Vec::new(),
    });
    leaf.prop_recursive(4, 12, 3, move |inner| {
        (0..BREAKERS, how(), 1..3_u32, proptest::collection::vec(inner, 0..3))
            .prop_map(|(breaker, how, attempts, calls)| Tree { breaker, how, attempts, calls })
    })
}

const BREAKERS: usize = 6;

/// The plain model: the edges, and the most attempts of each breaker.
#[derive(Default)]
struct Model {
    edges: std::collections::BTreeSet<(usize, usize)>,
    attempts: [u32; BREAKERS],
}

impl Model {
    fn call(&mut self, from: Option<usize>, tree: &Tree) {
        let from = if tree.how == How::Alone { None } else { from };
        self.edges.extend(from.map(|from| (from, tree.breaker)));
        let most = &mut self.attempts[tree.breaker];
        *most = tree.attempts.max(*most);
        for call in &tree.calls {
            self.call(Some(tree.breaker), call);
        }
    }
}

type Boxed = std::pin::Pin<Box<dyn std::future::Future<Output = ()> + Send>>;

/// Makes the call; each attempt but the last fails.
fn make(tree: Tree, breakers: [&'static Breaker; BREAKERS]) -> Boxed {
    let breaker = breakers[tree.breaker];
    let never = |_: Result<&(), &&str>| Outcome::Ignore;
    let (how, attempts) = (tree.how, tree.attempts);
    match how {
        How::Async => Box::pin(async move {
            let mut tried = 0;
            let once = || {
                tried += 1;
                let (last, calls) = (tried == attempts, tree.calls.clone());
                async move {
                    let inside = async move {
                        tokio::task::yield_now().await;
                        for call in calls {
                            make(call, breakers).await;
                        }
                        if last { Ok(()) } else { Err("again") }
                    };
                    breaker.call_async_judged(never, inside).await.map_err(|_| "again")
                }
            };
            retry(attempts).call_async(once).await.unwrap();
        }),
        How::Sync => Box::pin(async move { make_sync(&tree, breakers) }),
        How::Handed => Box::pin(async move {
            let caller = Caller::current();
            let thread = thread::spawn(move || {
                let _scope = caller.enter();
                make_sync(&tree, breakers);
            });
            thread.join().unwrap();
        }),
        How::HandedTask => {
            let inner = make(Tree { how: How::Async, ..tree }, breakers);
            Box::pin(async move {
                tokio::spawn(Caller::current().scope(inner)).await.unwrap();
            })
        }
        How::Alone => {
            let inner = make(Tree { how: How::Async, ..tree }, breakers);
            Box::pin(async move { tokio::spawn(inner).await.unwrap() })
        }
    }
}

fn make_sync(tree: &Tree, breakers: [&'static Breaker; BREAKERS]) {
    let breaker = breakers[tree.breaker];
    let mut tried = 0;
    let once = || {
        tried += 1;
        let inside = || {
            for call in &tree.calls {
                // A sync call makes sync calls, whatever they are asked to be.
                match call.how {
                    How::Handed | How::HandedTask => {
                        let caller = Caller::current();
                        thread::scope(|scope| {
                            scope.spawn(move || {
                                let _scope = caller.enter();
                                make_sync(call, breakers);
                            });
                        });
                    }
                    How::Alone => thread::scope(|scope| {
                        scope.spawn(|| make_sync(call, breakers));
                    }),
                    How::Sync | How::Async => make_sync(call, breakers),
                }
            }
            if tried == tree.attempts { Ok(()) } else { Err("again") }
        };
        breaker.call_judged(|_| Outcome::Ignore, inside).map_err(|_| "again")
    };
    retry(tree.attempts).call(once).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn d5_random_trees_of_calls_have_the_edges_of_a_plain_model(
        trees in proptest::collection::vec(trees(), 1..4),
        threads in any::<bool>(),
    ) {
        let (panel, breakers) = mapped::<16>(&["0", "1", "2", "3", "4", "5"]);
        let breakers: [&'static Breaker; BREAKERS] = breakers.try_into().unwrap();
        let mut model = Model::default();
        for tree in &trees {
            model.call(None, tree);
        }
        let runtime = if threads {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()
        } else {
            tokio::runtime::Builder::new_current_thread().build()
        };
        runtime.unwrap().block_on(async {
            // All at a time, so that they take turns.
            let tasks: Vec<_> =
                trees.into_iter().map(|tree| tokio::spawn(make(tree, breakers))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        let map = map(panel);
        let edges = model.edges.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        let found: std::collections::BTreeSet<_> = self::edges(&map).into_iter().collect();
        let wanted: std::collections::BTreeSet<(String, String)> = edges;
        prop_assert_eq!(found, wanted);
        for (breaker, attempts) in breakers.iter().zip(model.attempts) {
            prop_assert_eq!(u32::from(breaker.callers().attempts_around()), attempts.max(1));
        }
    }
}

proptest! {
    /// Any graph: no drawing loops or panics, and each says what there is.
    #[test]
    fn any_graph_is_drawn(
        pairs in proptest::collection::vec((0..12_usize, 0..12_usize), 0..40),
        attempts in proptest::collection::vec((0..3_000_u16, 0..5_u16), 16),
    ) {
        let names: Vec<_> = (0..12).map(|number| number.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let (panel, _) = mapped::<12>(&names);
        let mut map = map(panel);
        map.redraw(|node| attempts[node.slot()], pairs.iter().copied());
        let wanted: std::collections::BTreeSet<_> = pairs.into_iter().collect();
        prop_assert!(map.edges().map(|(a, b)| (a.slot(), b.slot())).eq(wanted.iter().copied()));
        // Each name once, and each edge that is not the way to a name for the first time.
        let text = map.to_string();
        let again = text.matches("(see above)").count();
        let lines = text.lines().take_while(|line| !line.is_empty()).count();
        prop_assert_eq!(lines, 12 + again);
        for path in map.paths() {
            let slots: Vec<_> = path.nodes().map(fusebox::MapNode::slot).collect();
            for pair in slots.windows(2) {
                prop_assert!(wanted.contains(&(pair[0], pair[1])));
            }
            let last = *slots.last().unwrap();
            let product = slots.iter().map(|slot| u64::from(attempts[*slot].0.clamp(1, 2_047)))
                .fold(u64::from(attempts[last].1.max(1)), u64::saturating_mul);
            prop_assert_eq!(path.product(), product);
        }
        for cycle in map.cycles() {
            let slots: Vec<_> = cycle.nodes().map(fusebox::MapNode::slot).collect();
            for (at, slot) in slots.iter().enumerate() {
                prop_assert!(wanted.contains(&(*slot, slots[(at + 1) % slots.len()])));
            }
        }
        let is_cyclic = (0..12).any(|start| {
            let mut reached = std::collections::BTreeSet::from([start]);
            loop {
                let more: Vec<_> =
                    wanted.iter().filter(|(a, _)| reached.contains(a)).map(|(_, b)| *b).collect();
                if wanted.iter().any(|(a, b)| *b == start && reached.contains(a)) {
                    return true;
                }
                let before = reached.len();
                reached.extend(more);
                if reached.len() == before {
                    return false;
                }
            }
        });
        prop_assert_eq!(map.cycles().count() > 0, is_cyclic);
        let _ = (map.dot().to_string(), map.mermaid().to_string(), map.json().to_string());
    }
}
