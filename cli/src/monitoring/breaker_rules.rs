//! The alerts about one breaker, or about several at once.

use crate::monitoring::rules::{Hold, Rule, Severity};

pub(super) const BREAKERS: &[Rule] = &[
    Rule {
        alert: "FuseboxOpenTooLong",
        severity: Severity::Critical,
        expression: "fusebox_breaker_open_seconds{@} > <open_longer_than>",
        hold: Hold::AtOnce,
        summary: "Breaker {{ $labels.breaker }} has let nobody through for {{ $value | humanizeDuration }}",
        description: "Its service has not answered a probe since, or somebody opened it by force and forgot it. Its callers live on fallbacks or errors.",
        runbook: "`fusebox ls` says whether it is open or forced open. Forced: `fusebox close`. Open: look at the service; the breaker closes by itself once a probe succeeds.",
    },
    Rule {
        alert: "FuseboxReopening",
        severity: Severity::Warning,
        expression: "increase(fusebox_breaker_openings_total{@}[15m]) > 2.5
            and ignoring (state) max_over_time(fusebox_breaker_state{state=\"closed\"@}[15m]) == 0",
        hold: Hold::AtOnce,
        summary: "Every probe of breaker {{ $labels.breaker }} fails",
        description: "It has opened {{ $value | printf \"%.0f\" }} times in 15 minutes and never closed in between: the service is still down.",
        runbook: "Look at the service. If it comes back more slowly than the breaker asks, a longer recovery_timeout, or doublings, spares it the probes.",
    },
    Rule {
        alert: "FuseboxFlapping",
        severity: Severity::Warning,
        expression: "increase(fusebox_breaker_openings_total{@}[15m]) > 2.5
            and ignoring (state) max_over_time(fusebox_breaker_state{state=\"closed\"@}[15m]) == 1",
        hold: Hold::AtOnce,
        summary: "Breaker {{ $labels.breaker }} opens again and again",
        description: "It has opened {{ $value | printf \"%.0f\" }} times in 15 minutes and closed in between: the service answers a probe and fails under its load, or the threshold is below its usual failures.",
        runbook: "`fusebox ls` shows how it opens. ramp_up lets calls back gradually; more successes_to_close ask for better proof; a higher failure_threshold bears the usual failures.",
    },
    Rule {
        alert: "FuseboxOpenedTogether",
        severity: Severity::Critical,
        expression: "count without (breaker) (increase(fusebox_breaker_openings_total{@}[2m]) > 0) >= <openings_together>",
        hold: Hold::AtOnce,
        summary: "{{ $value }} breakers opened within two minutes",
        description: "What they share is in trouble: a network, a database, a host, a certificate.",
        runbook: "`fusebox watch` and the page say which opened first. Look for what they have in common before you look at each.",
    },
    Rule {
        alert: "FuseboxNearThreshold",
        severity: Severity::Info,
        expression: "fusebox_breaker_nearness_ratio{@} >= 0.8
            and ignoring (state) fusebox_breaker_state{state=\"closed\"@} == 1",
        hold: Hold::Given,
        summary: "Breaker {{ $labels.breaker }} is about to open",
        description: "It is closed, and its score stands at {{ $value | humanizePercentage }} of the one that opens it.",
        runbook: "Look at the service's errors. Where such failures are usual, a rule of the share (failure_weight) tells them from an outage.",
    },
    Rule {
        alert: "FuseboxForeseen",
        severity: Severity::Info,
        expression: "max_over_time(fusebox_breaker_risk_ratio{@}[2m]) >= 1",
        hold: Hold::AtOnce,
        summary: "Breaker {{ $labels.breaker }} foresees trouble",
        description: "There was an alarm within two minutes, with {{ $value | humanizePercentage }} of what one takes: calls take longer than usual, hang, or end as overload. What the breaker does then, its foresight says.",
        runbook: "The page and `/panel.json` say which signs there are. Look at the service's load and latency before its calls fail.",
    },
    Rule {
        alert: "FuseboxBreakerScoreLow",
        severity: Severity::Warning,
        expression: "fusebox_breaker_score{@} < 50
            and ignoring (state) fusebox_breaker_state{state=\"closed\"@} == 1",
        hold: Hold::Minutes(5),
        summary: "Breaker {{ $labels.breaker }} is closed and does badly",
        description: "Its health score has been {{ $value }} of 100: many of its calls fail or are turned away, and it does not open.",
        runbook: "Look at the service's errors. Should it have opened, its failure_threshold is too high; if it sheds load, its service needs room.",
    },
    Rule {
        alert: "FuseboxShedsTooLong",
        severity: Severity::Warning,
        expression: "min_over_time(fusebox_breaker_shed_ratio{@}[1m]) > 0",
        hold: Hold::Given,
        summary: "Breaker {{ $labels.breaker }} sheds load and goes on to",
        description: "It turns {{ $value | humanizePercentage }} of its calls away because the service says that it is overloaded.",
        runbook: "The service has less room than its callers need: give it more, or have them ask for less. The calls of the lowest priority go first.",
    },
    Rule {
        alert: "FuseboxFallbacks",
        severity: Severity::Warning,
        expression: "increase(fusebox_breaker_fallbacks_total{@}[5m])
            / (increase(fusebox_breaker_calls_total{@}[5m]) + increase(fusebox_breaker_rejections_total{@}[5m])) > <fallbacks_above>
            and increase(fusebox_breaker_calls_total{@}[5m]) + increase(fusebox_breaker_rejections_total{@}[5m]) >= <least_calls>",
        hold: Hold::Given,
        summary: "{{ $value | humanizePercentage }} of the calls of {{ $labels.breaker }} need their fallback",
        description: "Users get the second best answer. It is known only where calls are counted (CountCalls).",
        runbook: "Look at the errors of the service, and at whether the breaker is open.",
    },
    Rule {
        alert: "FuseboxRetriesExhausted",
        severity: Severity::Warning,
        expression: "increase(fusebox_breaker_exhausted_retries_total{@}[5m])
            / (increase(fusebox_breaker_calls_total{@}[5m]) + increase(fusebox_breaker_rejections_total{@}[5m])) > <exhausted_above>
            and increase(fusebox_breaker_calls_total{@}[5m]) + increase(fusebox_breaker_rejections_total{@}[5m]) >= <least_calls>",
        hold: Hold::Given,
        summary: "{{ $value | humanizePercentage }} of the calls of {{ $labels.breaker }} exhaust their retries",
        description: "Further attempts do not help: what fails goes on failing. It is known only where calls are counted (CountCalls).",
        runbook: "Look at the errors of the service. Errors that no retry can mend belong out of retry_if; a budget bounds what the others add.",
    },
    Rule {
        alert: "FuseboxDisabled",
        severity: Severity::Warning,
        expression: "fusebox_breaker_state{state=\"disabled\"@} == 1",
        hold: Hold::Minutes(60),
        summary: "Breaker {{ $labels.breaker }} guards nothing",
        description: "It has been disabled for an hour: it admits every call and counts nothing.",
        runbook: "`fusebox close` puts it back, unless somebody still needs it to be out of the picture.",
    },
    Rule {
        alert: "FuseboxFault",
        severity: Severity::Critical,
        expression: "fusebox_breaker_fault{@} == 1",
        hold: Hold::Given,
        summary: "Something is wrong with the memory of breaker {{ $labels.breaker }}",
        description: "Its slot holds settings or a name that no program of fusebox would write. The breaker goes on as well as it can.",
        runbook: "`fusebox ls` says what is wrong. `fusebox set` writes its settings anew. Find out who else can write the file.",
    },
];
