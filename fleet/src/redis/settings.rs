//! How a Redis is reached.

use std::{fmt, time::Duration};

use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::{config::FleetConfig, transport::StoreError};

/// How a Redis is reached, and for whom. It connects by
/// [`RedisStore::connect`](crate::RedisStore::connect).
#[derive(Clone)]
pub struct RedisSettings {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) instance: String,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
}

impl RedisSettings {
    /// The settings of this instance of a fleet, for the Redis at this URL:
    /// `redis://user:password@host:6379/0`, or `redis+unix:///run/redis.sock`.
    ///
    /// `rediss://` is TLS, where the program has the crate `redis` with its feature
    /// `tls-rustls` or `tls-native-tls`. RESP3 is spoken, whatever the URL says.
    ///
    /// ```
    /// use fusebox_fleet::{FleetConfig, RedisSettings};
    ///
    /// let config = FleetConfig::new("host-7").namespace("shop-production").build()?;
    /// let redis = RedisSettings::new("redis://127.0.0.1:6379", &config)?;
    /// assert!(RedisSettings::new("no URL", &config).is_err());
    /// # let _ = redis;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] where that is no URL of a Redis.
    pub fn new(url: &str, config: &FleetConfig) -> Result<Self, StoreError> {
        let info = url.into_connection_info().map_err(StoreError::new)?;
        Ok(Self {
            client: Client::open(with_resp3(info)).map_err(StoreError::new)?,
            namespace: config.own_namespace().to_owned(),
            instance: config.instance().to_owned(),
            connect_timeout: Duration::from_millis(250),
            command_timeout: Duration::from_millis(250),
        })
    }

    /// How long it may take to connect, with the password and the greeting; 250 ms by
    /// default. The look-up of a host's name is not in it. It is at least 1 ms.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// How long an answer may take; 250 ms by default. It is at least 1 ms.
    #[must_use]
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout.max(Duration::from_millis(1));
        self
    }
}

fn with_resp3(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    info.set_redis_settings(settings)
}

/// Without the password.
impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("addr", self.client.get_connection_info().addr())
            .field("namespace", &self.namespace)
            .field("instance", &self.instance)
            .field("connect_timeout", &self.connect_timeout)
            .field("command_timeout", &self.command_timeout)
            .finish_non_exhaustive()
    }
}
