//! What a storm's file may say: each error names the line or the field, and what is
//! allowed; no text makes the laboratory panic; and what is accepted comes to an end.

use std::fmt::Write as _;

use fusebox_lab::{
    field,
    storm::{BUILTIN, Storm},
    time::Time,
};
use proptest::prelude::*;

/// A storm with all tables, to which a test adds lines at the marks.
const WHOLE: &str = r#"
title = "A test"
#top
[clients]
#clients
[service]
#service
[[phases]]
#phase
"#;

/// The storm with these lines in these tables; what a storm needs comes on top, where
/// the lines do not have it.
fn file(lines: &[(&str, &str)]) -> String {
    let mut text = WHOLE.to_owned();
    let needed = [
        ("clients", "per_second", "per_second = 10"),
        ("service", "latency", "latency.fixed = \"1ms\""),
        ("phase", "lasts", "lasts = \"10s\""),
    ];
    let needed = needed
        .iter()
        .filter(|(table, key, _)| {
            let given = |line: &str| line.contains(key) || line.contains("turns");
            !lines.iter().any(|line| line.0 == *table && given(line.1))
        })
        .map(|(table, _, line)| (*table, *line));
    for (table, line) in needed.chain(lines.iter().copied()) {
        let mark = format!("#{table}\n");
        text = text.replace(&mark, &format!("{line}\n{mark}"));
    }
    text
}

fn refused(text: &str) -> String {
    match Storm::parse(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// The file with these lines is refused, with a message that has all of these words.
fn refuses(lines: &[(&str, &str)], words: &[&str]) {
    let message = refused(&file(lines));
    for word in words {
        assert!(message.contains(word), "{lines:?}: `{word}` is not in:\n{message}");
    }
}

fn accepts(lines: &[(&str, &str)]) -> Storm {
    let text = file(lines);
    Storm::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_least_file_is_a_storm() {
    assert_eq!(accepts(&[]).lasts(), Time::secs(10));
}

#[test]
fn an_empty_file_lacks_its_title() {
    assert!(refused("").contains("missing field `title`"), "{}", refused(""));
    assert!(refused("title = 'x'").contains("missing field `clients`"));
}

#[test]
fn an_unknown_key_shows_its_line_and_the_ones_there_are() {
    refuses(&[("top", "seeed = 1")], &["line 3", "seeed", "`seed`", "`phases`"]);
    refuses(&[("clients", "rate = 1")], &["line 6", "rate", "`per_second`", "`timeout`"]);
    refuses(&[("service", "lines = 1")], &["lines", "`queue`", "`servers`"]);
    refuses(&[("phase", "error = '1%'")], &["error", "`errors`", "`added_to_one`"]);
    refuses(&[("service", "latency.fix = '1s'")], &["fix", "`fixed`", "`log_normal`"]);
    refuses(&[("clients", "arrivals = 'odd'")], &["odd", "`poisson`", "`even`", "`closed`"]);
    refuses(&[("clients", "breakers = 'all'")], &["all", "`shared`", "`each`"]);
}

#[test]
fn a_key_that_comes_twice_shows_its_line() {
    refuses(&[("top", "seed = 1"), ("top", "seed = 2")], &["line 4", "duplicate"]);
}

#[test]
fn a_value_of_another_type_shows_its_line() {
    refuses(&[("top", "seed = 'one'")], &["line 3", "seed", "string"]);
    refuses(&[("top", "seed = -1")], &["line 3", "-1"]);
    refuses(&[("clients", "per_second = '10'")], &["line 5", "per_second", "string"]);
    refuses(&[("clients", "instances = 1.5")], &["1.5"]);
    refuses(&[("clients", "instances = -1")], &["-1"]);
    refuses(&[("clients", "timeout = 5")], &["timeout = 5", "expected a string"]);
    refuses(&[("phase", "times = 99999999999")], &["99999999999"]);
    refuses(&[("phase", "stalled = 'yes'")], &["stalled", "boolean"]);
    refuses(&[("top", "network = 3")], &["network"]);
}

#[test]
fn a_time_shows_how_it_is_written() {
    for bad in ["", "5", "five", "-1s", "1 parsec", "1e3s", "NaN"] {
        refuses(&[("clients", &format!("timeout = '{bad}'"))], &["line 6", "no time", "1m30s"]);
    }
    refuses(&[("clients", "timeout = '25h'")], &["25h", "longer than 24h"]);
    refuses(&[("clients", "timeout = '99999999999999years'")], &["line 6"]);
    refuses(&[("clients", "timeout = '1500ns'")], &["1500ns", "finer than a microsecond"]);
    refuses(&[("clients", "timeout = '0s'")], &["clients.timeout", "longer than nothing"]);
}

#[test]
fn a_share_shows_how_it_is_written() {
    for bad in ["", "5", "%", "-1%", "101%", "NaN%", "inf%", "5%%", "0.5"] {
        refuses(&[("phase", &format!("errors = '{bad}'"))], &["line 12", "no share", "100%"]);
    }
    refuses(&[("phase", "errors = 0.5")], &["errors = 0.5", "string"]);
}

#[test]
fn numbers_have_ranges() {
    for bad in ["0", "-1", "1e-9", "100001", "1e300", "inf", "-inf", "nan", "-nan"] {
        let line = format!("per_second = {bad}");
        refuses(&[("clients", &line)], &["`clients.per_second` is", "from 0.001 to 100000"]);
    }
    let of_clients = [("instances", "0"), ("instances", "100001"), ("workers", "0")];
    for (key, bad) in of_clients {
        let field = format!("`clients.{key}` is {bad}");
        refuses(&[("clients", &format!("{key} = {bad}"))], &[&field, "from 1 to 100000"]);
    }
    for (key, bad) in [("count", "0"), ("count", "1001"), ("servers", "0"), ("servers", "100001")] {
        let field = format!("`service.{key}` is {bad}");
        refuses(&[("service", &format!("{key} = {bad}"))], &[&field, "from 1 to 100"]);
    }
    for (key, bad) in [("slower", "0"), ("slower", "nan"), ("load", "-1"), ("load", "1001")] {
        let field = format!("`phases.{key}` is");
        refuses(&[("phase", &format!("{key} = {bad}"))], &[&field, "from 0.001 to 1000"]);
    }
    for (line, field) in [("attempts = 0", "attempts"), ("attempts = 101", "attempts")] {
        refuses(&[("top", &format!("retry.{line}"))], &[field, "from 1 to 100"]);
    }
    let delays = "retry = { attempts = 2, delay = '2s', most = '1s' }";
    refuses(&[("top", delays)], &["retry.delay", "at most retry.most"]);
}

#[test]
fn latencies_have_ranges() {
    let refuses = |line: &str, words: &[&str]| refuses(&[("service", line)], words);
    refuses("latency.endpoints = []", &["service.latency.endpoints", "from 1 to 1000"]);
    let many = vec!["'1s'"; 1_001].join(",");
    refuses(&format!("latency.endpoints = [{many}]"), &["is 1001", "from 1 to 1000"]);
    let zero = "latency.log_normal = { mean = '0s', deviation = '1s', most = '1s' }";
    refuses(zero, &["service.latency.mean", "longer than nothing"]);
    let least = "latency.log_normal = { mean = '1s', deviation = '1s', least = '2s', most = '1s' }";
    refuses(least, &["service.latency.least", "at most latency.most"]);
    let drawn =
        "latency.drawn_endpoints = { endpoints = 0, mean = '1s', deviation = '1s', most = '1s' }";
    refuses(drawn, &["service.latency.endpoints", "from 1 to 1000"]);
    refuses("latency = {}", &["line 8"]);
    refuses("latency = { fixed = '1s', endpoints = ['1s'] }", &["line 8"]);
    let cold = [("service", "servers = 1"), ("service", "cold = { times = 0.5, calls = 9 }")];
    self::refuses(&cold, &["service.cold.times", "from 1 to 1000"]);
    refuses(
        "warm_up = { lasts = '0s', holds = '40%', down = '1s' }",
        &["service.warm_up.lasts", "longer than nothing"],
    );
    refuses(
        "warm_up = { lasts = '5s', holds = '40%', down = '0s' }",
        &["service.warm_up.down", "longer than nothing"],
    );
    refuses(
        "warm_up = { lasts = '5s', holds = '0%', down = '1s' }",
        &["`service.warm_up.holds` is 0%", "more than nothing"],
    );
}

#[test]
fn phases_have_lengths_and_there_are_some() {
    refuses(&[("phase", "lasts = '0s'")], &["phases.lasts", "longer than nothing"]);
    let without = file(&[]).replace("lasts = \"10s\"", "errors = '1%'");
    assert!(refused(&without).contains("`phases.lasts` is 0ns"));
    let none = file(&[("top", "phases = []")]).replace("[[phases]]\nlasts = \"10s\"", "");
    assert!(refused(&none).contains("`phases` is 0; it must be from 1 to 10000 phases"));
    let missing = file(&[]).replace("[[phases]]\nlasts = \"10s\"", "");
    assert!(refused(&missing).contains("missing field `phases`"));
    refuses(&[("phase", "ramp = true")], &["phases.ramp", "left out of the first phase"]);
}

#[test]
fn what_has_no_meaning_is_refused() {
    let needs = "left out where service.servers is";
    refuses(&[("phase", "stalled = true")], &["phases.stalled", needs]);
    refuses(&[("service", "queue = 3")], &["service.queue", needs]);
    refuses(&[("service", "queue_timeout = '1s'")], &["service.queue_timeout", needs]);
    refuses(&[("service", "cold = { times = 2, calls = 9 }")], &["service.cold", needs]);
    let takes = [("service", "refusal_takes = '25%'")];
    refuses(&takes, &["`service.refusal_takes` is 25%", needs]);
    let forgotten = [("clients", "forgotten_after = '1s'")];
    refuses(&forgotten, &["clients.forgotten_after", "left out where clients.workers is"]);
    let closed = [("clients", "arrivals = 'closed'"), ("clients", "workers = 3")];
    refuses(&closed, &["clients.workers", "name instances"]);
}

#[test]
fn calls_that_get_lost_need_a_timeout() {
    for line in [
        "hang = '1%'",
        "loss = '1%'",
        "partition = '1%'",
        "loss = '0%'\npartition = '1%'",
        "hang = '0%'\nloss = '0%'\npartition = '100%'",
    ] {
        refuses(&[("phase", line)], &["clients.timeout", "set, as calls get lost"]);
        accepts(&[("phase", line), ("clients", "timeout = '1s'")]);
    }
    refuses(&[("top", "network.loss = '1%'")], &["clients.timeout", "set, as calls get lost"]);
    accepts(&[("phase", "hang = '0%'\nloss = '0%'")]);
}

#[test]
fn a_storm_lasts_a_day_at_most() {
    let day = [("clients", "per_second = 1")];
    accepts(&[day[0], ("phase", "lasts = '1h'\ntimes = 24")]);
    refuses(&[day[0], ("phase", "lasts = '1h'\ntimes = 25")], &["phases.lasts", "a day at most"]);
}

#[test]
fn repeated_phases_are_counted_before_they_are_written_out() {
    let tiny = "lasts = '1ms'";
    assert_eq!(accepts(&[("phase", "lasts = '1ms'\ntimes = 10000")]).phases.len(), 10_000);
    for bad in ["0", "10001", "4294967295"] {
        let line = format!("{tiny}\ntimes = {bad}");
        refuses(&[("phase", &line)], &["phases.times", bad, "from 1 to 10000"]);
    }
    let nested = |times: u32, depth: usize, inner: &str| {
        let begin = format!("{{ times = {times}, turns = [").repeat(depth);
        format!("times = {times}\nturns = [{begin}{inner}{}]", "] }".repeat(depth))
    };
    let ten = nested(10, 3, "{ lasts = '1ms' }");
    assert_eq!(accepts(&[("phase", &ten)]).phases.len(), 10_000);
    for many in [nested(11, 3, "{ lasts = '1ms' }"), nested(10_000, 9, "{ lasts = '1ms' }")] {
        refuses(&[("phase", &many)], &["`phases` is more than 10000", "from 1 to 10000"]);
    }
    // Loops of nothing would never add a phase, nor end.
    let nothing = nested(10_000, 9, "{ turns = [] }");
    refuses(&[("phase", &nothing)], &["phases.turns", "one phase or more"]);
    let both = "errors = '1%'\nturns = [{ lasts = '1s' }]";
    refuses(&[("phase", both)], &["phases.turns", "alone with `times`"]);
    let turns = "times = 2\nturns = [{ lasts = '1s', times = 2 }, { lasts = '5s' }]";
    let lasts: Vec<_> =
        accepts(&[("phase", turns)]).phases.iter().map(|it| it.lasts.as_millis()).collect();
    assert_eq!(lasts, [1_000, 1_000, 5_000, 1_000, 1_000, 5_000]);
}

#[test]
fn deep_nesting_is_refused() {
    let depth = 20_000;
    let inline = format!("turns = [{}{}]", "{ turns = [".repeat(depth), "] }".repeat(depth));
    let brackets = format!("title = {}{}", "[".repeat(depth), "]".repeat(depth));
    let header = format!("{}[[phases{}]]\nlasts = '1s'", file(&[]), ".turns".repeat(depth));
    let dotted = format!("title{} = 1", ".a".repeat(depth));
    for deep in [file(&[("phase", &inline)]), brackets, header, dotted] {
        assert!(refused(&deep).contains("recursion"));
    }
}

/// What would run for hours, or take all memory.
#[test]
fn a_storm_is_small_enough_to_end() {
    let few = "so low that 20 million attempts are made at most, retries counted";
    let day = ("phase", "lasts = '24h'");
    refuses(&[day, ("clients", "per_second = 100000")], &["clients.per_second", few]);
    refuses(&[day, ("clients", "per_second = 232")], &["clients.per_second", few]);
    accepts(&[day, ("clients", "per_second = 231")]);
    let attempts = ("top", "retry.attempts = 100");
    refuses(&[day, ("clients", "per_second = 3"), attempts], &[few]);
    let load = ("phase", "lasts = '1h'\nload = 1000");
    refuses(&[load, ("clients", "per_second = 10")], &[few]);
    // Faster, and requests would come at the same microsecond, for ever.
    let fast = [("clients", "per_second = 100000"), ("phase", "lasts = '1s'\nload = 2")];
    refuses(&fast, &["phases.load", "so low that 100000 requests come in a second"]);
    // A breaker for each pair.
    let pairs = [("clients", "instances = 1000"), ("service", "count = 101")];
    refuses(&pairs, &["service.count", "100000 at most, times the callers"]);
    let pairs = [("clients", "workers = 1000"), ("service", "count = 101")];
    refuses(&pairs, &["service.count", "100000 at most, times the callers"]);
}

/// Each is as mean as it can be in a second: the events that it makes are few.
#[test]
fn accepted_storms_end_however_mean_they_are() {
    let second = ("phase", "lasts = '1s'");
    let short = |lines: &[(&str, &str)], expected: u64| {
        let storm = accepts(lines);
        let tally = field::unguarded().meets(&storm);
        assert!(tally.events <= expected, "{lines:?}: {}", tally.events);
    };
    let zero = ("service", "latency.fixed = '0s'");
    let often = ("clients", "per_second = 2000\narrivals = 'closed'\ninstances = 1");
    short(&[second, zero, often], 10_000);
    let even = ("clients", "per_second = 100000\narrivals = 'even'");
    short(&[second, zero, even], 250_000);
    let tries = ("top", "retry = { attempts = 100 }");
    let fails = ("phase", "lasts = '1s'\nerrors = '100%'");
    let some = ("clients", "per_second = 100");
    short(&[fails, zero, tries, some], 100 * 2 * 150);
    let full = ("service", "latency.fixed = '24h'\nservers = 1\nqueue = 0");
    short(&[fails, full, tries, some], 100 * 3 * 150);
    let one = ("phase", "lasts = '1ms'\nadded_to_one = '24h'\ntimes = 10000");
    short(&[one, ("service", "latency.endpoints = ['0s', '0s']")], 10_000 + 500);
    let slow = "lasts = '1s'\nslower = 1000\nadded = '24h'";
    short(&[("phase", slow), ("service", "latency.fixed = '24h'")], 100);
    let cold = "latency.fixed = '24h'\nservers = 1\ncold = { times = 1000, calls = 4294967295 }";
    let stall = "stalled = true\nlasts = '1s'\n[[phases]]\nlasts = '1s'\nslower = 1000";
    short(&[("phase", stall), ("service", cold)], 100);
}

/// How many events a storm may make, from its file.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // small
fn events(storm: &Storm) -> u64 {
    let load = |phase: &fusebox_lab::storm::Phase| phase.load.unwrap_or(1.0);
    let requests: f64 = storm.phases.iter().map(|it| it.lasts.as_secs_f64() * load(it)).sum();
    // A phase of slow callers begins with what the one before left them to think.
    let requests = requests * storm.clients.per_second + storm.clients.instances as f64;
    let attempts = requests * f64::from(storm.retry.attempts);
    (attempts * 6.0) as u64 + 2 * storm.phases.len() as u64
}

/// The storm on a budget: whatever the file says, it comes to its end soon.
fn runs(storm: &Storm) {
    let is_small = |storm: &Storm| events(storm) < 20_000;
    let by = [1, 10, 100, 1_000, 10_000].into_iter();
    let Some(storm) = by.map(|by| storm.clone().shortened(by)).find(is_small) else { return };
    let tally = field::unguarded().meets(&storm);
    // Chance may make a few more.
    assert!(tally.events <= 2 * events(&storm) + 2_000, "{} of {storm:?}", tally.events);
}

fn cut(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Storm::parse(&text);
    }

    #[test]
    fn no_pile_of_tokens_panics(tokens in prop::collection::vec(0..TOKENS.len(), 0..60)) {
        let mut text = String::new();
        for token in tokens {
            let _ = write!(text, "{}", TOKENS[token]);
        }
        let _ = Storm::parse(&text);
    }

    /// A slice of a file taken out, or replaced by one of another: what is accepted all
    /// the same runs to its end.
    #[test]
    fn no_mutation_panics_or_runs_for_ever(
        file in 0..BUILTIN.len(),
        other in 0..BUILTIN.len(),
        cuts in prop::array::uniform4(any::<usize>()),
        replaces in any::<bool>(),
        short in 0..40_usize,
    ) {
        let (text, other) = (BUILTIN[file].1, BUILTIN[other].1);
        let from = cut(text, cuts[0]);
        let to = cut(text, from + cuts[1] % (short + 1)).max(from);
        let (start, end) = (cut(other, cuts[2]), cut(other, cuts[2] % (other.len() + 1) + cuts[3] % (short + 1)));
        let new = if replaces && start <= end { &other[start..end] } else { "" };
        if let Ok(storm) = Storm::parse(&format!("{}{new}{}", &text[..from], &text[to..])) {
            runs(&storm);
        }
    }

    /// Numbers of a file replaced by wild ones.
    #[test]
    fn no_wild_number_runs_for_ever(
        file in 0..BUILTIN.len(),
        which in any::<usize>(),
        number in prop_oneof![
            Just("0"), Just("1"), Just("7"), Just("99"), Just("1000"), Just("100000"),
            Just("4294967295"), Just("18446744073709551615"), Just("1e308"), Just("nan"),
        ],
    ) {
        let text = BUILTIN[file].1;
        let digit = |it: char| it.is_ascii_digit();
        let runs_of_digits: Vec<_> = text
            .char_indices()
            .filter(|(at, it)| digit(*it) && !text[..*at].ends_with(digit))
            .map(|(at, _)| at)
            .collect();
        let at = runs_of_digits[which % runs_of_digits.len()];
        let len = text[at..].find(|it| !digit(it)).unwrap_or(text.len() - at);
        let text = format!("{}{number}{}", &text[..at], &text[at + len..]);
        if let Ok(storm) = Storm::parse(&text) {
            runs(&storm);
        }
    }
}

const TOKENS: &[&str] = &[
    "title = 'x'\n",
    "[clients]\n",
    "[service]\n",
    "[[phases]]\n",
    "[retry]\n",
    "[network]\n",
    "[[phases.turns]]\n",
    "per_second = ",
    "latency.fixed = ",
    "lasts = ",
    "times = ",
    "turns = ",
    "attempts = ",
    "errors = ",
    "servers = ",
    "stalled = true\n",
    "ramp = true\n",
    "hang = ",
    "'1s'",
    "'0s'",
    "'24h'",
    "'100%'",
    "'0%'",
    "1",
    "0",
    "1e9",
    "nan",
    "\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "=",
    ".",
    "\"\"\"",
    "\u{0}",
    "é",
];
