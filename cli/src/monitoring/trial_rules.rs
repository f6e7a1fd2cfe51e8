//! The alerts about what is tried on a breaker and what it learns: drills, shadows, other
//! settings, learned limits.

use crate::monitoring::rules::{Hold, Rule, Severity};

pub(super) const TRIALS: &[Rule] = &[
    Rule {
        alert: "FuseboxDrillTooLong",
        severity: Severity::Warning,
        expression: "fusebox_breaker_drill_left_seconds{@} > 0",
        hold: Hold::Minutes(10),
        summary: "A drill on breaker {{ $labels.breaker }} goes on and on",
        description: "It has been under way for ten minutes and ends by itself in {{ $value | humanizeDuration }}. Its faults are made up, and users feel them.",
        runbook: "`fusebox drill NAME --stop` ends it at once. Ask who began it.",
    },
    Rule {
        alert: "FuseboxDrillUnmet",
        severity: Severity::Info,
        expression: "fusebox_breaker_drill_left_seconds{@} > 0 and fusebox_breaker_drill_calls{@} == 0",
        hold: Hold::Given,
        summary: "No call meets the drill on breaker {{ $labels.breaker }}",
        description: "Either nobody calls its service, or the programs are built without the feature `drill`: the drill proves nothing.",
        runbook: "`fusebox ls` shows whether there are calls. If so, build the programs with the feature `drill`.",
    },
    Rule {
        alert: "FuseboxShadowBetter",
        severity: Severity::Info,
        expression: "increase(fusebox_breaker_shadow_saved_total{@}[1h]) > 20
            and increase(fusebox_breaker_shadow_saved_total{@}[1h]) > 10 * increase(fusebox_breaker_shadow_lost_total{@}[1h])",
        hold: Hold::Given,
        summary: "The shadow of breaker {{ $labels.breaker }} does better than the breaker",
        description: "In an hour its settings would have spared callers {{ $value | printf \"%.0f\" }} calls that failed, and refused not a tenth as many that succeeded.",
        runbook: "`fusebox compare NAME` shows both, and how sure that is. `fusebox set` puts the shadow's settings in force.",
    },
    Rule {
        alert: "FuseboxSettingsChanged",
        severity: Severity::Info,
        expression: "changes(fusebox_breaker_setting_failure_threshold{@}[10m])
            + changes(fusebox_breaker_setting_recovery_timeout_seconds{@}[10m])
            + changes(fusebox_breaker_setting_doublings{@}[10m])
            + changes(fusebox_breaker_setting_successes_to_close{@}[10m])
            + changes(fusebox_breaker_setting_slow_call_seconds{@}[10m]) > 0",
        hold: Hold::AtOnce,
        summary: "Settings of breaker {{ $labels.breaker }} were changed",
        description: "{{ $value }} changes in ten minutes of its thresholds, waits or limits, by an operator or by a tuner.",
        runbook: "`fusebox ls` shows what holds now. The programs' events say what a tuner changed, and why.",
    },
    Rule {
        alert: "FuseboxLimitMoved",
        severity: Severity::Info,
        expression: "max_over_time(fusebox_breaker_slow_limit_seconds{@}[6h])
            / min_over_time(fusebox_breaker_slow_limit_seconds{@}[6h]) > 1.5
            and fusebox_breaker_learned_baseline_seconds{@} > 0
            and changes(fusebox_breaker_setting_slow_call_seconds{@}[6h]) == 0
            and changes(fusebox_breaker_setting_slow_above_ratio{@}[6h]) == 0",
        hold: Hold::Given,
        summary: "The learned limit of breaker {{ $labels.breaker }} has moved much",
        description: "Within six hours the time above which its calls are slow has changed by a factor of {{ $value | printf \"%.1f\" }}, as what is usual of its service has changed.",
        runbook: "`fusebox learned NAME` shows what is usual now. Should it not be, freeze it by `--freeze` and look at the service; `--forget` learns anew.",
    },
    Rule {
        alert: "FuseboxTuningFrozen",
        severity: Severity::Info,
        expression: "fusebox_tuning_frozen{@} == 1",
        hold: Hold::Minutes(60),
        summary: "No breaker of a panel has been tuned for an hour",
        description: "Somebody froze the tuning of all its breakers: no tuner changes a setting, however the services change.",
        runbook: "`fusebox tune --thaw` lets tuners go on, unless somebody still needs the settings as they are.",
    },
    Rule {
        alert: "FuseboxLearningFrozen",
        severity: Severity::Info,
        expression: "fusebox_breaker_learning_frozen{@} == 1",
        hold: Hold::Minutes(60),
        summary: "Breaker {{ $labels.breaker }} has not been allowed to learn for an hour",
        description: "Somebody froze what it has learned: limits made of it stay as they are, however its service changes.",
        runbook: "Thaw it, unless somebody still needs it frozen.",
    },
];
