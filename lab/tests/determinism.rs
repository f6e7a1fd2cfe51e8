//! The same storm, rule and seed give the same tally: again, on other threads, beside
//! others, and on other machines.

use std::time::Duration;

use fusebox::BreakerConfig;
use fusebox_lab::{
    contender::Contender,
    field,
    storm::{Sharing, Storm, builtin},
};

/// A storm that runs in a moment.
fn short(name: &str) -> Storm {
    let by = match name {
        "outage" => 20,
        "brooker" => 60,
        "retry-storm-70" => 4,
        _ => 12,
    };
    builtin(name).unwrap().shortened(by)
}

const STORMS: [&str; 4] = ["outage", "brooker", "retry-storm-70", "one-of-many"];

fn jittery() -> Contender {
    let settings = BreakerConfig::new()
        .failure_threshold(3)
        .recovery_timeout(Duration::from_millis(200))
        .recovery_jitter(20);
    Contender::fusebox("jittery", settings.build())
}

fn slow() -> Contender {
    let settings = BreakerConfig::new()
        .slow_call(Duration::from_millis(30))
        .recovery_timeout(Duration::from_millis(200))
        .recovery_jitter(20);
    Contender::fusebox("slow", settings.build())
}

fn rules() -> Vec<Contender> {
    let of_field =
        ["none", "consecutive", "hystrix", "google-throttling", "finagle-budget", "semian-pid"];
    let of_field = of_field.iter().map(|key| field::by_key(key).unwrap());
    of_field.chain([field::ours(), field::ours_each(), jittery(), slow()]).collect()
}

/// Every rule under every storm: names, and the digest.
fn all() -> Vec<(String, &'static str, u64)> {
    let storms = STORMS.map(|name| (name, short(name)));
    let pairs = rules().into_iter().flat_map(|rule| {
        let digest = |(name, storm): &(&'static str, Storm)| {
            (rule.name().to_owned(), *name, rule.meets(storm).digest())
        };
        storms.iter().map(digest).collect::<Vec<_>>()
    });
    pairs.collect()
}

#[test]
fn again_and_on_several_threads_at_once() {
    let first = all();
    for threads in [1, 2, 4] {
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..threads).map(|_| scope.spawn(all)).collect();
            for other in others {
                assert_eq!(other.join().unwrap(), first, "{threads} threads");
            }
        });
    }
}

#[test]
fn in_any_order() {
    let storm = short("outage");
    let digest = |rule: &Contender| (rule.name().to_owned(), rule.meets(&storm).digest());
    let rules = rules();
    let forth: Vec<_> = rules.iter().map(digest).collect();
    let mut back: Vec<_> = rules.iter().rev().map(digest).collect();
    back.reverse();
    assert_eq!(forth, back);
}

/// Breakers of one storm draw their jitter apart from each other, and the same wherever
/// in memory they happen to lie.
#[test]
fn jitter_follows_from_the_storm_and_not_from_addresses() {
    for rule in [jittery(), jittery().sharing(Sharing::Each), slow()] {
        let storms = [short("outage"), short("brooker"), short("one-of-many")];
        let first = storms.each_ref().map(|storm| rule.meets(storm));
        assert!(first.iter().any(|it| it.refusals.len() > 1), "no breaker opens twice");
        // Leftovers between the runs move the next breakers elsewhere.
        let mut leftovers = Vec::new();
        for turn in 1..5_usize {
            leftovers.push(vec![0_u8; turn * 4_096 + 13 * turn]);
            for (storm, first) in storms.iter().zip(&first) {
                assert_eq!(rule.meets(storm).digest(), first.digest(), "{}", rule.name());
            }
        }
    }
}

#[test]
fn another_seed_is_another_run() {
    let storm = short("outage");
    for rule in rules() {
        let digest = |seed| rule.meets(&storm.clone().seeded(seed)).digest();
        assert_ne!(digest(1), digest(2), "{}", rule.name());
    }
}

#[test]
fn another_rule_meets_the_same_requests() {
    for name in ["outage", "retry-storm-70", "one-of-many"] {
        let storm = short(name);
        let requests = |rule: &Contender| -> Vec<u64> {
            rule.meets(&storm).bins.iter().map(|bin| bin.requests).collect()
        };
        let bare = requests(&field::unguarded());
        for rule in rules() {
            assert_eq!(requests(&rule), bare, "{name}, {}", rule.name());
        }
    }
}

/// Rule, and its digests under [`STORMS`] with seed 7.
const PINNED: [(&str, [u64; 4]); 7] = [
    (
        "none",
        [
            0x06C8_5FF8_A82E_3D40,
            0xD62D_3EB9_7708_DA5A,
            0xE08E_CEAE_07B1_DA1B,
            0xEA59_3D60_1139_F009,
        ],
    ),
    (
        "consecutive",
        [
            0xFA8C_B836_389A_0705,
            0x4435_B757_DE55_F01A,
            0x6E96_6420_CED1_E2CE,
            0x1CC3_EBCD_F5A1_2C45,
        ],
    ),
    (
        "semian-pid",
        [
            0x8206_01E7_9133_1BF1,
            0x946C_77C2_3057_6EAD,
            0xD3D1_762A_3660_0569,
            0xB426_2A33_238E_DCB8,
        ],
    ),
    (
        "fusebox",
        [
            0x1609_3B3E_4B53_CA76,
            0x9C66_C435_A533_95AE,
            0xA1B1_4DC6_9F94_C98C,
            0x8F2B_953F_92B2_3BC9,
        ],
    ),
    (
        "fusebox each",
        [
            0x1609_3B3E_4B53_CA76,
            0xB5AB_7ACE_82C8_F752,
            0xAF83_8DDE_A7EE_98E3,
            0x5E2E_51C2_F41F_2A0C,
        ],
    ),
    (
        "jittery",
        [
            0x4163_10F8_549C_AE00,
            0xEB8B_6AC1_2BD8_A482,
            0x18AD_3117_6328_AC7A,
            0xF92B_EA90_0A29_2A89,
        ],
    ),
    (
        "slow",
        [
            0x00C9_F5E6_7900_B57D,
            0x4435_B757_DE55_F01A,
            0x68A6_01AA_A235_B661,
            0x93DA_B145_9582_6FB8,
        ],
    ),
];

/// What another machine must find, too: big-endian ones, and those of 32 bits. A change
/// of the simulation or of a rule changes these numbers; nothing else does.
#[test]
fn digests_are_the_same_on_every_machine() {
    let mut found = Vec::new();
    for (name, rule) in [
        ("none", field::unguarded()),
        ("consecutive", field::by_key("consecutive").unwrap()),
        ("semian-pid", field::by_key("semian-pid").unwrap()),
        ("fusebox", field::ours()),
        ("fusebox each", field::ours_each()),
        ("jittery", jittery().sharing(Sharing::Each)),
        ("slow", slow()),
    ] {
        found.push((name, STORMS.map(|storm| rule.meets(&short(storm).seeded(7)).digest())));
    }
    assert_eq!(found, PINNED, "in hexadecimal: {found:#018X?}");
}
