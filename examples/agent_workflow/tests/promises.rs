//! Each promise, broken on purpose, is found broken: it alone, with exit code 1.

mod common;

use std::thread;

use common::{broken, run};

#[test]
fn every_promise_can_be_broken() {
    let plants: [(&str, &[&str]); 10] = [
        ("lose-event", &["no event lost"]),
        ("repeat-progress", &["every progress report is in the log once"]),
        ("stale-context", &["every context stored"]),
        ("pass-breaker", &["no call made to an open breaker"]),
        (
            "exceed-quota",
            &["no board asked more often than it told", "no call made to an open breaker"],
        ),
        (
            "come-back-early",
            &["nobody came back earlier than told", "no call made to an open breaker"],
        ),
        ("shed-critical", &["nothing shed before what matters less"]),
        ("flood-region", &["no region got more than its share", "no call made to an open breaker"]),
        ("fetch-token", &["each token refreshed once"]),
        ("leave-open", &["every breaker closed again"]),
    ];
    let runs = plants.map(|(plant, promises)| {
        thread::spawn(move || {
            let args = ["--scenario", "calm", "--quick", "--json", "--plant", plant];
            let output = run(&args);
            assert_eq!(output.status.code(), Some(1), "{plant}");
            let report = serde_json::from_slice(&output.stdout).expect("a report all the same");
            let mut broken = broken(&report);
            broken.sort_by_key(|name| promises.iter().position(|it| it == name));
            assert_eq!(broken, promises, "{plant}");
        })
    });
    for run in runs {
        run.join().expect("the right promise was broken");
    }
}

/// What an outbox cannot keep is lost, and that is no secret.
#[test]
fn an_outbox_that_is_too_small_breaks_its_promise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.toml");
    let text = "about = 'a small outbox'\nrounds = 2\noutbox = 5\n
        [[fault]]\nsystem = 'event-log'\nkind = 'locked'\nfrom = 1\nuntil = 2\n";
    std::fs::write(&path, text).unwrap();
    let output = run(&["--scenario", path.to_str().unwrap(), "--quick"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("LOST") && shown.contains("BROKEN  no event lost"), "{shown}");
}
