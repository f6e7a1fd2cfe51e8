//! `fleet top`: a fleet on a live screen.

mod app;
mod screen;

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyEventKind},
};

use crate::{
    args::FleetTop,
    escape::escape,
    failure::Failure,
    fleet::{
        key, orders,
        store::Way,
        top::app::{App, Todo},
        watcher::Watcher,
    },
    top::{SIGNALS_SEEN_WITHIN, on_terminal, signals::Signals},
};

/// How often what was read is looked for.
const DRAWN: Duration = Duration::from_millis(100);

/// Shows a fleet until somebody quits.
///
/// # Errors
/// [`Failure`] when the store does not answer, or there is no terminal.
pub fn run(top: &FleetTop) -> Result<(), Failure> {
    let way = Way::to(&top.store)?;
    // What is wrong with the key is said before the screen is there.
    let can_order = key::find(top.give.key_file.as_deref())?.is_some();
    way.look(&mut way.connect()?)?;
    if !io::stdout().is_terminal() {
        return Err(Failure::because(
            "top needs a terminal; into a pipe or a file write `fusebox fleet ls`",
        ));
    }
    let watcher = Watcher::start(way.clone(), top.fleet_open_above, top.interval)?;
    let app = App::new(&escape(way.config.own_namespace()), can_order);
    on_terminal(|terminal, signals| show(terminal, app, &way, top, &watcher, signals))
}

fn show(
    terminal: &mut DefaultTerminal,
    mut app: App,
    way: &Way,
    top: &FleetTop,
    watcher: &Watcher,
    signals: &Signals,
) -> io::Result<()> {
    let mut next = Instant::now();
    while !signals.came() {
        if Instant::now() >= next {
            next = Instant::now() + DRAWN;
            app.update(watcher.latest());
        }
        terminal.draw(|frame| screen::draw(frame, &mut app))?;
        if !event::poll(next.saturating_duration_since(Instant::now()).min(SIGNALS_SEEN_WITHIN))? {
            continue;
        }
        let Event::Key(key) = event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match app.press(key) {
            Todo::Nothing => {}
            Todo::Quit => break,
            Todo::Order { what, name } => {
                let names = [name.as_str().to_owned()];
                let given = key::needed(top.give.key_file.as_deref())
                    .and_then(|key| orders::give(way, &key, &top.give, &names, &what));
                match given {
                    Ok(given) => {
                        let lines: Vec<_> =
                            given.iter().map(|it| escape(&it.to_string())).collect();
                        app.say(&lines.join("; "));
                    }
                    Err(failure) => app.say(&failure.to_string()),
                }
            }
        }
    }
    Ok(())
}
