//! A store of many servers: a cluster, and a primary that sentinels watch.

use std::{fs, time::Duration};

use fusebox_fleet::{FleetConfig, FleetEvent, RedisSettings};

use crate::{
    crew::{Hand, all_see, settings, share_an_outage},
    eventually,
    server::{Server, free_port},
    within,
};

fn hand(name: &str, reach: impl Fn(&FleetConfig) -> RedisSettings) -> Hand {
    let config = FleetConfig::new(name).namespace("test").quorum(2).build().unwrap();
    let redis = reach(&config);
    println!("{redis:?}");
    Hand::of(config, redis, settings())
}

fn losses(hand: &Hand) -> usize {
    hand.count(|event| matches!(event, FleetEvent::Lost { .. }))
}

/// Three servers, each with a third of the slots.
fn cluster() -> Option<[Server; 3]> {
    let start = || Server::start_at_port(&["--cluster-enabled", "yes"]);
    let servers = [start()?, start()?, start()?];
    for (server, slots) in servers.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
        let _: () = server.say(&format!("CLUSTER ADDSLOTSRANGE {slots}"));
        let port = servers[0].url.rsplit_once(':').unwrap().1;
        let _: () = server.say(&format!("CLUSTER MEET 127.0.0.1 {port}"));
    }
    within(Duration::from_secs(30), "the cluster is one", || {
        servers.iter().all(|it| it.say::<String>("CLUSTER INFO").contains("cluster_state:ok"))
    });
    Some(servers)
}

#[test]
fn a_cluster_is_followed_wherever_the_keys_lie() {
    let Some(mut servers) = cluster() else { return };
    let slot: u16 = servers[0].say("CLUSTER KEYSLOT {test}:now");
    for key in ["{test}:feed", "{test}:probe:shop"] {
        assert_eq!(servers[0].say::<u16>(&format!("CLUSTER KEYSLOT {key}")), slot);
    }
    // The one that has the keys, one that has not, and nobody.
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let urls = servers.each_ref().map(|it| it.url.clone());
    let hands: Vec<_> = (0..3)
        .map(|i| {
            hand(&format!("host-{i}"), |config| {
                let settings = RedisSettings::new(&nobody, config).unwrap();
                settings.or(&urls[i]).unwrap().or(&urls[(i + 1) % 3]).unwrap()
            })
        })
        .collect();
    all_see(&hands);
    share_an_outage(&hands);
    assert_eq!(hands.iter().map(losses).sum::<usize>(), 0);

    // Its slot goes to another server.
    let owner = usize::from(slot / 5_461).min(2);
    let (next, gone) = ((owner + 1) % 3, (owner + 2) % 3);
    let id: String = servers[next].say("CLUSTER MYID");
    let mut lost = 0;
    eventually("the slot is elsewhere", || {
        let _: () = servers[owner].say("FLUSHALL");
        servers.iter().all(|it| {
            let words = format!("CLUSTER SETSLOT {slot} NODE {id}");
            let words: Vec<_> = words.split(' ').map(str::as_bytes).collect();
            it.try_run::<()>(&words).is_ok()
        })
    });
    eventually("all come after it", || {
        lost = hands.iter().map(losses).sum();
        servers[next].try_run::<usize>(&[b"ZCARD", b"{test}:alive:"]).unwrap_or(0) == 3
    });
    all_see(&hands);
    share_an_outage(&hands);
    println!("{lost} losses while the slot moved");

    // Whoever begins now finds it, though one server is gone.
    servers[gone].kill();
    let late = hand("host-3", |config| {
        let settings = RedisSettings::new(&urls[gone], config).unwrap();
        settings.or(&urls[owner]).unwrap()
    });
    eventually("it connects", || late.fleet.status().connected);
}

#[test]
fn the_sentinels_say_which_server_it_is() {
    let Some(mut primary) = Server::start_at_port(&["--repl-diskless-sync-delay", "0"]) else {
        return;
    };
    let port = primary.url.rsplit_once(':').unwrap().1.to_owned();
    let replica = Server::start_at_port(&["--replicaof", "127.0.0.1", &port]).unwrap();
    eventually("it is a replica", || {
        replica.say::<String>("INFO replication").contains("master_link_status:up")
    });
    // A sentinel writes to its file what it finds out.
    let file = primary.folder.path().join("sentinel.conf");
    let lines = [
        format!("sentinel monitor shop 127.0.0.1 {port} 1"),
        "sentinel down-after-milliseconds shop 500".into(),
        "sentinel failover-timeout shop 2000".into(),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let sentinel = Server::start_with_file(&file).unwrap();
    eventually("it knows the replica", || {
        sentinel.say::<String>("INFO sentinel").contains("slaves=1")
    });

    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let begin = |name: &str| {
        hand(name, |config| {
            let settings = RedisSettings::new("redis://shop", config).unwrap();
            let urls = [nobody.as_str(), sentinel.url.as_str()];
            settings.behind_sentinels("shop", urls).unwrap()
        })
    };
    let hands = [begin("host-0"), begin("host-1")];
    all_see(&hands);
    share_an_outage(&hands);

    primary.kill();
    let took = within(Duration::from_mins(1), "the replica is the primary", || {
        replica.say::<usize>("HLEN {test}:now") == 2
            && hands.iter().all(|it| it.fleet.status().connected && losses(it) >= 1)
    });
    println!("connected to the new primary after {took:?}");
    all_see(&hands);
    share_an_outage(&hands);

    let unknown = hand("host-2", |config| {
        let settings = RedisSettings::new("redis://bank", config).unwrap();
        settings.behind_sentinels("bank", [sentinel.url.as_str()]).unwrap()
    });
    eventually("it is told", || losses(&unknown) == 1);
    let why = unknown.fleet.status().last_error.unwrap();
    assert!(why.contains("the sentinel knows no such primary") && why.contains("bank"), "{why}");
}
