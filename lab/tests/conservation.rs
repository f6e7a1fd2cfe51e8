//! Nothing is lost and nothing is made up: what goes into a storm comes out of it.

use std::time::Duration;

use fusebox::{BreakerConfig, presets};
use fusebox_lab::{
    contender::Contender,
    field,
    storm::{Arrivals, Bimodal, Cold, Latency, LogNormal, Phase, Share, Sharing, Storm, WarmUp},
    time::Time,
    world::{Counts, Tally},
};
use proptest::prelude::*;

const RULES: usize = 8;

fn rule(number: usize) -> Contender {
    let of_field = |key| field::by_key(key).unwrap();
    let config = BreakerConfig::new().recovery_timeout(Duration::from_millis(300));
    match number {
        0 => field::unguarded(),
        1 => of_field("consecutive"),
        2 => of_field("semian-pid"),
        3 => of_field("aws-budget"),
        4 => field::ours(),
        5 => Contender::fusebox("slow", config.slow_call(Duration::from_millis(20)).build()),
        6 => {
            Contender::fusebox("jittery", config.recovery_jitter(30).build()).sharing(Sharing::Each)
        }
        _ => Contender::fusebox("budgeted", presets::AI_PROVIDER)
            .with_budget(|| Box::new(fusebox_lab::rules::FinagleBudget::default())),
    }
}

fn share() -> impl Strategy<Value = Option<Share>> {
    let some = (0..=10_u8).prop_map(|tenths| Share::new(f64::from(tenths) / 10.0));
    prop_oneof![2 => Just(None), 1 => some]
}

fn time(most_ms: u64) -> impl Strategy<Value = Option<Time>> {
    prop_oneof![2 => Just(None), 1 => (0..=most_ms).prop_map(|ms| Some(Time::millis(ms)))]
}

fn latency() -> impl Strategy<Value = Latency> {
    let ms = Time::millis;
    prop_oneof![
        (0..80_u64).prop_map(move |it| Latency::Fixed(ms(it))),
        (1..80_u64).prop_map(move |it| Latency::Endpoints(vec![ms(1), ms(it), ms(2 * it)])),
        (1..80_u64, 0..80_u64).prop_map(move |(mean, deviation)| Latency::LogNormal(LogNormal {
            mean: ms(mean),
            deviation: ms(deviation),
            least: Time::ZERO,
            most: ms(1_000),
        })),
        (0..20_u64, 0..500_u64).prop_map(move |(usual, rare)| Latency::Bimodal(Bimodal {
            usual: ms(usual),
            rare: ms(rare),
            rare_share: Share::new(0.1).unwrap(),
        })),
    ]
}

prop_compose! {
    fn phase(has_servers: bool)(
        lasts in 1..4_u64,
        shares in (share(), share(), share(), share()),
        times in (time(200), time(200)),
        stalled in prop::bool::weighted(0.2),
        slower in prop::option::weighted(0.2, 0.1..5.0),
        load in prop::option::weighted(0.2, 0.1..3.0),
        ramp in prop::bool::weighted(0.2),
    ) -> Phase {
        Phase {
            lasts: Time::secs(lasts),
            errors: shares.0,
            hang: shares.1,
            loss: shares.2,
            partition: shares.3,
            added: times.0,
            added_to_one: times.1,
            stalled: stalled && has_servers,
            slower,
            load,
            ramp,
            ..Phase::default()
        }
    }
}

prop_compose! {
    fn clients()(
        seed in any::<u64>(),
        per_second in 1.0..120.0,
        arrivals in prop_oneof![Just(Arrivals::Poisson), Just(Arrivals::Even), Just(Arrivals::Closed)],
        instances in 1..6_usize,
        workers in prop::option::of(1..6_usize),
        forgotten in time(300),
        timeout in 1..400_u64,
        each in any::<bool>(),
        attempts in 1..5_u32,
        delay in 0..100_u64,
        jitter in any::<bool>(),
    ) -> Storm {
        let mut storm = Storm::parse(
            "title = ''\n[clients]\nper_second = 1\n[service]\nlatency.fixed = '1ms'\n[[phases]]\nlasts = '1s'",
        )
        .unwrap();
        let clients = &mut storm.clients;
        (clients.per_second, clients.arrivals, clients.instances) = (per_second, arrivals, instances);
        clients.timeout = Time::millis(timeout);
        if arrivals != Arrivals::Closed && workers.is_some() {
            clients.workers = workers;
            clients.forgotten_after = forgotten.unwrap_or(Time::NEVER);
        }
        clients.breakers = if each { Sharing::Each } else { Sharing::Shared };
        storm.retry.attempts = attempts;
        (storm.retry.delay, storm.retry.jitter) = (Time::millis(delay), jitter);
        storm.seed = seed;
        storm
    }
}

prop_compose! {
    fn any_storm()(has_servers in any::<bool>())(
        storm in clients(),
        count in prop_oneof![3 => Just(1), 1 => 2..4_usize],
        latency in latency(),
        shares in (share(), share(), share()),
        servers in 1..6_usize,
        queue in prop::option::of(0..10_usize),
        patience in time(200),
        dead_work in any::<bool>(),
        (cold, warm_up, refusal) in (any::<bool>(), any::<bool>(), share()),
        critical in share(),
        delay in time(30),
        phases in prop::collection::vec(phase(has_servers), 1..5),
        has_servers in Just(has_servers),
    ) -> Storm {
        let mut storm = storm;
        let service = &mut storm.service;
        (service.count, service.latency) = (count, latency);
        service.errors = shares.0.unwrap_or_default();
        service.errors_take = shares.1.unwrap_or(Share::FULL);
        if has_servers {
            (service.servers, service.queue) = (Some(servers), queue);
            service.queue_timeout = patience.unwrap_or(Time::NEVER);
            service.dead_work = dead_work;
            service.cold = cold.then_some(Cold { times: 5.0, calls: 20 });
            service.refusal_takes = refusal.unwrap_or_default();
        }
        let holds = Share::new(0.5).unwrap();
        let (lasts, down) = (Time::millis(400), Time::millis(200));
        service.warm_up = warm_up.then_some(WarmUp { lasts, holds, down });
        storm.clients.critical = critical.unwrap_or_default();
        storm.network.delay = delay.unwrap_or_default();
        storm.network.loss = shares.2.filter(|it| it.get() < 0.9).unwrap_or_default();
        storm.phases = phases;
        storm.phases[0].ramp = false;
        storm
    }
}

/// The requests that callers may have begun and not ended.
fn unended(storm: &Storm, total: &Counts) -> u64 {
    let ended = total.answered + total.lost + total.forgotten;
    assert!(ended <= total.requests, "{ended} of {} requests ended", total.requests);
    let left = total.requests - ended;
    if storm.clients.arrivals == Arrivals::Closed {
        assert!(left <= storm.clients.instances as u64, "a caller has two requests");
    }
    left
}

/// Critical calls are among the others.
fn critical(storm: &Storm, tally: &Tally) {
    let (total, critical) = (tally.total(), tally.of_critical(Time::ZERO, storm.lasts()));
    // None is critical before a worker takes it up.
    let taken_up = Counts { requests: critical.requests, forgotten: 0, ..total };
    match storm.clients.critical {
        Share::NONE => assert_eq!(critical, Counts::default()),
        Share::FULL => assert_eq!(critical, taken_up),
        _ => assert!(critical.numbers().into_iter().zip(total.numbers()).all(|(a, b)| a <= b)),
    }
    assert!(critical.answered + critical.lost <= critical.requests);
}

fn check(storm: &Storm, contender: &Contender, tally: &Tally) {
    let total = tally.total();
    let unended = unended(storm, &total);

    // Attempts.
    let ended = total.successes + total.failures;
    assert!(ended <= total.attempts, "{ended} of {} attempts ended", total.attempts);
    let under_way = total.attempts - ended;
    assert!(under_way <= unended, "a request has two attempts under way");
    assert!(total.timeouts <= total.failures);
    assert!(total.dead_work <= total.timeouts, "work for callers who have not given up");
    if let Some(workers) = storm.clients.workers {
        assert!(under_way <= workers as u64, "a worker has two calls");
    }

    // Each request that was taken up makes an attempt, or is refused one, at once.
    let first = total.attempts - total.retries;
    assert!(first + total.refused >= total.answered + total.lost);
    assert!(first <= total.requests);
    assert!(total.retries <= u64::from(storm.retry.attempts - 1) * total.requests);
    // A request ends at its first refusal, with its first success, or is out of tries.
    assert_eq!(total.answered, total.successes);
    assert!(total.refused <= total.lost);
    if storm.retry.attempts == 1 {
        assert_eq!((total.retries, total.lost), (0, total.failures + total.refused));
    }
    if contender.name() == "none" {
        assert_eq!((total.refused, tally.refusals.len(), total.probes), (0, 0, 0));
        assert!(total.failures >= total.retries);
    }
    if storm.clients.forgotten_after == Time::NEVER {
        assert_eq!(total.forgotten, 0);
    }
    // Nobody waits longer than the timeout.
    assert!(total.took.as_micros() <= storm.clients.timeout.as_micros() * total.successes);

    // Bins.
    let mut sum = Counts::default();
    tally.bins.iter().for_each(|bin| sum += *bin);
    assert_eq!(sum, total);
    let mut sum = Counts::default();
    (0..tally.phases.len()).for_each(|at| sum += tally.phase(at));
    assert_eq!(sum, total, "phases are whole bins");
    let (from, to) = (Time::secs(1), storm.lasts());
    let mut both = tally.of_first(from, to);
    both += tally.of_others(from, to);
    assert_eq!(both, tally.between(from, to));
    let first = tally.of_first(Time::ZERO, to);
    assert_eq!((first.requests, first.forgotten), (0, 0));
    if storm.service.count == 1 {
        let others = tally.of_others(Time::ZERO, to);
        let requests =
            Counts { requests: total.requests, forgotten: total.forgotten, ..Counts::default() };
        assert_eq!(others, requests, "there are no others");
    }
    critical(storm, tally);
    let refused_first = first.refused;
    assert!(tally.refusals.len() as u64 <= refused_first, "an opening that refuses nobody");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn nothing_is_lost(storm in any_storm(), number in 0..RULES) {
        let contender = rule(number);
        check(&storm, &contender, &contender.meets(&storm));
    }

    /// With nothing in between, requests and answers are the same.
    #[test]
    fn in_good_weather_every_request_is_answered(seed in any::<u64>(), number in 0..RULES) {
        let storm = Storm::parse(
            "title = ''\n[clients]\nper_second = 100\n[service]\nlatency.fixed = '1ms'\n[[phases]]\nlasts = '10s'",
        );
        let storm = storm.unwrap().seeded(seed);
        let total = rule(number).meets(&storm).total();
        prop_assert!(total.requests - total.answered <= 3, "{total:?}");
        prop_assert_eq!((total.lost, total.failures, total.refused), (0, 0, 0));
    }

    /// Finer bins change nothing but where things are counted.
    #[test]
    fn finer_bins_have_the_same_sum(storm in any_storm(), number in 0..RULES) {
        let contender = rule(number);
        let fine = contender.meets_in_bins(&storm, Time::millis(100));
        let coarse = contender.meets(&storm);
        prop_assert_eq!(fine.total(), coarse.total());
        prop_assert_eq!((fine.events, fine.writes), (coarse.events, coarse.writes));
    }
}
