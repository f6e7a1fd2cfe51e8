//! The alerts about a whole panel, its limits, its host and its fleet.

use crate::monitoring::rules::{Hold, Rule, Severity};

pub(super) const PANEL: &[Rule] = &[
    Rule {
        alert: "FuseboxNotWatched",
        severity: Severity::Warning,
        expression: "absent(fusebox_panel_up{@})",
        hold: Hold::Minutes(5),
        summary: "Nobody tells of any breaker",
        description: "No `fusebox serve` has been scraped for five minutes, so that no other alert of fusebox can be raised.",
        runbook: "Look at whether `fusebox serve` runs, and at the target's page in Prometheus.",
    },
    Rule {
        alert: "FuseboxPanelUnreadable",
        severity: Severity::Critical,
        expression: "fusebox_panel_up{@} == 0",
        hold: Hold::Given,
        summary: "A panel's file cannot be read",
        description: "It has gone, or it is not what it was. The programs that have it mapped go on with it; no new one shares it.",
        runbook: "`/health` of `fusebox serve` says why. Restart the programs that should share the panel once the file is there.",
    },
    Rule {
        alert: "FuseboxPanelDown",
        severity: Severity::Critical,
        expression: "fusebox_panel_down{@} == 1 and fusebox_panel_up{@} == 1",
        hold: Hold::Given,
        summary: "A panel's health is down",
        description: "Its score is below what `fusebox serve --down-below` says: too many breakers turn calls away.",
        runbook: "`fusebox ls` shows which. Look for what they have in common.",
    },
    Rule {
        alert: "FuseboxScoreLow",
        severity: Severity::Warning,
        expression: "fusebox_panel_score{@} < 50",
        hold: Hold::Minutes(5),
        summary: "A panel's score is {{ $value }} of 100",
        description: "The score is the average of all breakers' and of the lowest of them: one that is open brings it below 50.",
        runbook: "`fusebox top`, sorted by score, shows which breakers do worst.",
    },
    Rule {
        alert: "FuseboxPanelFull",
        severity: Severity::Warning,
        expression: "fusebox_panel_breakers{@} >= fusebox_panel_slots{@}",
        hold: Hold::Given,
        summary: "A panel has no room for another breaker",
        description: "All {{ $value }} slots are taken. Whoever registers another name gets an error, or a breaker that nobody shares: the programs log it as misconfigured.",
        runbook: "`fusebox ls` shows the names. Are there some made of requests, such as one a user? A panel with more slots is another file.",
    },
];

pub(super) const LIMITS: &[Rule] = &[
    Rule {
        alert: "FuseboxLimited",
        severity: Severity::Info,
        expression: "rate(fusebox_limited_total{@}[5m]) > 0",
        hold: Hold::Minutes(5),
        summary: "The {{ $labels.kind }} limit of {{ $labels.breaker }} turns calls away",
        description: "{{ $value | printf \"%.2f\" }} calls a second, for five minutes.",
        runbook: "`fusebox ls` shows the limit. `fusebox set` changes it live, if the service has room for more.",
    },
    Rule {
        alert: "FuseboxRetriesRefused",
        severity: Severity::Warning,
        expression: "rate(fusebox_budget_refused_total{@}[5m]) > 0",
        hold: Hold::Minutes(5),
        summary: "The retry budget of {{ $labels.breaker }} is spent",
        description: "{{ $value | printf \"%.2f\" }} retries a second are refused: without the budget they would come on top of what the service cannot answer as it is.",
        runbook: "Look at the service's errors. The budget does what it is for; a larger one would make things worse.",
    },
    Rule {
        alert: "FuseboxBulkheadFull",
        severity: Severity::Warning,
        expression: "fusebox_bulkhead_in_flight{@} >= fusebox_bulkhead_limit{@} > 0",
        hold: Hold::Given,
        summary: "The bulkhead of {{ $labels.breaker }} is full",
        description: "{{ $value }} calls are in flight, as many as it admits: the service answers more slowly than it is asked.",
        runbook: "Look at the service's latency. `fusebox set NAME bulkhead=N` changes the limit live.",
    },
];

pub(super) const HOST: &[Rule] = &[Rule {
    alert: "FuseboxHostPressure",
    severity: Severity::Warning,
    expression: "fusebox_host_pressure_level{@} >= 2",
    hold: Hold::Given,
    summary: "A host is short of cores, memory or disk",
    description: "Its pressure is high or critical: programs that ask for it turn background work away and make do without retries and hedges.",
    runbook: "`fusebox pressure --once` on the host says what it is short of.",
}];

pub(super) const FLEET: &[Rule] = &[
    Rule {
        alert: "FuseboxStoreUnreachable",
        severity: Severity::Warning,
        expression: "fusebox_fleet_store_up{@} == 0",
        hold: Hold::Given,
        summary: "The fleet's store does not answer",
        description: "Every host goes on by what it sees itself; none learns of an outage from another one.",
        runbook: "Look at Redis and the way to it. No call waits for it, and nothing needs a restart.",
    },
    Rule {
        alert: "FuseboxOpenInFleet",
        severity: Severity::Critical,
        expression: "sum without (state) (fusebox_fleet_breaker_instances{state=~\"open|half-open|forced open\"@})
            > ignoring (breaker) group_left () <fleet_open_above> * fusebox_fleet_instances{@}",
        hold: Hold::Given,
        summary: "Breaker {{ $labels.breaker }} is open on {{ $value }} instances",
        description: "That is more of the fleet than is usual: the service is down, and no single host is to blame.",
        runbook: "`fusebox fleet ls` shows what each instance says. Look at the service.",
    },
    Rule {
        alert: "FuseboxInstanceDisagrees",
        severity: Severity::Warning,
        expression: "sum without (state) (fusebox_fleet_breaker_instances{state=~\"open|half-open|forced open\"@}) == 1
            and ignoring (breaker) fusebox_fleet_instances{@} >= 3",
        hold: Hold::Minutes(5),
        summary: "Breaker {{ $labels.breaker }} is open on one instance alone",
        description: "All others reach the service: that instance's network, version or credentials are worth a look.",
        runbook: "`fusebox fleet ls` says which instance it is.",
    },
];
