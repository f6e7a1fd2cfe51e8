//! Where things lie in Redis.

/// The keys of one fleet.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// A hash: the last word of each instance.
    pub(super) now: String,
    /// A stream: what was said, in its order.
    pub(super) feed: String,
    /// A hash: the last order of each subject.
    pub(super) orders: String,
    /// A stream: the orders that were given.
    pub(super) order_log: String,
    probe: String,
    quota: String,
}

impl Keys {
    /// In braces, so that all of them lie on one server of a cluster.
    pub(super) fn of(namespace: &str) -> Self {
        Self {
            now: format!("{{{namespace}}}:now"),
            feed: format!("{{{namespace}}}:feed"),
            orders: format!("{{{namespace}}}:orders"),
            order_log: format!("{{{namespace}}}:orders:log"),
            probe: format!("{{{namespace}}}:probe:"),
            quota: format!("{{{namespace}}}:quota:"),
        }
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
