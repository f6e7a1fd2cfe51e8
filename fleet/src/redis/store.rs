//! A fleet's store in Redis: a hash as the truth, a stream as the feed.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use redis::{Connection, RedisResult, cmd, pipe};

use crate::{
    beat::{Beat, Pulse},
    news::News,
    order::{Order, SignedOrder},
    redis::{
        keys::Keys,
        reply::{self, Feed, Id, Scores, Words},
        route,
        script::{self, MOST_BYTES, MOST_GROUPS, MOST_INSTANCES, MOST_ORDERS},
        settings::RedisSettings,
    },
    report::Report,
    transport::{Store, StoreError},
};

/// The feed keeps so many entries, more or less.
const FEED: u32 = 10_000;
/// So many entries are read at a time. Who is as far behind reads the hash instead.
const AT_A_TIME: usize = 1_000;
/// So often it looks for news while it waits.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So often it reads the feed, though it looks as before.
const READ_EVERY: Duration = Duration::from_secs(1);
/// So long after the longest wait the keys of a fleet end that says nothing more, and so
/// does the last word of an instance.
const OUTLIVES: Duration = Duration::from_mins(15);
/// So often the keys' end is put off: ten minutes at least remain.
const PUT_OFF_EVERY: Duration = Duration::from_mins(1);
/// The log keeps so many orders, more or less, and for so long after the last one.
const ORDERS: usize = 1_000;
const LOGGED: Duration = Duration::from_hours(30 * 24);

/// A fleet's store in Redis 7 or later, or Valkey.
///
/// Under the namespace `NS` there are a hash `{NS}:now` with the last report of each
/// instance, a stream `{NS}:feed` of about 10 000 reports, a sorted set `{NS}:alive:GROUP`
/// with the last heartbeat of each instance of a group, and `{NS}:groups` with that of each
/// group, a key `{NS}:probe:BREAKER` for each probe that somebody may make, and one
/// `{NS}:quota:NAME` for each quota of the fleet. Where an operator has given orders, there
/// are also a hash `{NS}:orders` with the last one of each subject, and a stream
/// `{NS}:orders:log` of about 1000. All of them end by themselves: leases and quotas after
/// their time, heartbeats after 15 minutes, the orders a week after the last one, their log
/// after 30 days, the others 10 to 15 minutes after the longest wait of a breaker that was
/// open when the last instance fell silent. Ages are those of the server's clock.
///
/// One connection serves one server: the one of the settings' URL, the one that the
/// sentinels name, or the one of a cluster that has the keys, which lie in one slot. Where
/// they go elsewhere, an error ends the connection, and the next one follows.
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
    /// The last entry of the feed that was read.
    cursor: Id,
    /// How many entries the feed had when nothing was new.
    length: Option<u64>,
    /// The last look found something.
    is_busy: bool,
    /// When the feed was read last.
    read_at: Option<Instant>,
    /// The entry that this instance wrote last.
    said: Id,
    /// Something was lost, or may have been: the hash is read instead of the feed.
    is_behind: bool,
    has_published: bool,
    /// When this instance last said that it is alive, in milliseconds of the server's clock.
    beaten: Option<u64>,
    /// When the keys' end was put off, and for how long.
    put_off: Option<(Instant, Duration)>,
}

impl RedisStore {
    /// Connects. The first news are the last words of all.
    ///
    /// # Errors
    /// [`StoreError`] where there is no Redis in time, or it refuses the password.
    pub fn connect(settings: &RedisSettings) -> Result<Self, StoreError> {
        Ok(Self {
            connection: route::connect(settings).map_err(said)?,
            keys: Keys::of(&settings.namespace),
            instance: settings.instance.clone(),
            cursor: Id::default(),
            length: None,
            is_busy: false,
            read_at: None,
            said: Id::default(),
            is_behind: true,
            has_published: false,
            beaten: None,
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
        self.said = id;

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

    fn say_that_it_lives(&mut self, group: &str, within: Duration) -> RedisResult<Pulse> {
        let beat =
            script::beat(&self.keys, group, &self.instance, millis(within), millis(OUTLIVES));
        let (now, alive, before): (u64, u32, String) = beat.query(&mut self.connection)?;
        let before = reply::score(&before);
        if before.is_none() && self.beaten.is_some() {
            // Somebody emptied the store.
            (self.is_behind, self.put_off) = (true, None);
        }
        // A server that lost the last one, as one that takes over, has an earlier one.
        let has_namesake = self.beaten.is_some_and(|own| before > Some(own));
        self.beaten = Some(now);
        Ok(Pulse { alive, has_namesake })
    }

    fn read_beats(&mut self) -> RedisResult<Vec<Beat>> {
        let (_, groups): Scores =
            script::scores(&self.keys.groups, MOST_GROUPS).query(&mut self.connection)?;
        let (mut all, most) = (Vec::new(), usize::try_from(MOST_INSTANCES).unwrap_or(usize::MAX));
        for (group, _) in groups {
            // One that is no text is nobody's.
            let Ok(group) = String::from_utf8(group) else { continue };
            let key = self.keys.alive(&group);
            let look = script::scores(&key, most - all.len());
            let (now, beats): Scores = look.query(&mut self.connection)?;
            all.extend(beats.iter().map(|beat| reply::beat(&group, beat, reply::millis(now))));
            if all.len() > most {
                return Err(too_many(&key, all.len() as u64, MOST_INSTANCES));
            }
        }
        Ok(all)
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
                expire.cmd("PEXPIRE").arg(key).arg(millis(needed)).arg(when).ignore();
            }
        }
        expire.query::<()>(&mut self.connection)?;
        self.put_off = Some((Instant::now(), needed));
        Ok(())
    }

    /// It looks now and then instead of waiting at the server, which would hand over
    /// whatever came, in any length.
    fn read_feed(&mut self, wait: Duration) -> RedisResult<Vec<News>> {
        let until = Instant::now() + wait;
        loop {
            thread::sleep(LOOK_EVERY.min(until.saturating_duration_since(Instant::now())));
            if !self.is_busy && !self.has_grown()? {
                if Instant::now() >= until {
                    return Ok(Vec::new());
                }
                continue;
            }
            let look = script::feed(&self.keys, self.cursor, AT_A_TIME);
            let (now, has_more, last, entries): Feed = look.query(&mut self.connection)?;
            if !last.is_empty() && Id::read(&last) < self.cursor {
                // The feed began anew, and its clock was set back: nothing of it is heard.
                (self.is_behind, self.said) = (true, Id::default());
            }
            if let Some((id, ..)) = entries.last() {
                self.cursor = Id::read(id);
            }
            (self.is_busy, self.read_at) = (!entries.is_empty(), Some(Instant::now()));
            self.is_behind |= has_more || entries.len() >= AT_A_TIME;
            if !entries.is_empty() || Instant::now() >= until {
                let now = reply::millis(now);
                return Ok(entries.into_iter().map(|entry| reply::news(entry, now)).collect());
            }
        }
    }

    /// Whether the feed is worth reading: it has another length, which costs the server much
    /// less than to read it. As many may have come as were dropped, so it is read now and
    /// then in any case.
    fn has_grown(&mut self) -> RedisResult<bool> {
        let length = cmd("XLEN").arg(&self.keys.feed).query(&mut self.connection)?;
        let is_same = self.length.replace(length) == Some(length);
        Ok(!is_same || self.read_at.is_none_or(|at| at.elapsed() >= READ_EVERY))
    }

    fn read_hash(&mut self) -> RedisResult<Vec<News>> {
        let (now, count, bytes, words): Words =
            script::now(&self.keys).query(&mut self.connection)?;
        if count > MOST_INSTANCES || bytes > MOST_BYTES {
            let (most, now) = (MOST_BYTES >> 20, &self.keys.now);
            let text = format!("{now} has {count} instances, or more than {most} MiB");
            let kind = redis::ErrorKind::UnexpectedReturnType;
            return Err(redis::RedisError::from((kind, "too much to read", text)));
        }
        let now = reply::millis(now);
        // What was said before that is in the hash. The feed is not asked, as it would hand
        // over its last entry, in any length; it is ahead where the clock was set back.
        self.cursor = self.said.max(Id::before(now));
        self.is_behind = false;

        let all = words.iter().map(|(instance, word)| reply::last_word(instance, word, now));
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
        let (count, orders): (u64, Vec<Vec<u8>>) =
            script::orders(&self.keys).query(&mut self.connection)?;
        if count > MOST_ORDERS {
            return Err(too_many(&self.keys.orders, count, MOST_ORDERS));
        }
        Ok(orders)
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
        let mut orders: Vec<Vec<u8>> =
            script::order_log(&self.keys, most).query(&mut self.connection)?;
        orders.reverse();
        Ok(orders)
    }
}

impl Store for RedisStore {
    fn publish(&mut self, report: &[u8]) -> Result<(), StoreError> {
        self.say(report).map_err(said)
    }

    fn beat(&mut self, group: &str, within: Duration) -> Result<Pulse, StoreError> {
        self.say_that_it_lives(group, within).map_err(said)
    }

    fn beats(&mut self) -> Result<Vec<Beat>, StoreError> {
        self.read_beats().map_err(said)
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
        let millis = millis(lasts).max(1);
        let mut set = cmd("SET");
        set.arg(self.keys.probe(breaker)).arg(&self.instance).arg("NX").arg("PX").arg(millis);
        let answer: Option<String> = set.query(&mut self.connection).map_err(said)?;
        Ok(answer.is_some())
    }

    fn draw(
        &mut self,
        quota: &str,
        cells: u64,
        most: u64,
        part: Duration,
    ) -> Result<u64, StoreError> {
        let draw = script::draw(&self.keys.quota(quota), cells, millis(part).max(1));
        let taken: i64 = draw.query(&mut self.connection).map_err(said)?;
        // Of a foreign writer's count there may be none left.
        let before = u64::try_from(taken).unwrap_or(u64::MAX).saturating_sub(cells);
        Ok(cells.min(most.saturating_sub(before)))
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

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
