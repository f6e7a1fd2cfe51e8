//! The file beside a panel in which `tune` remembers what was configured, and the outages
//! that it has seen.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use fusebox::{
    BreakerSettings,
    tune::{Kind, Outage, Seen},
};
use serde::{Deserialize, Serialize};

use crate::{escape::escape, failure::Failure, source::shown};

/// What is remembered of each breaker, by its name.
pub type Memory = BTreeMap<String, Seen>;

/// No such file is longer.
const LONGEST: u64 = 16 << 20;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    fusebox_tune: u32,
    breakers: BTreeMap<String, One>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    configured: BreakerSettings,
    left: BreakerSettings,
    outages: Vec<Noted>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    kind: NotedKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed_ppm: Option<u32>,
    down_until_ms: u64,
    up_at_ms: u64,
    failed_probes: u32,
    turned_away: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NotedKind {
    Down,
    Relapse,
    FalseAlarm,
}

/// Its place: the panel's own path with `.tune` after it.
#[must_use]
pub fn place(panel: &Path) -> PathBuf {
    let mut path = panel.as_os_str().to_owned();
    path.push(".tune");
    path.into()
}

/// Reads it; nothing is remembered where there is none.
///
/// # Errors
/// [`Failure`] that names the file, and says what to do.
pub fn read(path: &Path) -> Result<Memory, Failure> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Memory::new()),
        Err(error) => {
            return Err(Failure::because(format!("cannot read `{}`: {error}", shown(path))));
        }
    }
    parse(&bytes).map_err(|why| {
        Failure::because(format!(
            "`{}` is not what `fusebox tune` writes: {}; nothing was changed. Without the file \
             the settings in force are taken for the configured ones",
            shown(path),
            escape(&why)
        ))
    })
}

/// Reads what such a file says.
///
/// # Errors
/// What is wrong with it.
///
/// ```
/// use fusebox_cli::tuned::parse;
///
/// assert!(parse(br#"{"fusebox_tune": 1, "breakers": {}}"#).unwrap().is_empty());
/// assert!(parse(b"{").unwrap_err().contains("line 1"));
/// ```
pub fn parse(bytes: &[u8]) -> Result<Memory, String> {
    if bytes.len() as u64 > LONGEST {
        return Err("it is longer than 16 MiB".into());
    }
    let Contents { fusebox_tune, breakers } =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if fusebox_tune != VERSION {
        return Err(format!("its version is {fusebox_tune}, and this one reads {VERSION}"));
    }
    let seen = |(name, One { configured, left, outages }): (String, One)| {
        let of = |why: String| format!("of `{name}`: {why}");
        let outages: Vec<_> =
            outages.iter().map(Noted::outage).collect::<Result<_, _>>().map_err(of)?;
        let seen = Seen::resume(configured, left, outages).map_err(|why| of(why.to_string()))?;
        Ok((name, seen))
    };
    breakers.into_iter().map(seen).collect()
}

impl Noted {
    fn of(outage: &Outage) -> Option<Self> {
        let (kind, failed_ppm) = match outage.kind {
            Kind::Down => (NotedKind::Down, None),
            Kind::Relapse => (NotedKind::Relapse, None),
            Kind::FalseAlarm { failed_ppm } => (NotedKind::FalseAlarm, Some(failed_ppm)),
            _ => return None,
        };
        Some(Self {
            kind,
            failed_ppm,
            down_until_ms: millis(outage.down_until),
            up_at_ms: millis(outage.up_at),
            failed_probes: outage.failed_probes,
            turned_away: outage.turned_away,
        })
    }

    fn outage(&self) -> Result<Outage, String> {
        let kind = match (&self.kind, self.failed_ppm) {
            (NotedKind::Down, None) => Kind::Down,
            (NotedKind::Relapse, None) => Kind::Relapse,
            (NotedKind::FalseAlarm, Some(failed_ppm)) => Kind::FalseAlarm { failed_ppm },
            _ => return Err("a `false_alarm` has `failed_ppm`, and nothing else has it".into()),
        };
        let times =
            (Duration::from_millis(self.down_until_ms), Duration::from_millis(self.up_at_ms));
        Outage::new(kind, times, self.failed_probes, self.turned_away)
            .map_err(|why| why.to_string())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What such a file says of all that is remembered.
///
/// # Panics
/// Never: numbers and texts can be written as JSON.
#[must_use]
pub fn text(memory: &Memory) -> String {
    let one = |seen: &Seen| One {
        configured: seen.configured(),
        left: seen.left(),
        outages: seen.outages().filter_map(|it| Noted::of(&it)).collect(),
    };
    let breakers = memory.iter().map(|(name, seen)| (name.clone(), one(seen))).collect();
    let contents = Contents { fusebox_tune: VERSION, breakers };
    serde_json::to_string_pretty(&contents).expect("numbers and texts") + "\n"
}

/// Writes it whole or not at all.
///
/// # Errors
/// [`Failure`] that names the file.
pub fn write(path: &Path, memory: &Memory) -> Result<(), Failure> {
    let mut other = path.as_os_str().to_owned();
    other.push(format!(".{}", std::process::id()));
    let other = PathBuf::from(other);
    let write = || -> io::Result<()> {
        let mut file = File::create(&other)?;
        file.write_all(text(memory).as_bytes())?;
        file.sync_all()?;
        fs::rename(&other, path)
    };
    write().map_err(|error| {
        // It may not be there.
        let _ = fs::remove_file(&other);
        Failure::because(format!("cannot write `{}`: {error}", shown(path)))
    })
}
