//! Where things lie in Redis.

/// The keys of one fleet.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// A hash: the last word of each instance.
    pub(super) now: String,
    /// A stream: what was said, in its order.
    pub(super) feed: String,
    /// A sorted set: the groups, by the time of their last heartbeat.
    pub(super) groups: String,
    /// A hash: the last order of each subject.
    pub(super) orders: String,
    /// A stream: the orders that were given.
    pub(super) order_log: String,
    alive: String,
    probe: String,
    quota: String,
}

impl Keys {
    /// In braces, so that all of them lie on one server of a cluster.
    pub(super) fn of(namespace: &str) -> Self {
        Self {
            now: format!("{{{namespace}}}:now"),
            feed: format!("{{{namespace}}}:feed"),
            groups: format!("{{{namespace}}}:groups"),
            orders: format!("{{{namespace}}}:orders"),
            order_log: format!("{{{namespace}}}:orders:log"),
            alive: format!("{{{namespace}}}:alive:"),
            probe: format!("{{{namespace}}}:probe:"),
            quota: format!("{{{namespace}}}:quota:"),
        }
    }

    /// A sorted set: the instances of a group, by the time of their last heartbeats.
    pub(super) fn alive(&self, group: &str) -> String {
        format!("{}{group}", self.alive)
    }

    /// Who may probe the service behind a breaker.
    pub(super) fn probe(&self, breaker: &str) -> String {
        format!("{}{breaker}", self.probe)
    }

    /// How many cells of a quota are taken.
    pub(super) fn quota(&self, quota: &str) -> String {
        format!("{}{quota}", self.quota)
    }
}
