//! What the dashboard shows, graph by graph.

/// A graph, or another way to show numbers.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) title: &'static str,
    /// What it means.
    pub(super) text: &'static str,
    pub(super) kind: Kind,
    /// Grafana's own word for the unit.
    pub(super) unit: &'static str,
    /// Expressions and how their series are called; `@` is where matchers go.
    pub(super) series: &'static [(&'static str, &'static str)],
}

/// How numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One number now.
    Number,
    /// Lines over time.
    Lines,
    /// Areas over time, one on top of the other.
    Areas,
    /// A bar for each series, coloured by its state.
    States,
}

/// A state as a number, for [`Kind::States`]; its word and its colour.
pub(super) const STATES: [(u8, &str, &str); 6] = [
    (0, "closed", "green"),
    (1, "admits a share", "yellow"),
    (2, "half-open", "orange"),
    (3, "open", "red"),
    (4, "forced open", "purple"),
    (5, "disabled", "#808080"),
];

const BREAKER: &str = "{{breaker}}";

/// The rows of the dashboard, each with its title.
pub(super) const ROWS: &[(&str, &[Graph])] = &[
    ("Now", NOW),
    ("Breakers", BREAKERS),
    ("Foresight and learning", LEARNED),
    ("Trials", TRIALS),
    ("Limits", LIMITS),
    ("Host and fleet", AROUND),
];

const NOW: &[Graph] = &[
    Graph {
        title: "Score",
        text: "How well the panel does: 100 is well, and one breaker that is open brings it below 50.",
        kind: Kind::Number,
        unit: "none",
        series: &[("min(fusebox_panel_score{@})", "score")],
    },
    Graph {
        title: "Turn calls away",
        text: "Breakers that are open, half-open or forced open, or that admit a share.",
        kind: Kind::Number,
        unit: "none",
        series: &[(
            "(sum(fusebox_breaker_state{state=~\"open|half-open|forced open\"@}) or vector(0)) + (count(fusebox_breaker_admitted_ratio{@}) or vector(0))",
            "breakers",
        )],
    },
    Graph {
        title: "Alerts",
        text: "What `fusebox serve` itself would tell somebody.",
        kind: Kind::Number,
        unit: "none",
        series: &[("sum(fusebox_panel_alerts{@})", "alerts")],
    },
    Graph {
        title: "Panels that cannot be read",
        text: "Their files have gone, or are not what they were.",
        kind: Kind::Number,
        unit: "none",
        series: &[("count(fusebox_panel_up{@} == 0) or vector(0)", "panels")],
    },
];

const BREAKERS: &[Graph] = &[
    Graph {
        title: "States",
        text: "The state of each breaker over time.",
        kind: Kind::States,
        unit: "none",
        series: &[(
            "max by (breaker) (fusebox_breaker_state{state=\"half-open\"@} * 2 or fusebox_breaker_state{state=\"open\"@} * 3 or fusebox_breaker_state{state=\"forced open\"@} * 4 or fusebox_breaker_state{state=\"disabled\"@} * 5 or (fusebox_breaker_admitted_ratio{@} < bool 2))",
            BREAKER,
        )],
    },
    Graph {
        title: "Refusals",
        text: "Calls a second that breakers turned away.",
        kind: Kind::Areas,
        unit: "reqps",
        series: &[(
            "sum by (breaker) (rate(fusebox_breaker_rejections_total{@}[$__rate_interval]))",
            BREAKER,
        )],
    },
    Graph {
        title: "Failures",
        text: "Calls a second that failed.",
        kind: Kind::Areas,
        unit: "reqps",
        series: &[(
            "sum by (breaker) (rate(fusebox_breaker_failures_total{@}[$__rate_interval]))",
            BREAKER,
        )],
    },
    Graph {
        title: "Calls",
        text: "Calls a second that were let through, where they are counted.",
        kind: Kind::Areas,
        unit: "reqps",
        series: &[(
            "sum by (breaker) (rate(fusebox_breaker_calls_total{@}[$__rate_interval]))",
            BREAKER,
        )],
    },
    Graph {
        title: "Scores",
        text: "How well each breaker does: 100 is well, 0 is open.",
        kind: Kind::Lines,
        unit: "none",
        series: &[("min by (breaker) (fusebox_breaker_score{@})", BREAKER)],
    },
    Graph {
        title: "Nearness",
        text: "The score by which a closed breaker opens, as a share of the one at which it does.",
        kind: Kind::Lines,
        unit: "percentunit",
        series: &[("max by (breaker) (fusebox_breaker_nearness_ratio{@})", BREAKER)],
    },
    Graph {
        title: "Openings",
        text: "How often each breaker opened in five minutes.",
        kind: Kind::Lines,
        unit: "none",
        series: &[("sum by (breaker) (increase(fusebox_breaker_openings_total{@}[5m]))", BREAKER)],
    },
    Graph {
        title: "Flapping",
        text: "How often each breaker opened in fifteen minutes, where it closed in between.",
        kind: Kind::Lines,
        unit: "none",
        series: &[(
            "max by (breaker) (increase(fusebox_breaker_openings_total{@}[15m]) > 1.5 and ignoring (state) max_over_time(fusebox_breaker_state{state=\"closed\"@}[15m]) == 1)",
            BREAKER,
        )],
    },
    Graph {
        title: "Slow calls",
        text: "Calls a second that took too long, as far as they were timed.",
        kind: Kind::Lines,
        unit: "reqps",
        series: &[(
            "sum by (breaker) (rate(fusebox_breaker_slow_calls_total{@}[$__rate_interval]))",
            BREAKER,
        )],
    },
    Graph {
        title: "Retries and fallbacks",
        text: "Further attempts, calls whose retries gave up, and calls whose fallback was asked, a second.",
        kind: Kind::Lines,
        unit: "reqps",
        series: &[
            (
                "sum by (breaker) (rate(fusebox_breaker_retries_total{@}[$__rate_interval]))",
                "{{breaker}}: retries",
            ),
            (
                "sum by (breaker) (rate(fusebox_breaker_exhausted_retries_total{@}[$__rate_interval]))",
                "{{breaker}}: gave up",
            ),
            (
                "sum by (breaker) (rate(fusebox_breaker_fallbacks_total{@}[$__rate_interval]))",
                "{{breaker}}: fallbacks",
            ),
        ],
    },
    Graph {
        title: "Load shed",
        text: "The share of the calls that a breaker sheds or does not let back yet.",
        kind: Kind::Lines,
        unit: "percentunit",
        series: &[
            ("max by (breaker) (fusebox_breaker_shed_ratio{@})", "{{breaker}}: shed"),
            (
                "max by (breaker) (1 - fusebox_breaker_admitted_ratio{@})",
                "{{breaker}}: not admitted",
            ),
        ],
    },
];

const LEARNED: &[Graph] = &[
    Graph {
        title: "Foresight",
        text: "How near each breaker that looks ahead is to an alarm: 1 is one.",
        kind: Kind::Lines,
        unit: "percentunit",
        series: &[("max by (breaker) (fusebox_breaker_risk_ratio{@})", BREAKER)],
    },
    Graph {
        title: "Latency, as learned",
        text: "The time before which 99 of 100 calls are done, lately and usually.",
        kind: Kind::Lines,
        unit: "s",
        series: &[
            (
                "max by (breaker) (fusebox_breaker_learned_latency_seconds{@})",
                "{{breaker}}: lately",
            ),
            (
                "max by (breaker) (fusebox_breaker_learned_baseline_seconds{@})",
                "{{breaker}}: usually",
            ),
        ],
    },
    Graph {
        title: "Slow from",
        text: "A call that takes longer is slow, by the settings or by what was learned.",
        kind: Kind::Lines,
        unit: "s",
        series: &[("max by (breaker) (fusebox_breaker_slow_limit_seconds{@})", BREAKER)],
    },
    Graph {
        title: "Outages, as learned",
        text: "The usual time from an opening to the closing by probes.",
        kind: Kind::Lines,
        unit: "s",
        series: &[("max by (breaker) (fusebox_breaker_learned_outage_seconds{@})", BREAKER)],
    },
    Graph {
        title: "Shares, as learned",
        text: "Openings whose first probe succeeds, and calls that usually fail.",
        kind: Kind::Lines,
        unit: "percentunit",
        series: &[
            (
                "max by (breaker) (fusebox_breaker_learned_first_probe_ratio{@})",
                "{{breaker}}: first probe",
            ),
            (
                "max by (breaker) (fusebox_breaker_learned_failure_ratio{@})",
                "{{breaker}}: failures",
            ),
        ],
    },
    Graph {
        title: "Frozen",
        text: "1 where tuning, or what a breaker learns, is frozen by hand.",
        kind: Kind::Lines,
        unit: "none",
        series: &[
            ("max by (instance) (fusebox_tuning_frozen{@})", "{{instance}}: tuning"),
            ("max by (breaker) (fusebox_breaker_learning_frozen{@} == 1)", BREAKER),
        ],
    },
];

const TRIALS: &[Graph] = &[
    Graph {
        title: "Drills under way",
        text: "Until each drill ends.",
        kind: Kind::Lines,
        unit: "s",
        series: &[("max by (breaker) (fusebox_breaker_drill_left_seconds{@})", BREAKER)],
    },
    Graph {
        title: "Faults of drills",
        text: "Calls that came during each drill, and those that got a fault.",
        kind: Kind::Lines,
        unit: "none",
        series: &[
            ("max by (breaker) (fusebox_breaker_drill_calls{@})", "{{breaker}}: calls"),
            ("max by (breaker) (fusebox_breaker_drill_faults{@})", "{{breaker}}: faults"),
        ],
    },
    Graph {
        title: "Shadows",
        text: "Calls a second that each shadow would have refused: those that failed, and those that succeeded.",
        kind: Kind::Lines,
        unit: "reqps",
        series: &[
            (
                "sum by (breaker) (rate(fusebox_breaker_shadow_saved_total{@}[$__rate_interval]))",
                "{{breaker}}: saved",
            ),
            (
                "sum by (breaker) (rate(fusebox_breaker_shadow_lost_total{@}[$__rate_interval]))",
                "{{breaker}}: lost",
            ),
        ],
    },
];

const LIMITS: &[Graph] = &[
    Graph {
        title: "Turned away by limits",
        text: "Calls a second that a rate limit or a bulkhead turned away, and retries that a budget refused.",
        kind: Kind::Lines,
        unit: "reqps",
        series: &[
            (
                "sum by (breaker, kind) (rate(fusebox_limited_total{@}[$__rate_interval]))",
                "{{breaker}}: {{kind}}",
            ),
            (
                "sum by (breaker) (rate(fusebox_budget_refused_total{@}[$__rate_interval]))",
                "{{breaker}}: budget",
            ),
        ],
    },
    Graph {
        title: "Bulkheads",
        text: "Calls in flight as a share of those that are admitted.",
        kind: Kind::Lines,
        unit: "percentunit",
        series: &[(
            "max by (breaker) (fusebox_bulkhead_in_flight{@} / fusebox_bulkhead_limit{@})",
            BREAKER,
        )],
    },
    Graph {
        title: "Retries left",
        text: "Retries that each budget would allow now.",
        kind: Kind::Lines,
        unit: "none",
        series: &[("min by (breaker) (fusebox_budget_available{@})", BREAKER)],
    },
];

const AROUND: &[Graph] = &[
    Graph {
        title: "Pressure of the host",
        text: "0 is calm, 1 raised, 2 high, 3 critical.",
        kind: Kind::Lines,
        unit: "none",
        series: &[("fusebox_host_pressure_level{!}", "{{instance}}")],
    },
    Graph {
        title: "What the host is short of",
        text: "The share of the time in which work waited.",
        kind: Kind::Lines,
        unit: "percentunit",
        series: &[
            ("fusebox_host_pressure_cpu_ratio{!}", "{{instance}}: cores"),
            ("fusebox_host_pressure_memory_ratio{!}", "{{instance}}: memory"),
            ("fusebox_host_pressure_io_ratio{!}", "{{instance}}: disk"),
        ],
    },
    Graph {
        title: "Open in the fleet",
        text: "On how many instances each breaker turns calls away, and how many are alive.",
        kind: Kind::Lines,
        unit: "none",
        series: &[
            (
                "sum by (breaker) (fusebox_fleet_breaker_instances{state=~\"open|half-open|forced open\"@})",
                BREAKER,
            ),
            ("max(fusebox_fleet_instances{!})", "alive"),
        ],
    },
    Graph {
        title: "The fleet's store",
        text: "1 while it answers.",
        kind: Kind::Lines,
        unit: "none",
        series: &[("fusebox_fleet_store_up{!}", "{{instance}}")],
    },
];
