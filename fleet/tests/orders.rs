//! Orders of an operator: who is obeyed, for how long, and what stays as it is.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fusebox::{BreakerConfig, CircuitBreaker, Name, State};
use fusebox_fleet::{
    Fleet, FleetConfig, FleetEvent, Obedience, Order, OrderKey, Orders, Refusal, SignedOrder,
    Simulated, Store, What,
};

const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);
/// Some day in 2027.
const NOW: Duration = Duration::from_hours(500_000);

fn key() -> OrderKey {
    OrderKey::new([7; 32]).unwrap()
}

fn config(name: &str) -> FleetConfig {
    FleetConfig::new(name).namespace("test").order_key(key()).build().unwrap()
}

fn order(what: What, at: Duration, until: Duration) -> Order {
    Order { breaker: Name::new("shop"), what, who: "alice@bastion".into(), at, until }
}

fn signed(what: What, at: Duration, until: Duration) -> Vec<u8> {
    SignedOrder::sign(order(what, at, until), "test", &key()).unwrap().encode()
}

fn shop() -> CircuitBreaker {
    CircuitBreaker::named("shop", BreakerConfig::new().failure_threshold(5).build())
}

fn set(text: &str) -> What {
    What::Set(text.into())
}

#[test]
fn an_order_is_carried_out_once_and_ends() {
    let mut orders = Orders::new(&config("host-0"));
    let [shop, bank] = [shop(), CircuitBreaker::named("bank", BreakerConfig::new().build())];
    orders.hear(&signed(What::Isolate, NOW, NOW + HOUR), NOW).unwrap();
    let told = orders.apply([&shop, &bank], NOW);
    let expected = Box::new(order(What::Isolate, NOW, NOW + HOUR));
    assert_eq!(told, [FleetEvent::Obeyed { order: expected.clone() }]);
    assert_eq!((shop.state(), bank.state()), (State::ForcedOpen, State::Closed));
    // It is told again by each look into the store.
    orders.hear(&signed(What::Isolate, NOW, NOW + HOUR), NOW + SECOND).unwrap();
    assert_eq!(orders.apply([&shop, &bank], NOW + SECOND), []);
    let told = orders.apply([&shop, &bank], NOW + HOUR);
    assert_eq!(told, [FleetEvent::Ended { order: expected }]);
    assert_eq!(shop.state(), State::Closed);
    assert_eq!(orders.apply([&shop, &bank], NOW + HOUR), []);
}

#[test]
fn what_is_done_on_the_host_afterwards_stays() {
    let mut orders = Orders::new(&config("host-0"));
    let shop = shop();
    orders.hear(&signed(What::Isolate, NOW, NOW + HOUR), NOW).unwrap();
    orders.apply([&shop], NOW);
    shop.close();
    assert_eq!(orders.apply([&shop], NOW + SECOND), []);
    assert_eq!(shop.state(), State::Closed);
    // Isolated anew, by somebody else: the end of the order does not end that.
    shop.force_open();
    assert_eq!(orders.apply([&shop], NOW + HOUR), []);
    assert_eq!(shop.state(), State::ForcedOpen);

    orders.hear(&signed(set("probes=2"), NOW, NOW + HOUR), NOW).unwrap();
    orders.apply([&shop], NOW);
    shop.update_settings(|it| it.config().probes(7).try_build()).unwrap();
    assert_eq!(orders.apply([&shop], NOW + HOUR), []);
    assert_eq!(shop.settings().probes(), 7);
}

#[test]
fn a_breaker_that_comes_later_is_isolated_too() {
    let mut orders = Orders::new(&config("host-0"));
    orders.hear(&signed(What::Isolate, NOW, NOW + HOUR), NOW).unwrap();
    assert_eq!(orders.apply([] as [&CircuitBreaker; 0], NOW), []);
    let (shop, again) = (shop(), shop());
    assert_eq!(orders.apply([&shop], NOW + SECOND).len(), 1);
    // The panel's file was replaced.
    assert_eq!(orders.apply([&again], NOW + SECOND).len(), 1);
    assert_eq!([shop.state(), again.state()], [State::ForcedOpen; 2]);
}

#[test]
fn settings_change_and_change_back() {
    let mut orders = Orders::new(&config("host-0"));
    let shop = shop();
    let first = set("failure_threshold=3 recovery_timeout_ms=10000");
    orders.hear(&signed(first, NOW, NOW + HOUR), NOW).unwrap();
    // The state is another subject: both hold.
    orders.hear(&signed(What::Isolate, NOW, NOW + HOUR), NOW).unwrap();
    assert_eq!(orders.apply([&shop], NOW).len(), 2);
    let settings = shop.settings();
    assert_eq!((settings.failure_threshold(), settings.recovery_timeout()), (3, 10 * SECOND));
    assert_eq!(shop.state(), State::ForcedOpen);
    // A later one takes its place: what the first changed goes back.
    let later = NOW + SECOND;
    orders.hear(&signed(set("probes=2"), later, later + HOUR), later).unwrap();
    orders.apply([&shop], later);
    assert_eq!((shop.settings().failure_threshold(), shop.settings().probes()), (5, 2));
    orders.apply([&shop], later + HOUR);
    assert_eq!(shop.settings(), self::shop().settings());
}

#[test]
fn settings_that_are_none_are_refused() {
    let mut orders = Orders::new(&config("host-0"));
    let mut why = |text: &str| {
        let (order, why) = orders.hear(&signed(set(text), NOW, NOW + HOUR), NOW).unwrap_err();
        assert_eq!(order.unwrap().what, set(text));
        why.to_string()
    };
    assert_eq!(why("probs=2"), "no breaker takes `probs=2`");
    assert_eq!(why("probes=two"), "no breaker takes `probes=two`");
    assert_eq!(why("probes=0"), "no breaker takes `probes=0`");
    // What only this breaker cannot take is found when it is carried out.
    let shop = CircuitBreaker::named("shop", BreakerConfig::new().failure_threshold(2000).build());
    orders.hear(&signed(set("window=20"), NOW, NOW + HOUR), NOW).unwrap();
    let told = orders.apply([&shop], NOW);
    assert!(
        matches!(told[..], [FleetEvent::Refused { why: Refusal::Settings(_), .. }]),
        "{told:?}"
    );
    assert_eq!(orders.apply([&shop], NOW + SECOND), [], "it is told once");
    assert_eq!(shop.settings().failure_threshold(), 2000);
}

#[test]
fn who_has_no_right_moves_nobody() {
    let shop = shop();
    let refused = |orders: &mut Orders, bytes: &[u8], at| {
        let why = orders.hear(bytes, at).unwrap_err().1;
        assert_eq!(orders.apply([&shop], at), []);
        assert_eq!(shop.state(), State::Closed, "{why}");
        why
    };
    let good = signed(What::Isolate, NOW, NOW + HOUR);
    let orders = &mut Orders::new(&FleetConfig::new("host-0").namespace("test").build().unwrap());
    assert_eq!(refused(orders, &good, NOW), Refusal::NoKey);

    let orders = &mut Orders::new(&config("host-0"));
    let forge = |namespace, key| {
        let order = order(What::Isolate, NOW, NOW + HOUR);
        SignedOrder::sign(order, namespace, &OrderKey::new(key).unwrap()).unwrap().encode()
    };
    // By another key, of another fleet, unsigned, and with another breaker's name.
    assert_eq!(refused(orders, &forge("test", [8; 32]), NOW), Refusal::Forged);
    assert_eq!(refused(orders, &forge("other", [7; 32]), NOW), Refusal::Forged);
    let mut unsigned = good.clone();
    let signature = unsigned.len() - 32;
    unsigned[signature..].fill(0);
    assert_eq!(refused(orders, &unsigned, NOW), Refusal::Forged);
    let of_bank = signed_of("bank");
    let at = of_bank.windows(4).position(|it| it == b"bank").unwrap();
    let mut of_shop = of_bank;
    of_shop[at..at + 4].copy_from_slice(b"shop");
    assert_eq!(refused(orders, &of_shop, NOW), Refusal::Forged);
    assert!(matches!(refused(orders, b"hello", NOW), Refusal::NoOrder(_)));

    // Over, and from the future.
    assert_eq!(refused(orders, &good, NOW + HOUR), Refusal::Over);
    let by = Duration::from_millis(60_001);
    let early = NOW.checked_sub(by).unwrap();
    assert_eq!(refused(orders, &good, early), Refusal::Future { by });
    // And it is a good one.
    orders.hear(&good, early + Duration::from_millis(1)).unwrap();
    assert_eq!(orders.apply([&shop], NOW).len(), 1);
    assert_eq!(shop.state(), State::ForcedOpen);
}

fn signed_of(breaker: &str) -> Vec<u8> {
    let order = Order { breaker: Name::new(breaker), ..order(What::Isolate, NOW, NOW + HOUR) };
    SignedOrder::sign(order, "test", &key()).unwrap().encode()
}

#[test]
fn an_order_is_not_obeyed_again_after_a_later_one() {
    let mut orders = Orders::new(&config("host-0"));
    let shop = shop();
    let isolate = signed(What::Isolate, NOW, NOW + Order::LONGEST);
    orders.hear(&isolate, NOW).unwrap();
    orders.apply([&shop], NOW);
    orders.hear(&signed(What::Close, NOW + SECOND, NOW + HOUR), NOW + SECOND).unwrap();
    orders.apply([&shop], NOW + SECOND);
    assert_eq!(shop.state(), State::Closed);
    // Not at once, not after the later one has ended, and not at its own last moment.
    let last = (NOW + Order::LONGEST).checked_sub(Duration::from_millis(1)).unwrap();
    for at in [NOW + SECOND, NOW + 2 * HOUR, last] {
        assert_eq!(orders.hear(&isolate, at).unwrap_err().1, Refusal::Older);
        assert_eq!(orders.apply([&shop], at), []);
        assert_eq!(shop.state(), State::Closed);
    }
    assert_eq!(orders.hear(&isolate, last + SECOND).unwrap_err().1, Refusal::Over);
}

#[test]
fn the_key_is_shown_nowhere() {
    let config = FleetConfig::new("host-0").order_key(OrderKey::new(b"hushhushhushhush").unwrap());
    let config = config.build().unwrap();
    let shown = format!("{config:?} {:?}", Orders::new(&config));
    assert!(shown.contains("OrderKey(..)") && !shown.contains("hush"), "{shown}");
    assert!(!shown.contains("104, 117, 115, 104"), "{shown}");
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Over a store: an order reaches who is there and who comes later, and an operator's close
/// is stronger than what the others say, for those that obey them as well.
#[test]
fn a_fleet_obeys_and_an_operator_is_stronger_than_the_others() {
    let store = Simulated::new();
    let events = Arc::new(Mutex::new(Vec::new()));
    let spawn = |name: &str| {
        let breaker: &'static CircuitBreaker = Box::leak(Box::new(shop()));
        let config = config(name).quorum(2).enough(2).obedience(Obedience::Obey);
        let (store, name) = (store.clone(), name.to_owned());
        let events = events.clone();
        let fleet = Fleet::spawn(
            config.heartbeat(Duration::from_millis(200)).build().unwrap(),
            move || Ok(store.of(name.clone())),
            move || [breaker],
            move |event| {
                println!("{event}");
                events.lock().unwrap().push(event);
            },
        );
        (fleet.unwrap(), breaker)
    };
    let give = |what, after| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + after;
        let signed = SignedOrder::sign(order(what, now, now + HOUR), "test", &key()).unwrap();
        store.of("operator").give(&signed).unwrap();
    };
    let mut hands = vec![spawn("host-0"), spawn("host-1")];
    eventually("they meet", || hands.iter().all(|it| it.0.status().alive == 2));
    give(What::Isolate, Duration::ZERO);
    hands.push(spawn("host-2"));
    eventually("all are isolated", || hands.iter().all(|it| it.1.state() == State::ForcedOpen));
    give(What::Close, SECOND);
    eventually("all are closed", || hands.iter().all(|it| it.1.state() == State::Closed));

    // All open, each by itself or by the others; then an operator closes them, and they
    // stay so.
    eventually("they know each other", || hands.iter().all(|it| it.0.status().alive == 3));
    for (_, breaker) in &hands {
        breaker.trip();
    }
    std::thread::sleep(Duration::from_millis(500));
    give(What::Close, 2 * SECOND);
    eventually("all are closed", || hands.iter().all(|it| it.1.state() == State::Closed));
    let began = Instant::now();
    while began.elapsed() < SECOND {
        assert!(hands.iter().all(|it| it.1.state() == State::Closed));
        std::thread::sleep(Duration::from_millis(2));
    }
    let obeyed = |it: &&FleetEvent| matches!(it, FleetEvent::Obeyed { .. });
    assert_eq!(events.lock().unwrap().iter().filter(obeyed).count(), 9);
    assert_eq!(store.of("operator").order_log(9).unwrap().len(), 3);
}
