//! The simulation against theory: queues, retries and networks, of which the answer can
//! be worked out by hand.

use fusebox_lab::{
    field,
    storm::Storm,
    time::Time,
    world::{Counts, Tally},
};

/// A storm of these tables and phases.
fn storm(clients: &str, service: &str, phases: &str) -> Storm {
    let text =
        format!("title = ''\n[clients]\n{clients}\n[service]\n{service}\n[[phases]]\n{phases}");
    Storm::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn run(storm: &Storm) -> Tally {
    field::unguarded().meets(storm)
}

fn total(clients: &str, service: &str, phases: &str) -> Counts {
    run(&storm(clients, service, phases)).total()
}

#[track_caller]
fn near(here: f64, theory: f64, share: f64) {
    let distance = (here / theory - 1.0).abs();
    assert!(distance <= share, "{here} is no {theory}: {:.1} % off", 100.0 * distance);
}

#[track_caller]
#[allow(clippy::cast_precision_loss)] // small counts
fn near_count(here: u64, theory: f64, share: f64) {
    near(here as f64, theory, share);
}

#[allow(clippy::cast_precision_loss)] // small counts
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// Pollaczek and Khinchine: what a call takes with its wait, at one server.
fn m_g_1(per_second: f64, mean: f64, deviation: f64) -> f64 {
    let busy = per_second * mean;
    let variation = (deviation / mean).powi(2);
    mean + busy / (1.0 - busy) * (1.0 + variation) / 2.0 * mean
}

#[test]
fn calls_of_one_length_wait_as_in_m_d_1() {
    for (rate, percent) in [(50.0, 0.03), (80.0, 0.05)] {
        let all = total(
            &format!("per_second = {rate}"),
            "latency.fixed = '10ms'\nservers = 1",
            "lasts = '20m'",
        );
        near_count(all.requests, rate * 1_200.0, 0.01);
        near(all.mean_success(), m_g_1(rate, 0.01, 0.0), percent);
    }
}

#[test]
fn calls_of_many_lengths_wait_as_in_m_g_1() {
    for (rate, percent) in [(50.0, 0.03), (80.0, 0.06)] {
        let service =
            "latency.log_normal = { mean = '10ms', deviation = '8ms', most = '10s' }\nservers = 1";
        let all = total(&format!("per_second = {rate}"), service, "lasts = '30m'");
        near(all.mean_success(), m_g_1(rate, 0.01, 0.008), percent);
    }
}

#[test]
fn two_lengths_wait_as_in_m_g_1() {
    // 9 of 10 take 5 ms, the others 55 ms: 10 ms on average, with a deviation of 15 ms.
    let service =
        "latency.bimodal = { usual = '5ms', rare = '55ms', rare_share = '10%' }\nservers = 1";
    let all = total("per_second = 50", service, "lasts = '30m'");
    near(all.mean_success(), m_g_1(50.0, 0.01, 0.015), 0.04);
}

/// An even stream that is slower than the server never waits.
#[test]
fn an_even_stream_waits_for_nobody() {
    let all = total(
        "per_second = 90\narrivals = 'even'",
        "latency.fixed = '10ms'\nservers = 1",
        "lasts = '60s'",
    );
    near(all.mean_success(), 0.01, 1e-9);
}

/// Erlang's B: of the calls that come while all servers are busy, none may wait.
#[test]
fn without_a_queue_calls_are_refused_as_erlang_has_it() {
    let blocked = |servers: i32, offered: f64| {
        (1..=servers).map(f64::from).fold(1.0, |b, n| offered * b / (n + offered * b))
    };
    for (servers, rate) in [(1, 100.0), (2, 150.0), (5, 300.0)] {
        let service = format!("latency.fixed = '10ms'\nservers = {servers}\nqueue = 0");
        let all = total(&format!("per_second = {rate}"), &service, "lasts = '10m'");
        near(share(all.failures, all.attempts), blocked(servers, rate * 0.01), 0.03);
    }
}

/// Little: how many are there is how many come, times how long they stay. The timeouts
/// of a storm's end tell how many there were.
#[test]
fn littles_law_holds() {
    let (mut there, mut expected) = (0.0, 0.0);
    for seed in 1..=200 {
        let storm =
            storm("per_second = 80", "latency.fixed = '100ms'\nservers = 10", "lasts = '20s'");
        let all = run(&storm.seeded(seed)).total();
        there += share(all.attempts - all.successes, 200);
        expected += share(all.requests, 20) * all.mean_success() / 200.0;
    }
    near(there, expected, 0.06);
}

/// A closed loop of n callers: as fast as their number allows, until the server is
/// busy; then as fast as the server.
#[test]
fn a_closed_loop_keeps_to_its_bounds() {
    let mut before = 0.0;
    for callers in [1, 5, 10, 20, 50, 100] {
        let n = f64::from(callers);
        // Each thinks for a second on average; a call takes 50 ms.
        let clients = format!("per_second = {callers}\ninstances = {callers}\narrivals = 'closed'");
        let all = total(&clients, "latency.fixed = '50ms'\nservers = 1", "lasts = '10m'");
        let rate = share(all.successes, 600);
        let (most, least) = ((n / 1.05).min(20.0), n / (1.0 + n * 0.05));
        assert!(rate <= most * 1.03 && rate >= least * 0.97, "{callers}: {least} {rate} {most}");
        assert!(rate > before * 0.99);
        before = rate;
        // Little, of the loop: callers = rate x (thinking + waiting).
        near(rate * (1.0 + all.mean_success()), n, 0.05);
    }
    near(before, 20.0, 0.01);
}

#[test]
fn a_busy_pool_of_workers_does_what_its_number_allows() {
    let clients = "per_second = 500\nworkers = 20\nforgotten_after = '1s'";
    let all = total(clients, "latency.endpoints = ['50ms', '150ms']", "lasts = '60s'");
    near_count(all.successes, 20.0 / 0.1 * 60.0, 0.02);
    near_count(all.requests, 30_000.0, 0.02);
    // Who is not served is forgotten, but for the last second's.
    let waiting = all.requests - all.forgotten - all.attempts;
    near_count(waiting, 500.0, 0.1);
}

#[test]
fn an_idle_pool_makes_every_request_at_once() {
    let all = total("per_second = 100\nworkers = 50", "latency.fixed = '50ms'", "lasts = '60s'");
    near(all.mean_success(), 0.05, 1e-9);
    assert!(all.requests - all.answered <= 20);
}

#[test]
fn errors_come_as_often_as_the_storm_says_and_may_be_quicker() {
    let service = "latency.fixed = '100ms'\nerrors = '20%'\nerrors_take = '30%'";
    let clients = "per_second = 100\nworkers = 10";
    let all = total(clients, service, "lasts = '5m'");
    near(share(all.failures, all.attempts), 0.2, 0.05);
    // Ten workers, of whom each call takes 0.8 x 100 ms + 0.2 x 30 ms.
    let all = total("per_second = 1000\nworkers = 10", service, "lasts = '5m'");
    near_count(all.attempts, 10.0 / 0.086 * 300.0, 0.01);
}

#[test]
fn calls_time_out_when_they_take_longer() {
    let of = |latency: &str, phases: &str| {
        let clients = "per_second = 100\ntimeout = '100ms'";
        let all = total(clients, &format!("latency.{latency}"), phases);
        assert_eq!(all.timeouts, all.failures);
        share(all.timeouts, all.successes + all.timeouts)
    };
    assert!(of("fixed = '100ms'", "lasts = '60s'") < 1e-9);
    assert!(of("fixed = '101ms'", "lasts = '60s'") > 1.0 - 1e-9);
    assert!(of("fixed = '60ms'", "lasts = '60s'\nslower = 1.6") < 1e-9);
    assert!(of("fixed = '60ms'", "lasts = '60s'\nslower = 1.7") > 1.0 - 1e-9);
    assert!(of("fixed = '60ms'", "lasts = '60s'\nadded = '40ms'") < 1e-9);
    assert!(of("fixed = '60ms'", "lasts = '60s'\nadded = '41ms'") > 1.0 - 1e-9);
    let bimodal = "bimodal = { usual = '5ms', rare = '1s', rare_share = '10%' }";
    near(of(bimodal, "lasts = '5m'"), 0.1, 0.05);
    near(of("endpoints = ['1ms', '2ms', '3ms', '1s']", "lasts = '5m'"), 0.25, 0.05);
    near(
        of("endpoints = ['1ms', '2ms', '3ms', '4ms']", "lasts = '5m'\nadded_to_one = '1s'"),
        0.25,
        0.05,
    );
    near(of("fixed = '5ms'", "lasts = '5m'\nhang = '30%'"), 0.3, 0.05);
    near(of("fixed = '5ms'", "lasts = '5m'\nloss = '30%'"), 0.3, 0.05);
}

/// Log-normal of median m and spread s: half of all calls take longer than the median.
#[test]
fn half_of_all_calls_take_longer_than_the_median() {
    // Mean 100 ms and deviation 100 ms: the median is 100 ms / sqrt(2).
    let service = "latency.log_normal = { mean = '100ms', deviation = '100ms', most = '100s' }";
    let all = total("per_second = 100\ntimeout = '70711us'", service, "lasts = '5m'");
    near(share(all.timeouts, all.successes + all.timeouts), 0.5, 0.02);
}

#[test]
fn the_network_takes_its_delay_each_way() {
    let with_network = |service: &str, timeout: &str, network: &str| {
        let mut storm =
            storm(&format!("per_second = 50\ntimeout = '{timeout}'"), service, "lasts = '60s'");
        let other = format!(
            "title = ''\n[network]\n{network}\n[clients]\nper_second = 1\ntimeout = '1s'\n[service]\nlatency.fixed = '1s'\n[[phases]]\nlasts = '1s'"
        );
        storm.network = Storm::parse(&other).unwrap().network;
        run(&storm).total()
    };
    for service in ["latency.fixed = '10ms'", "latency.fixed = '10ms'\nservers = 1000"] {
        let all = with_network(service, "1s", "delay = '20ms'");
        near(all.mean_success(), 0.05, 1e-9);
        let all = with_network(service, "49ms", "delay = '20ms'");
        assert_eq!((all.successes, all.failures), (0, all.timeouts));
        let all = with_network(service, "1s", "loss = '10%'");
        near(share(all.timeouts, all.attempts), 0.1, 0.1);
        near(all.mean_success(), 0.01, 1e-9);
    }
}

#[test]
fn a_partition_cuts_its_share_of_the_callers_off() {
    let clients = "per_second = 100\ninstances = 10\ntimeout = '1s'";
    for (share_of, phase) in [(0.0, "0%"), (0.3, "30%"), (1.0, "100%")] {
        let all = total(
            clients,
            "latency.fixed = '1ms'",
            &format!("lasts = '100s'\npartition = '{phase}'"),
        );
        let lost = share(all.timeouts, all.successes + all.timeouts);
        assert!((lost - share_of).abs() < 0.02, "{phase}: {lost}");
    }
}

#[test]
fn a_ramp_grows_from_the_phase_before_to_its_own() {
    let phases = "lasts = '20s'\n[[phases]]\nlasts = '100s'\nerrors = '50%'\nramp = true\n[[phases]]\nlasts = '100s'\nerrors = '10%'\nramp = true";
    let tally = run(&storm("per_second = 1000", "latency.fixed = '0s'", phases));
    let errors = |from, to| {
        let all = tally.between(Time::secs(from), Time::secs(to));
        share(all.failures, all.attempts)
    };
    assert!(errors(0, 20) < 1e-9);
    for (from, theory) in
        [(20, 0.05), (60, 0.25), (100, 0.45), (120, 0.46), (160, 0.30), (200, 0.14)]
    {
        near(errors(from, from + 20), theory, 0.05);
    }
}

#[test]
fn an_added_time_ramps_too() {
    let phases = "lasts = '10s'\n[[phases]]\nlasts = '100s'\nadded = '100ms'\nramp = true";
    let tally = run(&storm("per_second = 100", "latency.fixed = '0s'", phases));
    assert!(tally.phase(0).mean_success() < 1e-9);
    near(tally.phase(1).mean_success(), 0.05, 0.02);
    near(tally.between(Time::secs(100), Time::secs(110)).mean_success(), 0.095, 0.01);
}

#[test]
fn load_multiplies_the_requests_of_its_phase() {
    let phases =
        "lasts = '60s'\n[[phases]]\nlasts = '60s'\nload = 3\n[[phases]]\nlasts = '60s'\nload = 0.5";
    for arrivals in ["poisson", "even", "closed"] {
        let clients = format!("per_second = 100\ninstances = 20\narrivals = '{arrivals}'");
        let tally = run(&storm(&clients, "latency.fixed = '0s'", phases));
        for (phase, theory) in [(0, 6_000.0), (1, 18_000.0), (2, 3_000.0)] {
            near_count(tally.phase(phase).requests, theory, 0.05);
        }
    }
}

/// A server that is asked for twice of what it can do, by callers who wait a second.
fn overloaded(more: &str) -> Counts {
    let service = format!("latency.fixed = '10ms'\nservers = 1\n{more}");
    total("per_second = 200\ntimeout = '1s'", &service, "lasts = '60s'")
}

#[test]
fn dead_work_is_done_unless_the_storm_says_otherwise() {
    let dead = overloaded("");
    // The line grows by 100 a second: after two seconds all who reach its end have gone.
    near_count(dead.dead_work, 100.0 * 58.0, 0.05);
    near_count(dead.successes, 100.0 * 2.0, 0.3);
    let alive = overloaded("dead_work = false");
    assert_eq!(alive.dead_work, 0);
    // Who gets to the server has waited for nearly a second, and some then see no answer.
    assert!(alive.successes > 5 * dead.successes, "{alive:?} {dead:?}");
}

#[test]
fn a_full_queue_refuses_with_an_error_at_once() {
    let all = overloaded("queue = 9");
    assert_eq!((all.timeouts, all.dead_work), (0, 0));
    near_count(all.successes, 100.0 * 60.0, 0.02);
    near_count(all.failures, 100.0 * 60.0, 0.05);
    // Nine wait, and one is served.
    assert!(all.mean_success() > 0.08 && all.mean_success() <= 0.1, "{}", all.mean_success());
}

#[test]
fn patience_at_a_queue_ends_with_an_error() {
    let all = overloaded("queue_timeout = '300ms'");
    assert_eq!((all.timeouts, all.dead_work), (0, 0));
    near_count(all.successes, 100.0 * 60.0, 0.02);
    near_count(all.failures, 100.0 * 60.0, 0.06);
    assert!(all.mean_success() <= 0.31 && all.mean_success() > 0.25, "{}", all.mean_success());
}

/// Who has left the line takes no room in it: as many come in as go.
#[test]
fn who_leaves_the_line_makes_room() {
    let service = "latency.fixed = '10ms'\nservers = 1\nqueue = 10\nqueue_timeout = '1s'";
    let phases = "lasts = '1s'\n[[phases]]\nlasts = '30s'\nstalled = true";
    let storm = storm("per_second = 20\ntimeout = '5s'\narrivals = 'even'", service, phases);
    let tally = run(&storm);
    // Ten wait for a second each, time and again; the others are refused at once. Either
    // is an error, and their times tell which: here, how many are under way at the end.
    let end = tally.total();
    let under_way = end.attempts - end.successes - end.failures;
    assert_eq!(under_way, 10);
}

#[test]
fn a_stall_serves_nobody_and_then_everybody() {
    let phases =
        "lasts = '10s'\n[[phases]]\nlasts = '10s'\nstalled = true\n[[phases]]\nlasts = '20s'";
    let tally = run(&storm("per_second = 50", "latency.fixed = '10ms'\nservers = 1", phases));
    // Whom the server had begun with.
    assert!(tally.phase(1).successes <= 1);
    let all = tally.total();
    assert!(all.requests - all.answered <= 10, "{all:?}");
    // 500 wait at the end of the stall, and go by 50 a second.
    let busy = tally.between(Time::secs(20), Time::secs(28));
    near_count(busy.successes, 800.0, 0.01);
}

#[test]
fn cold_caches_make_the_first_calls_after_a_stall_slow() {
    let phases =
        "lasts = '10s'\n[[phases]]\nlasts = '10s'\nstalled = true\n[[phases]]\nlasts = '20s'";
    let after = |cold: &str| {
        let service = format!("latency.fixed = '10ms'\nservers = 1\n{cold}");
        let tally = run(&storm("per_second = 20", &service, phases));
        tally.between(Time::secs(20), Time::secs(22)).successes
    };
    // The last of 200 ends at the end of the second.
    assert_eq!(after(""), 199);
    // The first call takes ten times as long, the last of a hundred hardly longer: five
    // and a half times on average. 40 x 10 ms x (10 + 6.4) / 2 = 3.3 s.
    let cold = after("cold = { times = 10, calls = 100 }");
    let took =
        |calls: u64| (0..calls).map(|at| 0.01 * (1.0 + 9.0 * (1.0 - share(at, 100)))).sum::<f64>();
    assert!(took(cold) <= 2.0 && took(cold + 1) > 2.0, "{cold}");
}

/// What servers do for calls that they refuse, they cannot do for others: of an offered
/// load L, S calls are served, with S + c (L - S) = C.
#[test]
fn refusals_cost_capacity() {
    for (takes, cost) in [("0%", 0.0), ("10%", 0.1), ("30%", 0.3)] {
        for load in [1_500.0, 2_000.0] {
            let service = format!(
                "latency.fixed = '20ms'\nservers = 20\nqueue = 20\nrefusal_takes = '{takes}'"
            );
            let all = total(&format!("per_second = {load}"), &service, "lasts = '2m'");
            let served = (1_000.0 - cost * load) / (1.0 - cost);
            near_count(all.successes, 120.0 * served, 0.02);
        }
    }
}

/// Twice what it can do while it is cold: it collapses after a second, and a second later
/// it is cold again. With a little less than it can do for six seconds, it is warm.
#[test]
fn a_service_that_is_not_warmed_up_collapses_again_and_again() {
    let run = |rate: u32| {
        let clients = format!("per_second = {rate}\narrivals = 'even'");
        let service =
            "latency.fixed = '1ms'\nwarm_up = { lasts = '5s', holds = '50%', down = '1s' }";
        let outage = "lasts = '10s'\nerrors = '100%'\nload = 0.1";
        let phases = format!("{outage}\n[[phases]]\nlasts = '30s'");
        run(&storm(&clients, service, &phases))
    };
    let tally = run(100);
    assert_eq!(tally.collapses.len(), 15, "{:?}", tally.collapses);
    near_count(tally.phase(1).failures, 1_500.0, 0.02);
    let mut slower = storm(
        "per_second = 100\narrivals = 'even'",
        "latency.fixed = '1ms'\nwarm_up = { lasts = '5s', holds = '50%', down = '1s' }",
        "lasts = '10s'\nerrors = '100%'\n[[phases]]\nlasts = '6s'\nload = 0.49\n[[phases]]\nlasts = '30s'",
    );
    for load in [0.49, 0.6] {
        slower.phases[1].load = Some(load);
        let tally = self::run(&slower);
        assert_eq!(tally.collapses.is_empty(), load < 0.5, "{load}: {:?}", tally.collapses);
    }
}

#[test]
fn a_fifth_of_the_calls_is_critical() {
    let tally = run(&storm(
        "per_second = 100\ncritical = '20%'",
        "latency.fixed = '1ms'",
        "lasts = '5m'\nerrors = '10%'",
    ));
    let (all, critical) = (tally.total(), tally.of_critical(Time::ZERO, Time::secs(300)));
    near(share(critical.requests, all.requests), 0.2, 0.03);
    near(share(critical.answered, critical.requests), 0.9, 0.02);
}

#[test]
fn hanging_calls_keep_their_servers_as_long_as_callers_wait() {
    // One in ten hangs for a second, and the others take 10 ms: 9.17 a second.
    let service = "latency.fixed = '10ms'\nservers = 1\nqueue = 0";
    let all = total("per_second = 1000\ntimeout = '1s'", service, "lasts = '10m'\nhang = '10%'");
    let served = all.successes + all.timeouts;
    near_count(served, 600.0 / (0.1 * 1.0 + 0.9 * 0.01 + 0.001), 0.05);
    near(share(all.timeouts, served), 0.1, 0.1);
}

/// With tries that fail independently the attempts are a geometric sum.
#[test]
fn retries_multiply_the_load_as_a_geometric_sum() {
    for (errors, attempts) in [("10%", 3), ("50%", 4), ("100%", 5)] {
        let p: f64 = errors.trim_end_matches('%').parse::<f64>().unwrap() / 100.0;
        let mut storm = storm(
            "per_second = 100",
            "latency.fixed = '1ms'",
            &format!("lasts = '2m'\nerrors = '{errors}'"),
        );
        storm.retry.attempts = attempts;
        let all = run(&storm).total();
        let sum: f64 = (0..attempts).map(|n| p.powi(n.cast_signed())).sum();
        near(share(all.attempts, all.requests), sum, 0.02);
        let answered = 1.0 - p.powi(attempts.cast_signed());
        assert!((share(all.answered, all.requests) - answered).abs() < 0.01);
    }
}

#[test]
fn delays_double_up_to_the_longest() {
    // One request fails six times: after 0, 100, 300, 700, 1100 and 1500 ms.
    let mut storm = storm(
        "per_second = 100\narrivals = 'even'",
        "latency.fixed = '0s'",
        "lasts = '10s'\nerrors = '100%'",
    );
    storm.retry.attempts = 6;
    (storm.retry.delay, storm.retry.most) = (Time::millis(100), Time::millis(400));
    storm.phases[0].lasts = Time::millis(1_600);
    let tally = field::unguarded().meets_in_bins(&storm, Time::millis(10));
    let tries: Vec<_> = tally.bins.iter().map(|bin| bin.attempts).collect();
    let steps = [
        (1, 1),
        (10, 1),
        (11, 2),
        (30, 2),
        (31, 3),
        (70, 3),
        (71, 4),
        (110, 4),
        (111, 5),
        (150, 5),
        (151, 6),
    ];
    for (bin, expected) in steps {
        assert_eq!(tries[bin], expected, "at {bin}0 ms: {tries:?}");
    }
}
