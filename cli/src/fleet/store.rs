//! The way to the fleet's store, and what is said when it is blocked.

use std::time::Duration;

use fusebox_fleet::{FleetConfig, RedisSettings, RedisStore, Store as _, StoreError};

use crate::{args::Store, escape::escape, failure::Failure, fleet::view::View};

/// The name under which the command reads, and under which nobody speaks.
const READER: &str = "fusebox-cli";
/// A person waits so long for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A fleet, and how its store is reached.
#[derive(Debug, Clone)]
pub struct Way {
    /// What counts in this fleet.
    pub config: FleetConfig,
    settings: RedisSettings,
    shown: String,
}

impl Way {
    /// To this store; `None` where none was named.
    ///
    /// # Errors
    /// [`Failure`] where that is no URL, or no namespace.
    pub fn named(store: &Store) -> Result<Option<Self>, Failure> {
        let Some(url) = store.store.as_deref().filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        let config = FleetConfig::new(READER)
            .namespace(&store.namespace)
            .heartbeat(store.heartbeat)
            .build()
            .map_err(|error| Failure::because(escape(&error.to_string())))?;
        Ok(Some(Self { settings: settings(url, &config)?, config, shown: without_password(url) }))
    }

    /// To this store.
    ///
    /// # Errors
    /// As [`named`](Self::named), and where none was named.
    pub fn to(store: &Store) -> Result<Self, Failure> {
        Self::named(store)?.ok_or_else(no_store)
    }

    /// The store's address, without a password, escaped.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Failure`] where it does not answer, or not as a store does.
    pub fn connect(&self) -> Result<RedisStore, Failure> {
        RedisStore::connect(&self.settings).map_err(|error| self.failure(&error))
    }

    /// What all instances say.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and where there are only another application's keys.
    pub fn look(&self, store: &mut RedisStore) -> Result<View, Failure> {
        let news = store.everything().map_err(|error| self.failure(&error))?;
        let beats = store.beats().map_err(|error| self.failure(&error))?;
        let view = View::of(&news, &beats, &self.config);
        if view.instances.is_empty() && view.silent == 0 && view.garbage > 0 {
            let namespace = escape(self.config.own_namespace());
            return Err(Failure::because(format!(
                "the store `{}`: nothing in `{{{namespace}}}:now` is a report of fusebox's: another \
                 application's, perhaps; see --namespace",
                self.shown
            )));
        }
        Ok(view)
    }

    /// Says which store it was, and what to do.
    #[must_use]
    pub fn failure(&self, error: &StoreError) -> Failure {
        let said = error.to_string();
        let hint = if said.contains("WRONGTYPE") {
            "; these keys are another application's, perhaps: see --namespace"
        } else {
            ""
        };
        Failure::because(format!("the store `{}`: {}{hint}", self.shown, escape(&said)))
    }
}

/// How an instance reaches this store.
///
/// # Errors
/// [`Failure`] where that is no URL.
pub fn settings(url: &str, config: &FleetConfig) -> Result<RedisSettings, Failure> {
    // What was given may have a password, so it is not shown.
    let settings = RedisSettings::new(url, config).map_err(|_| {
        if url.starts_with("rediss://") && cfg!(not(feature = "tls")) {
            return Failure::because(
                "this command speaks no TLS: it was built without the feature `tls`",
            );
        }
        Failure::because(
            "this is no URL of a store: write it as redis://10.0.0.1:6379, or \
             redis+unix:///run/redis.sock",
        )
    })?;
    Ok(settings.connect_timeout(PATIENCE).command_timeout(PATIENCE))
}

/// None was named.
#[must_use]
pub fn no_store() -> Failure {
    Failure::Usage("no store: name it with --store URL, or in the variable FUSEBOX_STORE".into())
}

/// A URL without user and password, escaped.
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "?".into() };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    // Some schemes have the password behind it.
    let rest = rest.split_once(['?', '#']).map_or(rest, |(rest, _)| rest);
    escape(&format!("{scheme}://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("redis://10.0.0.1:6379", "redis://10.0.0.1:6379"),
            ("redis://:secret@10.0.0.1:6379/0", "redis://10.0.0.1:6379/0"),
            ("redis://user:sec@ret@host", "redis://host"),
            ("redis+unix:///run/redis.sock?pass=secret", "redis+unix:///run/redis.sock"),
            ("secret", "?"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
