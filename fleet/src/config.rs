//! How an instance takes part in its fleet.

use std::{collections::BTreeMap, fmt, time::Duration};

use fusebox::Name;

use crate::{order_key::OrderKey, peers::Opinion};

/// What an instance does when its peers have seen enough of a service that fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Obedience {
    /// Nothing.
    Observe,
    /// Its breaker is primed: its own next failure opens it.
    #[default]
    Advise,
    /// Its breaker opens.
    Obey,
}

/// How an instance takes part in its fleet, checked by [`build`](Self::build).
///
/// ```
/// use fusebox_fleet::FleetConfig;
///
/// let config = FleetConfig::new("host-7").group("eu-west-1b").build()?;
/// assert_eq!(config.instances(), 3);
/// let error = FleetConfig::new("").build().unwrap_err();
/// assert_eq!(error.to_string(), "`instance` has 0 bytes, and must have from 1 to 64");
/// # Ok::<(), fusebox_fleet::FleetConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetConfig {
    instance: String,
    group: String,
    namespace: String,
    obedience: Obedience,
    /// Of breakers that have one of their own.
    obedience_of: BTreeMap<String, Obedience>,
    heartbeat: Duration,
    publish_every: Duration,
    cap: u8,
    instances: u16,
    failures: u16,
    order_key: Option<OrderKey>,
}

/// A setting is out of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetConfigError {
    field: &'static str,
    said: String,
}

impl fmt::Display for FleetConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.said)
    }
}

impl std::error::Error for FleetConfigError {}

impl FleetConfig {
    /// The settings of an instance of this name, which no other instance has. An instance
    /// that keeps its name over a restart finds its own breakers as they were.
    pub fn new(instance: impl Into<String>) -> Self {
        Self {
            instance: instance.into(),
            group: String::new(),
            namespace: "fusebox".into(),
            obedience: Obedience::default(),
            obedience_of: BTreeMap::new(),
            heartbeat: Duration::from_secs(1),
            publish_every: Duration::from_millis(100),
            cap: 2,
            instances: 3,
            failures: 22,
            order_key: None,
        }
    }

    /// Only instances of the same group count as peers: a region, a zone or a version.
    /// Without one all do.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }

    /// What keeps fleets of one store apart, as `shop-production`; `fusebox` by default.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// What it does when its peers have seen enough of a service, unless its breaker has an
    /// [obedience of its own](Self::obedience_of).
    #[must_use]
    pub const fn obedience(mut self, obedience: Obedience) -> Self {
        self.obedience = obedience;
        self
    }

    /// What it does when its peers have seen enough of the service behind one breaker.
    ///
    /// ```
    /// use fusebox_fleet::{FleetConfig, Obedience};
    ///
    /// let config = FleetConfig::new("host-7")
    ///     .obedience_of("payments", Obedience::Observe) // its failures depend on the caller
    ///     .obedience_of("search", Obedience::Obey)
    ///     .build()?;
    /// # let _ = config;
    /// # Ok::<(), fusebox_fleet::FleetConfigError>(())
    /// ```
    #[must_use]
    pub fn obedience_of(mut self, breaker: impl Into<String>, obedience: Obedience) -> Self {
        self.obedience_of.insert(breaker.into(), obedience);
        self
    }

    /// How often at least it says that it is alive, from 100 ms to a minute; a second by
    /// default.
    /// What a peer said counts for three of these.
    #[must_use]
    pub const fn heartbeat(mut self, heartbeat: Duration) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// The least time between two reports, from 10 ms to 10 s; 100 ms by default.
    #[must_use]
    pub const fn publish_every(mut self, least: Duration) -> Self {
        self.publish_every = least;
        self
    }

    /// How many failures of one instance count at most, from 1 to 100; 2 by default. So
    /// an instance that is broken itself moves nobody.
    #[must_use]
    pub const fn cap(mut self, failures: u8) -> Self {
        self.cap = failures;
        self
    }

    /// How many instances must have evidence, from 2 to 1000, or all that are alive; 3 by
    /// default.
    #[must_use]
    pub const fn quorum(mut self, instances: u16) -> Self {
        self.instances = instances;
        self
    }

    /// How many failures are enough, together and each instance's up to the cap, from 2 to
    /// 4000; 22 by default, so that ten bad instances of a thousand move nobody. What is
    /// usual is added three times, and the cap of half of the instances that are alive is
    /// enough in any case.
    #[must_use]
    pub const fn enough(mut self, failures: u16) -> Self {
        self.failures = failures;
        self
    }

    /// The key of orders: this instance obeys operators who have it. Without one it obeys
    /// none, and says so where there are orders.
    #[must_use]
    pub fn order_key(mut self, key: OrderKey) -> Self {
        self.order_key = Some(key);
        self
    }

    /// Checks all settings.
    ///
    /// # Errors
    /// [`FleetConfigError`] names the first one that is out of its range.
    pub fn build(self) -> Result<Self, FleetConfigError> {
        let wrong = |field, said: String| Err(FleetConfigError { field, said });
        let texts = [
            ("instance", &self.instance, 1),
            ("group", &self.group, 0),
            ("namespace", &self.namespace, 1),
        ];
        for (field, text, least) in texts {
            if text.len() < least || text.len() > 64 {
                return wrong(
                    field,
                    format!("has {} bytes, and must have from {least} to 64", text.len()),
                );
            }
        }
        for name in self.obedience_of.keys() {
            if let Err(error) = Name::try_new(name) {
                return wrong("obedience_of", format!("names {name:?}: {error}"));
            }
        }
        let times = [
            ("heartbeat", self.heartbeat, 100, 60_000),
            ("publish_every", self.publish_every, 10, 10_000),
        ];
        for (field, time, least, most) in times {
            if !(least..=most).contains(&time.as_millis()) {
                return wrong(
                    field,
                    format!("is {time:?}, and must be from {least} ms to {most} ms"),
                );
            }
        }
        let numbers = [
            ("cap", u16::from(self.cap), 1, 100),
            ("quorum", self.instances, 2, 1_000),
            ("enough", self.failures, 2, 4_000),
        ];
        for (field, number, least, most) in numbers {
            if !(least..=most).contains(&number) {
                return wrong(field, format!("is {number}, and must be from {least} to {most}"));
            }
        }
        Ok(self)
    }

    /// Its name.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Its group.
    #[must_use]
    pub fn own_group(&self) -> &str {
        &self.group
    }

    /// Its fleet's namespace.
    #[must_use]
    pub fn own_namespace(&self) -> &str {
        &self.namespace
    }

    /// How many instances must have evidence.
    #[must_use]
    pub const fn instances(&self) -> u16 {
        self.instances
    }

    /// Its fleet's key of orders.
    #[must_use]
    pub const fn own_order_key(&self) -> Option<&OrderKey> {
        self.order_key.as_ref()
    }

    /// For so long what an instance said counts: three heartbeats.
    #[must_use]
    pub fn lives(&self) -> Duration {
        self.heartbeat * 3
    }

    /// How many failures of one instance count, of so many.
    #[must_use]
    pub fn capped(&self, failures: u8) -> u32 {
        failures.min(self.cap).into()
    }

    /// Whether what instances have seen together primes the others, where so many are
    /// alive and no failures are usual.
    #[must_use]
    pub fn have_seen_enough(&self, opinion: Opinion, alive: u32) -> bool {
        self.is_enough(opinion.instances, opinion.failures, alive, 0)
    }

    pub(crate) fn obeys(&self, breaker: &Name) -> Obedience {
        self.obedience_of.get(breaker.as_str()).copied().unwrap_or(self.obedience)
    }

    pub(crate) const fn beat(&self) -> Duration {
        self.heartbeat
    }

    pub(crate) const fn gap(&self) -> Duration {
        self.publish_every
    }

    /// Whether this is enough, of so many instances that are alive, where so much is
    /// usual.
    pub(crate) fn is_enough(&self, instances: u32, failures: u32, alive: u32, usual: u32) -> bool {
        let quorum = u32::from(self.instances).min(alive.max(2));
        let half = u32::from(self.cap) * alive.div_ceil(2);
        let needed = (u32::from(self.failures) + 3 * usual).min(half.max(2));
        instances >= quorum && failures >= needed
    }
}
