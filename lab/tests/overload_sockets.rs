//! A server of sleeping workers on real sockets, at four times the load: which way a guard
//! goes, on a machine of any speed.

use std::time::Duration;

use fusebox_lab::table::overload_sockets::run;

#[test]
fn behind_an_intake_a_server_answers_more_sooner_and_the_critical_first() {
    let lasts = Duration::from_secs(2);
    let bare = run(false, 4.0, lasts).unwrap();
    let guarded = run(true, 4.0, lasts).unwrap();
    assert!(guarded.goodput > bare.goodput, "{guarded:?} {bare:?}");
    assert!(guarded.p99 < bare.p99, "{guarded:?} {bare:?}");
    let [critical, _, _, background] = guarded.kept;
    assert!(critical > background, "{guarded:?}");
}
