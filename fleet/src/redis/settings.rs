//! How a Redis is reached.

use std::{fmt, time::Duration};

use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::{config::FleetConfig, transport::StoreError};

/// How a Redis is reached, and for whom. It connects by
/// [`RedisStore::connect`](crate::RedisStore::connect).
#[derive(Clone)]
pub struct RedisSettings {
    pub(super) servers: Vec<Client>,
    /// A primary's name, and who knows where it is.
    pub(super) watched: Option<(String, Vec<Client>)>,
    pub(super) namespace: String,
    pub(super) instance: String,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
}

impl RedisSettings {
    /// The settings of this instance of a fleet, for the Redis at this URL:
    /// `redis://user:password@host:6379/0`, or `redis+unix:///run/redis.sock`.
    ///
    /// `rediss://` is TLS, with the feature `tls`: by rustls, which trusts whom the host
    /// does. RESP3 is spoken, whatever the URL says.
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
        Ok(Self {
            servers: vec![client(url)?],
            watched: None,
            namespace: config.own_namespace().to_owned(),
            instance: config.instance().to_owned(),
            connect_timeout: Duration::from_millis(250),
            command_timeout: Duration::from_millis(250),
        })
    }

    /// Another server, which is asked where those before do not answer: one more of a
    /// cluster. Any server of a cluster says which one has the keys.
    ///
    /// # Errors
    /// [`StoreError`] where that is no URL of a Redis.
    pub fn or(mut self, url: &str) -> Result<Self, StoreError> {
        self.servers.push(client(url)?);
        Ok(self)
    }

    /// The sentinels at these URLs know where the server is, by the name that they have for
    /// it. Of the settings' own URL only the rest counts, as the password.
    ///
    /// ```
    /// # use fusebox_fleet::{FleetConfig, RedisSettings};
    /// # let config = FleetConfig::new("host-7").build()?;
    /// let redis = RedisSettings::new("redis://:secret@anywhere", &config)?
    ///     .behind_sentinels("shop", ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379"])?;
    /// # let _ = redis;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] where one of these is no URL of a Redis.
    pub fn behind_sentinels<'u>(
        mut self,
        name: &str,
        urls: impl IntoIterator<Item = &'u str>,
    ) -> Result<Self, StoreError> {
        let sentinels = urls.into_iter().map(client).collect::<Result<_, _>>()?;
        self.watched = Some((name.to_owned(), sentinels));
        Ok(self)
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

fn client(url: &str) -> Result<Client, StoreError> {
    let info = url.into_connection_info().map_err(StoreError::new)?;
    Client::open(with_resp3(info)).map_err(StoreError::new)
}

fn with_resp3(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    info.set_redis_settings(settings)
}

/// Without the password.
impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addr = |it: &Client| it.get_connection_info().addr().to_string();
        let servers: Vec<_> = self.servers.iter().map(addr).collect();
        let watched = self.watched.as_ref();
        let sentinels: Vec<_> = watched.iter().flat_map(|(_, all)| all).map(addr).collect();
        f.debug_struct("RedisSettings")
            .field("servers", &servers)
            .field("sentinels", &sentinels)
            .field("namespace", &self.namespace)
            .field("instance", &self.instance)
            .field("connect_timeout", &self.connect_timeout)
            .field("command_timeout", &self.command_timeout)
            .finish_non_exhaustive()
    }
}
