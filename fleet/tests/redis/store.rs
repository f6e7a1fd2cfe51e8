//! The store by itself.

use std::{thread::sleep, time::Duration};

use fusebox_fleet::{FleetConfig, Pulse, RedisSettings, RedisStore, Report, Store};

use crate::{eventually, server::Server};

const AT_ONCE: Duration = Duration::from_millis(1);

fn store(server: &Server, name: &str) -> RedisStore {
    let config = FleetConfig::new(name).namespace("test").build().unwrap();
    RedisStore::connect(&RedisSettings::new(&server.url, &config).unwrap()).unwrap()
}

fn report(beat: u32) -> Vec<u8> {
    Report { beat, ..Report::default() }.encode()
}

#[test]
fn what_one_says_the_others_hear_with_its_age() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    assert!(other.everything().unwrap().is_empty());
    assert!(other.news(AT_ONCE).unwrap().is_empty());
    one.publish(&report(1)).unwrap();
    one.publish(&report(2)).unwrap();
    sleep(Duration::from_millis(300));

    let news = other.news(AT_ONCE).unwrap();
    let beats: Vec<_> = news.iter().map(|it| it.bytes.clone()).collect();
    assert_eq!(beats, [report(1), report(2)]);
    let all = store(&server, "third").everything().unwrap();
    assert_eq!((all.len(), &all[0].bytes), (1, &report(2)));
    for it in news.iter().chain(&all) {
        assert_eq!(it.instance, "one");
        assert!((300..10_000).contains(&it.age.as_millis()), "{:?}", it.age);
    }
    assert!(other.news(AT_ONCE).unwrap().is_empty());
}

const LIVES: Duration = Duration::from_secs(3);

#[test]
fn who_is_alive_is_counted_by_group_and_told_to_nobody() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other, mut far) =
        (store(&server, "one"), store(&server, "other"), store(&server, "far"));
    other.everything().unwrap();
    assert_eq!(one.beat("eu", LIVES).unwrap(), Pulse { alive: 1, has_namesake: false });
    assert_eq!(other.beat("eu", LIVES).unwrap().alive, 2);
    assert_eq!(far.beat("us", LIVES).unwrap().alive, 1);
    assert!(other.news(AT_ONCE).unwrap().is_empty());
    assert!(other.everything().unwrap().is_empty());
    sleep(Duration::from_millis(300));
    assert_eq!(one.beat("eu", LIVES).unwrap().alive, 2);
    // Of shorter heartbeats it has heard too little.
    assert_eq!(one.beat("eu", Duration::from_millis(200)).unwrap().alive, 1);

    let mut all = far.beats().unwrap();
    all.sort_by(|one, other| one.instance.cmp(&other.instance));
    let seen: Vec<_> = all.iter().map(|it| (&*it.instance, &*it.group)).collect();
    assert_eq!(seen, [("far", "us"), ("one", "eu"), ("other", "eu")]);
    assert!(all[2].age >= Duration::from_millis(300) && all[1].age < all[2].age, "{all:?}");
    for key in ["{test}:alive:eu", "{test}:alive:us", "{test}:groups"] {
        let left: i64 = server.say(&format!("PTTL {key}"));
        assert!((800_000..=900_000).contains(&left), "{key}: {left}");
    }
}

#[test]
fn two_that_live_under_one_name_know_it() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut two) = (store(&server, "twin"), store(&server, "twin"));
    let mut beat = |is_one| {
        sleep(Duration::from_millis(5));
        (if is_one { &mut one } else { &mut two }).beat("", LIVES).unwrap()
    };
    for _ in 0..3 {
        assert!(!beat(true).has_namesake);
    }
    // It may have been the one before a restart.
    assert!(!beat(false).has_namesake);
    assert_eq!(beat(true), Pulse { alive: 1, has_namesake: true });
    assert!(beat(false).has_namesake);
    // A server that takes over may have lost the last second.
    let _: usize = server.say("ZADD {test}:alive: XX 1000 twin");
    assert!(!beat(false).has_namesake);
}

/// Whoever is silent, ahead of the clock, or one too many, is dropped.
#[test]
fn what_the_store_keeps_of_the_living_is_bounded() {
    let Some(server) = Server::start() else { return };
    let fill = "
        local time = redis.call('TIME')
        for i = 1, 20000 do
          redis.call('ZADD', '{test}:alive:', time[1] * 1000, 'crowd-' .. i)
          redis.call('ZADD', '{test}:groups', time[1] * 1000, 'group-' .. i)
        end
        redis.call('ZADD', '{test}:groups', time[1] * 1000 + 1, '')
        redis.call('ZADD', '{test}:alive:', 1000, 'long gone', 1e18, 'early', 'inf', 'never')";
    let _: redis::Value = server.run(&[b"EVAL", fill.as_bytes(), b"0"]);
    let mut one = store(&server, "one");
    assert!(one.beats().unwrap_err().to_string().contains("above 8192"));
    let counted = one.beat("", Duration::from_mins(1)).unwrap();
    assert_eq!(counted, Pulse { alive: 8_192, has_namesake: false });
    for name in ["long gone", "early", "never"] {
        let words: [&[u8]; 3] = [b"ZSCORE", b"{test}:alive:", name.as_bytes()];
        assert_eq!(server.run::<Option<f64>>(&words), None, "{name}");
    }
    assert_eq!(server.say::<usize>("ZCARD {test}:groups"), 256);
    assert_eq!(one.beats().unwrap().len(), 8_192);
}

/// The feed began anew on a server whose clock is behind, and this one says nothing itself.
#[test]
fn who_only_listens_notices_a_feed_that_goes_back() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    other.everything().unwrap();
    let ahead: [&[u8]; 5] = [b"XADD", b"{test}:feed", b"9999999999999-0", b"price", b"7"];
    let _: String = server.run(&ahead);
    assert_eq!(other.news(AT_ONCE).unwrap().len(), 1);
    let _: usize = server.say("DEL {test}:feed");
    one.publish(&report(1)).unwrap();
    let mut heard = Vec::new();
    eventually("it is heard", || {
        heard.extend(other.news(AT_ONCE).unwrap());
        !heard.is_empty()
    });
    assert_eq!((heard.len(), &*heard[0].instance), (1, "one"));
}

#[test]
fn it_waits_for_news_and_not_longer() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    other.everything().unwrap();
    let began = std::time::Instant::now();
    assert!(other.news(Duration::from_millis(400)).unwrap().is_empty());
    assert!(began.elapsed() >= Duration::from_millis(390));
    let speaker = std::thread::spawn(move || {
        sleep(Duration::from_millis(100));
        one.publish(&report(1)).unwrap();
    });
    let began = std::time::Instant::now();
    assert_eq!(other.news(Duration::from_mins(1)).unwrap().len(), 1);
    assert!(began.elapsed() < Duration::from_secs(30));
    speaker.join().unwrap();
}

/// Who is far behind, or missed something, reads what all said last.
#[test]
fn a_lost_cursor_leads_to_the_hash() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    other.everything().unwrap();
    for beat in 0..1_500 {
        one.publish(&report(beat)).unwrap();
    }
    assert_eq!(other.news(AT_ONCE).unwrap().len(), 1_000);
    let last = other.news(AT_ONCE).unwrap();
    assert_eq!((last.len(), &last[0].bytes), (1, &report(1_499)));
    assert!(other.news(AT_ONCE).unwrap().is_empty());
}

/// Who finds its own word gone reads the others' again.
#[test]
fn a_flush_leads_to_the_hash() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    for store in [&mut one, &mut other] {
        store.everything().unwrap();
        store.publish(&report(1)).unwrap();
        store.news(AT_ONCE).unwrap();
    }
    let _: () = server.say("FLUSHALL");
    one.publish(&report(2)).unwrap();
    let _: usize = server.say("DEL {test}:feed");
    assert!(other.news(AT_ONCE).unwrap().is_empty());
    other.publish(&report(2)).unwrap();
    let news = other.news(AT_ONCE).unwrap();
    assert_eq!((news.len(), news[0].instance.as_str()), (1, "one"));
}

/// Its clock was set back: entries have lower ids than the cursor.
#[test]
fn a_feed_that_goes_back_is_noticed() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    one.everything().unwrap();
    other.everything().unwrap();
    let ahead: [&[u8]; 5] = [b"XADD", b"{test}:feed", b"9999999999999-0", b"price", b"7"];
    let _: String = server.run(&ahead);
    assert_eq!(one.news(AT_ONCE).unwrap().len(), 1);
    assert_eq!(other.news(AT_ONCE).unwrap().len(), 1);
    // As after a failover to a server whose clock is behind.
    let _: usize = server.say("DEL {test}:feed");
    one.publish(&report(1)).unwrap();
    assert!(other.news(AT_ONCE).unwrap().is_empty());
    other.publish(&report(1)).unwrap();
    assert_eq!(other.news(AT_ONCE).unwrap().len(), 1);
    one.publish(&report(2)).unwrap();
    assert_eq!(other.news(AT_ONCE).unwrap().len(), 1);
}

/// Its clock was set back, and it goes on where it was: a thousand entries are ahead.
#[test]
fn a_feed_that_is_ahead_of_its_clock_is_read_once() {
    let Some(server) = Server::start() else { return };
    for number in 0..1_500 {
        let id = format!("9999999999999-{number}");
        let entry: [&[u8]; 5] = [b"XADD", b"{test}:feed", id.as_bytes(), b"price", b"7"];
        let _: String = server.run(&entry);
    }
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    for store in [&mut one, &mut other] {
        store.everything().unwrap();
        store.publish(&report(1)).unwrap();
    }
    assert_eq!(one.news(AT_ONCE).unwrap().len(), 1_000);
    // The hash; then what came after this instance's own word, once more; and what is new.
    let mut heard = || one.news(AT_ONCE).unwrap().into_iter().map(|it| it.instance);
    assert!(heard().eq(["other"]) && heard().eq(["other"]));
    assert_eq!(heard().count(), 0);
    other.publish(&report(2)).unwrap();
    assert!(heard().eq(["other"]));
}

#[test]
fn the_word_of_an_instance_that_is_long_gone_is_removed() {
    let Some(server) = Server::start() else { return };
    let words = |field: &'static str, bytes: &[u8]| {
        let value = [&[0; 8], bytes].concat();
        let _: usize = server.run(&[b"HSET", b"{test}:now", field.as_bytes(), &value]);
    };
    words("gone", &report(1));
    words("foreign", b"hello");
    let mut one = store(&server, "one");
    one.publish(&report(1)).unwrap();
    let all: Vec<_> = one.everything().unwrap().into_iter().map(|it| it.instance).collect();
    assert!(all.len() == 2 && !all.contains(&"gone".into()), "{all:?}");
    assert!(!server.say::<bool>("HEXISTS {test}:now gone"));
    assert!(server.say::<bool>("HEXISTS {test}:now foreign"));
}

#[test]
fn a_lease_is_one_instances_and_ends() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (store(&server, "one"), store(&server, "other"));
    assert!(one.lease("shop", Duration::from_secs(1)).unwrap());
    assert!(!other.lease("shop", Duration::from_secs(1)).unwrap());
    assert!(other.lease("bank", Duration::from_secs(1)).unwrap());
    sleep(Duration::from_millis(1_200));
    assert!(other.lease("shop", Duration::from_secs(1)).unwrap());
}

#[test]
fn errors_say_what_is_wrong_and_no_password() {
    let Some(server) = Server::start() else { return };
    let _: () = server.say("SET {test}:now something");
    let error = store(&server, "one").everything().unwrap_err().to_string();
    println!("{error}");
    assert!(error.contains("WRONGTYPE"), "{error}");

    let config = FleetConfig::new("one").build().unwrap();
    let settings = RedisSettings::new("redis://me:secret@127.0.0.1:1", &config).unwrap();
    let error = RedisStore::connect(&settings).unwrap_err().to_string();
    println!("{error}\n{settings:?}");
    assert!(!error.contains("secret") && !format!("{settings:?}").contains("secret"));
}
