//! `top`: the panel on a live screen.

mod app;
mod columns;
pub(crate) mod keys;
pub(crate) mod look;
mod screen;
pub(crate) mod signals;

use std::{
    io::{self, IsTerminal as _},
    mem,
    path::Path,
    time::{Duration, Instant},
};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyEventKind},
};

use crate::{
    alerts,
    args::Top,
    failure::Failure,
    overview::History,
    source::{Source, shown},
    top::{
        app::{App, Todo},
        signals::Signals,
    },
};

/// Shows the panel until somebody quits.
///
/// # Errors
/// [`Failure`] when there is no such panel, or no terminal.
pub fn run(panel: &Path, top: &Top) -> Result<(), Failure> {
    let rules = alerts::rules(&top.alerts.rules)?;
    let source = Source::write_or_read(panel)?;
    let history = History::new(source.capacity(), rules);
    if !io::stdout().is_terminal() {
        return Err(Failure::because(
            "top needs a terminal; into a pipe or a file write `fusebox ls` or `fusebox watch`",
        ));
    }
    on_terminal(|terminal, signals| show(terminal, source, history, top.interval, signals))
}

/// Shows something on the whole terminal, and gives it back as it was.
///
/// # Errors
/// [`Failure`] when the terminal cannot be used, or failed.
pub(crate) fn on_terminal(
    show: impl FnOnce(&mut DefaultTerminal, &Signals) -> io::Result<()>,
) -> Result<(), Failure> {
    let signals = Signals::listen()
        .map_err(|error| Failure::because(format!("cannot listen to signals: {error}")))?;
    // It also restores the terminal on a panic.
    let mut terminal = ratatui::try_init()
        .map_err(|error| Failure::because(format!("cannot use this terminal: {error}")))?;
    let ended = show(&mut terminal, &signals);
    leave(terminal);
    signals.obey();
    ended.map_err(|error| Failure::because(format!("the terminal failed: {error}")))
}

/// Gives the terminal back as it was. When that has gone nothing of this can be
/// done, and ratatui must not try: it would print why, to the same terminal,
/// and panic.
fn leave(mut terminal: DefaultTerminal) {
    if terminal.show_cursor().is_err() {
        mem::forget(terminal);
    }
    let _ = ratatui::try_restore();
}

fn show(
    terminal: &mut DefaultTerminal,
    mut source: Source,
    mut history: History,
    interval: Duration,
    signals: &Signals,
) -> io::Result<()> {
    let mut app = App::new(&shown(source.path()), source.panel().is_some());
    let mut next = Instant::now();
    while !signals.came() {
        if Instant::now() >= next {
            next = Instant::now() + interval;
            match source.renewed() {
                Ok(None) => app.problem = None,
                Ok(Some(renewed)) => {
                    source = renewed;
                    history.restart(source.capacity());
                    (app.writable, app.problem) = (source.panel().is_some(), None);
                    app.say("the file was replaced: this is the new one");
                }
                // While there is none, the old one is all there is.
                Err(failure) => app.problem = Some(failure.to_string()),
            }
            history.observe(&source);
            app.update(history.overview());
        }
        terminal.draw(|frame| screen::draw(frame, &mut app))?;
        if !event::poll(next.saturating_duration_since(Instant::now()).min(SIGNALS_SEEN_WITHIN))? {
            continue;
        }
        // Whatever else came, a change of size for one, is drawn anyway.
        let Event::Key(key) = event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match app.press(key) {
            Todo::Nothing => {}
            Todo::Quit => break,
            Todo::Act { action, slot, label } => {
                if let Ok(breaker) = source.breaker(slot) {
                    app.say(&format!("{label}: {}", action.apply(breaker)));
                    next = Instant::now();
                }
            }
        }
    }
    Ok(())
}

/// How soon a signal is seen.
pub(crate) const SIGNALS_SEEN_WITHIN: Duration = Duration::from_millis(100);
