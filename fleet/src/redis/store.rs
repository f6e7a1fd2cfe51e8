//! A fleet's store in Redis: a hash as the truth, a stream as the feed.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use redis::{Connection, RedisResult, cmd, pipe};

use crate::{
    news::News,
    order::{Order, SignedOrder},
    redis::{
        keys::Keys,
        reply::{self, Entry, Feeds, Id, Time},
        settings::RedisSettings,
    },
    report::Report,
    transport::{Store, StoreError},
};

/// The feed keeps so many entries, more or less.
const FEED: u32 = 10_000;
/// So many entries are read at a time. Who is as far behind reads the hash instead.
const AT_A_TIME: usize = 1_000;
/// A hash with more instances than that is not read.
const MOST_INSTANCES: u64 = 8_192;
/// So long after the longest wait the keys of a fleet end that says nothing more, and so
/// does the last word of an instance.
const OUTLIVES: Duration = Duration::from_mins(15);
/// So often the keys' end is put off: ten minutes at least remain.
const PUT_OFF_EVERY: Duration = Duration::from_mins(1);
/// The log keeps so many orders, more or less, and for so long after the last one.
const ORDERS: usize = 1_000;
const LOGGED: Duration = Duration::from_hours(30 * 24);
/// Of more orders than that none is read.
const MOST_ORDERS: u64 = 4_096;

/// A fleet's store in Redis 7 or later, or Valkey.
///
/// Under the namespace `NS` there are a hash `NS:now` with the last report of each
/// instance, a stream `NS:feed` of about 10 000 reports, and a key `NS:probe:BREAKER` for
/// each probe that somebody may make. Where an operator has given orders, there are also a
/// hash `NS:orders` with the last one of each subject, and a stream `NS:orders:log` of about
/// 1000. All of them end by themselves: the leases after their time, the orders a week after
/// the last one, their log after 30 days, the others 10 to 15 minutes after the longest wait
/// of a breaker that was open when the last instance fell silent. Ages are those of the
/// server's clock.
///
/// One connection serves one server: a single one, a primary behind a name, or a proxy.
/// It does not follow the redirections of a cluster.
///
/// It stands on the crate `redis`. The other client, `fred`, saw its last commit in
/// February 2025, needs an async runtime, and waits without end for an answer unless told
/// otherwise.
///
/// ```no_run
/// use fusebox_fleet::{FleetConfig, RedisSettings, RedisStore, Store};
///
/// let config = FleetConfig::new("host-7").build()?;
/// let settings = RedisSettings::new("redis://127.0.0.1:6379", &config)?;
/// let mut store = RedisStore::connect(&settings)?;
/// println!("{} instances have said something", store.everything()?.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedisStore {
    connection: Connection,
    keys: Keys,
    instance: String,
    timeout: Duration,
    /// The last entry of the feed that was read.
    cursor: Id,
    /// Something was lost, or may have been: the hash is read instead of the feed.
    is_behind: bool,
    has_published: bool,
    /// When the keys' end was put off, and for how long.
    put_off: Option<(Instant, Duration)>,
}

impl RedisStore {
    /// Connects. The first news are the last words of all.
    ///
    /// # Errors
    /// [`StoreError`] where there is no Redis in time, or it refuses the password.
    pub fn connect(settings: &RedisSettings) -> Result<Self, StoreError> {
        let connection =
            settings.client.get_connection_with_timeout(settings.connect_timeout).map_err(said)?;
        connection.set_read_timeout(Some(settings.command_timeout)).map_err(said)?;
        connection.set_write_timeout(Some(settings.command_timeout)).map_err(said)?;
        Ok(Self {
            connection,
            keys: Keys::of(&settings.namespace),
            instance: settings.instance.clone(),
            timeout: settings.command_timeout,
            cursor: Id::default(),
            is_behind: true,
            has_published: false,
            put_off: None,
        })
    }

    fn say(&mut self, report: &[u8]) -> RedisResult<()> {
        let mut add = cmd("XADD");
        add.arg(&self.keys.feed).arg("MAXLEN").arg("~").arg(FEED).arg("*");
        add.arg(reply::INSTANCE).arg(&self.instance).arg(reply::REPORT).arg(report);
        let id = Id::read(&add.query::<String>(&mut self.connection)?);
        // The feed began anew, or its clock was set back.
        self.is_behind |= id <= self.cursor;

        let value = reply::stamped(id.millis, report);
        let mut set = cmd("HSET");
        let is_new: bool =
            set.arg(&self.keys.now).arg(&self.instance).arg(value).query(&mut self.connection)?;
        if is_new && self.has_published {
            // Somebody emptied the store.
            (self.is_behind, self.put_off) = (true, None);
        }
        self.has_published = true;
        self.put_off_the_end(report)
    }

    fn put_off_the_end(&mut self, report: &[u8]) -> RedisResult<()> {
        let needed = longest_wait(report) + OUTLIVES;
        if self.put_off.is_some_and(|(at, by)| at.elapsed() < PUT_OFF_EVERY && needed <= by) {
            return Ok(());
        }
        let mut expire = pipe();
        for key in [&self.keys.now, &self.keys.feed] {
            // Only a later end than the one that another instance needs.
            for when in ["NX", "GT"] {
                let millis = u64::try_from(needed.as_millis()).unwrap_or(u64::MAX);
                expire.cmd("PEXPIRE").arg(key).arg(millis).arg(when).ignore();
            }
        }
        expire.query::<()>(&mut self.connection)?;
        self.put_off = Some((Instant::now(), needed));
        Ok(())
    }

    fn read_feed(&mut self, wait: Duration) -> RedisResult<Vec<News>> {
        // 0 would be for ever.
        let block = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        self.connection.set_read_timeout(Some(wait.saturating_add(self.timeout)))?;
        let mut read = pipe();
        read.cmd("XREAD").arg("COUNT").arg(AT_A_TIME).arg("BLOCK").arg(block);
        read.arg("STREAMS").arg(&self.keys.feed).arg(self.cursor.text()).cmd("TIME");
        let (feeds, now): (Feeds, Time) = read.query(&mut self.connection)?;
        self.connection.set_read_timeout(Some(self.timeout))?;

        let entries: Vec<_> =
            feeds.into_iter().flatten().flat_map(|(_, entries)| entries).collect();
        if let Some((id, _)) = entries.last() {
            self.cursor = Id::read(id);
        }
        self.is_behind |= entries.len() >= AT_A_TIME;
        Ok(entries.iter().map(|entry| reply::news(entry, reply::millis(now))).collect())
    }

    fn read_hash(&mut self) -> RedisResult<Vec<News>> {
        // The cursor first: what is said meanwhile is read twice, and nothing never.
        let mut before = pipe();
        before.cmd("XREVRANGE").arg(&self.keys.feed).arg("+").arg("-").arg("COUNT").arg(1);
        before.cmd("HLEN").arg(&self.keys.now);
        let (last, count): (Vec<Entry>, u64) = before.query(&mut self.connection)?;
        if count > MOST_INSTANCES {
            return Err(too_many(&self.keys.now, count, MOST_INSTANCES));
        }
        let mut all = pipe();
        all.cmd("HGETALL").arg(&self.keys.now).cmd("TIME");
        let (fields, now): (HashMap<Vec<u8>, Vec<u8>>, Time) = all.query(&mut self.connection)?;
        let now = reply::millis(now);
        self.cursor = last.first().map_or(Id::default(), |(id, _)| Id::read(id));
        self.is_behind = false;

        let all = fields.iter().map(|(field, value)| reply::last_word(field, value, now));
        let (old, news): (Vec<_>, Vec<_>) = all.partition(is_over);
        if !old.is_empty() {
            let mut remove = cmd("HDEL");
            remove.arg(&self.keys.now).arg(old.iter().map(|it| &it.instance).collect::<Vec<_>>());
            match remove.query::<()>(&mut self.connection) {
                // Who may only read leaves them to others.
                Err(error) if error.code() != Some("NOPERM") => return Err(error),
                _ => {}
            }
        }
        Ok(news)
    }

    fn read_orders(&mut self) -> RedisResult<Vec<Vec<u8>>> {
        let count: u64 = cmd("HLEN").arg(&self.keys.orders).query(&mut self.connection)?;
        match count {
            // As nearly always.
            0 => Ok(Vec::new()),
            1..=MOST_ORDERS => cmd("HVALS").arg(&self.keys.orders).query(&mut self.connection),
            _ => Err(too_many(&self.keys.orders, count, MOST_ORDERS)),
        }
    }

    fn keep_order(&mut self, order: &SignedOrder) -> RedisResult<()> {
        let (bytes, keys) = (order.encode(), &self.keys);
        let mut keep = pipe();
        keep.atomic();
        keep.cmd("HSET").arg(&keys.orders).arg(order.order().subject()).arg(&bytes).ignore();
        keep.cmd("XADD").arg(&keys.order_log).arg("MAXLEN").arg("~").arg(ORDERS).arg("*");
        keep.arg(reply::ORDER).arg(&bytes).ignore();
        for (key, lasts) in [(&keys.orders, Order::LONGEST), (&keys.order_log, LOGGED)] {
            keep.cmd("EXPIRE").arg(key).arg(lasts.as_secs()).ignore();
        }
        keep.query(&mut self.connection)
    }

    fn read_order_log(&mut self, most: usize) -> RedisResult<Vec<Vec<u8>>> {
        let mut read = cmd("XREVRANGE");
        read.arg(&self.keys.order_log).arg("+").arg("-").arg("COUNT").arg(most);
        let entries: Vec<Entry> = read.query(&mut self.connection)?;
        Ok(entries.iter().rev().map(|entry| reply::field(entry, reply::ORDER)).collect())
    }
}

impl Store for RedisStore {
    fn publish(&mut self, report: &[u8]) -> Result<(), StoreError> {
        self.say(report).map_err(said)
    }

    fn news(&mut self, wait: Duration) -> Result<Vec<News>, StoreError> {
        if !self.is_behind {
            return self.read_feed(wait).map_err(said);
        }
        let mut others = self.read_hash().map_err(said)?;
        others.retain(|it| it.instance != self.instance);
        Ok(others)
    }

    fn everything(&mut self) -> Result<Vec<News>, StoreError> {
        self.read_hash().map_err(said)
    }

    fn lease(&mut self, breaker: &str, lasts: Duration) -> Result<bool, StoreError> {
        let millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut set = cmd("SET");
        set.arg(self.keys.probe(breaker)).arg(&self.instance).arg("NX").arg("PX").arg(millis);
        let answer: Option<String> = set.query(&mut self.connection).map_err(said)?;
        Ok(answer.is_some())
    }

    fn orders(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read_orders().map_err(said)
    }

    fn give(&mut self, order: &SignedOrder) -> Result<(), StoreError> {
        self.keep_order(order).map_err(said)
    }

    fn order_log(&mut self, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read_order_log(most).map_err(said)
    }
}

fn said(error: redis::RedisError) -> StoreError {
    StoreError::new(error)
}

fn too_many(key: &str, count: u64, most: u64) -> redis::RedisError {
    let text = format!("{key} has {count} fields, above {most}");
    redis::RedisError::from((redis::ErrorKind::UnexpectedReturnType, "too many", text))
}

/// How long the breakers of a report stay open yet.
fn longest_wait(report: &[u8]) -> Duration {
    let report = Report::decode(report).unwrap_or_default();
    report.registers.iter().map(|it| it.left).max().unwrap_or_default()
}

/// Whether nobody needs an instance's last word any more. What is no report is somebody
/// else's, and stays.
fn is_over(news: &News) -> bool {
    news.age > OUTLIVES + longest_wait(&news.bytes) && Report::decode(&news.bytes).is_ok()
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("keys", &self.keys)
            .field("instance", &self.instance)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
