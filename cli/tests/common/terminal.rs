//! The command on a terminal of its own, driven by keys.

use std::{
    io::{Read as _, Write},
    num::NonZero,
    sync::{Arc, Mutex},
    thread,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{Panel, wait_for};

fn some(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).expect("a terminal has a size")
}

/// The command on a terminal of its own, and what that shows.
pub struct Top {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Top {
    pub fn start(panel: &Panel, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fusebox"));
        command.args(["top", "--interval", "100ms", "--panel"]);
        command.arg(panel.path());
        Self::spawn(command, size)
    }

    pub fn spawn(mut command: CommandBuilder, (rows, cols): (u16, u16)) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(some(rows), some(cols), 0)));
        let seen = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Ends with an error when the other side has gone.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self { master: pair.master, keys, child, screen }
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen is as it should be, and returns its text.
    #[track_caller]
    pub fn shows(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        wait_for(&format!("{what}; the screen:\n{}", self.text()), || {
            Some(self.text()).filter(|text| is_so(text))
        })
    }

    /// The line of a breaker.
    #[track_caller]
    pub fn line(&self, name: &str, holds: &str) -> String {
        let line = |text: &str| {
            text.lines()
                .find(|line| line.starts_with(name) && line.contains(holds))
                .map(String::from)
        };
        line(&self.shows(&format!("`{name}` with `{holds}`"), |text| line(text).is_some())).unwrap()
    }

    pub fn resize(&self, rows: u16, cols: u16) {
        // First the screen, so that it has the room for what is drawn.
        self.screen.lock().unwrap().screen_mut().set_size(some(rows), some(cols));
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits for the end, and that the terminal is as it was.
    #[track_caller]
    pub fn ends(mut self) -> u32 {
        let status = wait_for(&format!("the end; the screen:\n{}", self.text()), || {
            self.child.try_wait().unwrap()
        });
        wait_for("the ordinary screen", || {
            let parser = self.screen.lock().unwrap();
            let screen = parser.screen();
            (!screen.alternate_screen() && !screen.hide_cursor()).then_some(())
        });
        status.exit_code()
    }
}
