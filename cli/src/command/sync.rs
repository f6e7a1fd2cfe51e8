//! `sync`: a host's part in its fleet, for all that share a panel.

use std::{
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use fusebox_fleet::{Fleet, FleetConfig, Obedience, RedisStore, Turn};
use jiff::Timestamp;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::{
    args::{Obeys, Sync},
    escape::escape,
    failure::{Failure, say},
    fleet::{key, store},
    source::{Source, shown},
};

/// How often it is seen that the panel's file was replaced.
const RENEWED: Duration = Duration::from_secs(1);
/// How soon it ends after a signal.
const SIGNALS_SEEN_WITHIN: Duration = Duration::from_millis(100);

/// Takes part until it is interrupted or terminated.
pub(super) fn run(panel: &Path, sync: &Sync, out: &mut impl Write) -> Result<(), Failure> {
    let config = config(sync)?;
    let url = sync.store.store.as_deref().filter(|it| !it.is_empty());
    let url = url.ok_or_else(store::no_store)?;
    let redis = store::settings(url, &config)?
        .connect_timeout(Duration::from_millis(250))
        .command_timeout(Duration::from_millis(250));
    let source = Source::write(panel)?;
    // Before anybody can know that we are here, and tell us to end.
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&told))
            .map_err(|error| Failure::because(format!("cannot listen to signals: {error}")))?;
    }
    say(&format!(
        "sharing {} as `{}` over {}",
        shown(panel),
        escape(config.instance()),
        store::without_password(url)
    ));
    let (send, lines) = mpsc::channel();
    let mut shared = Shared { source, looked: Instant::now(), is_lost: false, tell: send.clone() };
    let fleet = Fleet::spawn_lending(
        config,
        move || RedisStore::connect(&redis),
        move |turn: Turn<'_, _, _>| shared.lend(turn),
        move |event| {
            // The other side goes only when all ends.
            let _ = send.send(escape(&event.to_string()));
        },
    )
    .map_err(|error| Failure::because(format!("cannot start a thread: {error}")))?;
    let ended = print(&lines, &told, &fleet, out);
    fleet.stop();
    ended
}

fn config(sync: &Sync) -> Result<FleetConfig, Failure> {
    let mut config = FleetConfig::new(&sync.instance)
        .group(&sync.group)
        .namespace(&sync.store.namespace)
        .heartbeat(sync.store.heartbeat)
        .obedience(obedience(sync.obedience));
    for (breaker, what) in &sync.obedience_of {
        config = config.obedience_of(breaker, obedience(*what));
    }
    if let Some(key) = key::find(sync.key_file.as_deref())? {
        config = config.order_key(key);
    }
    config.build().map_err(|error| Failure::because(escape(&error.to_string())))
}

const fn obedience(what: Obeys) -> Obedience {
    match what {
        Obeys::Observe => Obedience::Observe,
        Obeys::Advise => Obedience::Advise,
        Obeys::Obey => Obedience::Obey,
    }
}

/// Prints what happens, at once, until it is told to end.
fn print(
    lines: &mpsc::Receiver<String>,
    told: &AtomicBool,
    fleet: &Fleet,
    out: &mut impl Write,
) -> Result<(), Failure> {
    // A flag of its own: relaxed.
    while !told.load(Ordering::Relaxed) {
        match lines.recv_timeout(SIGNALS_SEEN_WITHIN) {
            Ok(line) => {
                writeln!(out, "{:.3} {line}", Timestamp::now())?;
                out.flush()?;
            }
            Err(RecvTimeoutError::Timeout) if fleet.is_running() => {}
            Err(_) => return Err(Failure::because("the fleet's thread ended by itself")),
        }
    }
    Ok(())
}

/// The panel, as the fleet's thread has it.
struct Shared {
    source: Source,
    looked: Instant,
    is_lost: bool,
    tell: Sender<String>,
}

impl Shared {
    /// Lends all breakers that are registered by now.
    fn lend(&mut self, turn: Turn<'_, fusebox::DefaultClock, fusebox::DefaultObserver>) {
        if self.looked.elapsed() >= RENEWED {
            self.looked = Instant::now();
            self.renew();
        }
        let breakers: Vec<_> =
            self.source.panel().map(|panel| panel.iter().collect()).unwrap_or_default();
        turn(&breakers);
    }

    fn renew(&mut self) {
        let line = match self.source.renewed() {
            Ok(None) => {
                self.is_lost = false;
                return;
            }
            Ok(Some(renewed)) => {
                self.source = renewed;
                self.is_lost = false;
                match self.source.panel() {
                    Some(_) => "the panel's file was replaced: sharing the new one".into(),
                    None => "the panel's file was replaced, and this user may only read the new \
                             one: nothing is shared"
                        .into(),
                }
            }
            Err(_) if self.is_lost => return,
            Err(failure) => {
                self.is_lost = true;
                // While there is none, the old one is all there is.
                format!("still sharing the old file: {failure}")
            }
        };
        let _ = self.tell.send(line);
    }
}
