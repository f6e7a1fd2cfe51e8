//! Orders in a real Redis: given, forged, given again.

use std::{
    sync::{Arc, Mutex},
    thread::sleep,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fusebox::{CircuitBreaker, Name, State};
use fusebox_fleet::{
    Fleet, FleetConfig, FleetEvent, Order, OrderKey, RedisSettings, RedisStore, Refusal,
    SignedOrder, Store, What,
};

use crate::{crew, eventually, server::Server};

const HOUR: Duration = Duration::from_hours(1);
/// The default heartbeat.
const BEAT: Duration = Duration::from_secs(1);

struct Hand {
    fleet: Fleet,
    shop: &'static CircuitBreaker,
    events: Arc<Mutex<Vec<FleetEvent>>>,
}

impl Hand {
    fn new(server: &Server, name: &str) -> Self {
        let shop: &_ = Box::leak(Box::new(CircuitBreaker::named("shop", crew::settings())));
        let config = config(name);
        let redis = RedisSettings::new(&server.url, &config).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let tell = events.clone();
        let fleet = Fleet::spawn(
            config,
            move || RedisStore::connect(&redis),
            move || [shop],
            move |event| tell.lock().unwrap().push(event),
        );
        Self { fleet: fleet.unwrap(), shop, events }
    }

    fn has_refused(&self, why: &Refusal) -> bool {
        let events = self.events.lock().unwrap();
        events.iter().any(|it| matches!(it, FleetEvent::Refused { why: is, .. } if is == why))
    }
}

fn config(name: &str) -> FleetConfig {
    let key = OrderKey::new([7; 32]).unwrap();
    FleetConfig::new(name).namespace("test").order_key(key).build().unwrap()
}

fn operator(server: &Server) -> RedisStore {
    RedisStore::connect(&RedisSettings::new(&server.url, &config("operator")).unwrap()).unwrap()
}

fn signed(what: What, key: u8) -> SignedOrder {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (breaker, who) = (Name::new("shop"), "alice@bastion".into());
    let order = Order { breaker, what, who, at, until: at + HOUR };
    SignedOrder::sign(order, "test", &OrderKey::new([key; 32]).unwrap()).unwrap()
}

#[test]
fn a_signed_order_moves_all_within_two_heartbeats_and_a_forged_one_nobody() {
    let Some(server) = Server::start() else { return };
    let mut operator = operator(&server);
    let mut hands: Vec<_> = (0..3).map(|it| Hand::new(&server, &format!("host-{it}"))).collect();
    eventually("they meet", || hands.iter().all(|it| it.fleet.status().alive == 3));

    operator.give(&signed(What::Isolate, 8)).unwrap();
    eventually("all refuse", || hands.iter().all(|it| it.has_refused(&Refusal::Forged)));
    assert!(hands.iter().all(|it| it.shop.state() == State::Closed));

    let isolate = signed(What::Isolate, 7);
    let began = Instant::now();
    operator.give(&isolate).unwrap();
    eventually("all obey", || hands.iter().all(|it| it.shop.state() == State::ForcedOpen));
    println!("three instances obeyed after {:?}", began.elapsed());
    assert!(began.elapsed() < 2 * BEAT);
    hands.push(Hand::new(&server, "host-3"));
    eventually("who came later, too", || hands[3].shop.state() == State::ForcedOpen);

    operator.give(&signed(What::Close, 7)).unwrap();
    eventually("all obey", || hands.iter().all(|it| it.shop.state() == State::Closed));
    // Somebody who wrote it down.
    operator.give(&isolate).unwrap();
    eventually("all refuse", || hands.iter().all(|it| it.has_refused(&Refusal::Older)));
    sleep(2 * BEAT);
    assert!(hands.iter().all(|it| it.shop.state() == State::Closed));
    let log = operator.order_log(2).unwrap();
    let read = |bytes: &Vec<u8>| SignedOrder::decode(bytes).unwrap().order().what.clone();
    assert_eq!(log.iter().map(read).collect::<Vec<_>>(), [What::Close, What::Isolate]);
}

#[test]
fn the_store_keeps_the_last_of_each_subject_for_a_time() {
    let Some(server) = Server::start() else { return };
    let mut store = operator(&server);
    assert!(store.orders().unwrap().is_empty() && store.order_log(10).unwrap().is_empty());
    let orders = [What::Isolate, What::Set("probes=2".into()), What::Close];
    let orders = orders.map(|it| signed(it, 7));
    for order in &orders {
        store.give(order).unwrap();
    }
    let mut kept = store.orders().unwrap();
    kept.sort();
    let mut expected = vec![orders[1].encode(), orders[2].encode()];
    expected.sort();
    assert_eq!(kept, expected);
    assert_eq!(store.order_log(10).unwrap(), orders.map(|it| it.encode()));
    let lasts: i64 = server.say("TTL {test}:orders");
    assert!((604_700..=604_800).contains(&lasts), "{lasts}");
    let lasts: i64 = server.say("TTL {test}:orders:log");
    assert!((2_591_900..=2_592_000).contains(&lasts), "{lasts}");
}

#[test]
fn what_lies_there_and_is_no_order_is_an_event_and_hurts_nobody() {
    let Some(server) = Server::start() else { return };
    let set = |field: String, value: &[u8]| {
        let words: [&[u8]; 4] = [b"HSET", b"{test}:orders", field.as_bytes(), value];
        let _: usize = server.run(&words);
    };
    set("state:shop".into(), b"hello");
    for it in 0..500 {
        set(format!("noise:{it}"), b"noise");
    }
    let hand = Hand::new(&server, "host-0");
    eventually("it is told", || !hand.events.lock().unwrap().is_empty());
    operator(&server).give(&signed(What::Isolate, 7)).unwrap();
    eventually("it obeys", || hand.shop.state() == State::ForcedOpen);
    let told = hand.events.lock().unwrap();
    let garbage = |it: &&FleetEvent| matches!(it, FleetEvent::Refused { order: None, .. });
    assert_eq!(told.iter().filter(garbage).count(), 1, "{told:?}");
}

#[test]
fn too_many_orders_are_not_read() {
    let Some(server) = Server::start() else { return };
    let fill = "for i = 1, 5000 do redis.call('HSET', '{test}:orders', i, 'noise') end return 0";
    let words: [&[u8]; 3] = [b"EVAL", fill.as_bytes(), b"0"];
    let _: usize = server.run(&words);
    let error = operator(&server).orders().unwrap_err().to_string();
    assert!(error.contains("{test}:orders has 5000 fields, above 4096"), "{error}");
}
