//! A network of the test's own: a store in the middle, and a link to each half of a fleet.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use crate::{eventually, left_out};

/// Three namespaces of the kernel, which end with it.
pub(crate) struct Network {
    store: Child,
    halves: Vec<Child>,
    /// The namespaces are those of an ordinary user.
    is_users: bool,
}

impl Network {
    /// `None` where the kernel or its settings do not allow it, or a program is missing.
    pub(crate) fn new() -> Option<Self> {
        let is_allowed = |flags| run(&["unshare", flags, "ip", "link", "set", "lo", "up"]);
        let errors = [is_allowed("-n"), is_allowed("-Urn")];
        let flags = match &errors {
            [Ok(()), _] => "-n",
            [_, Ok(())] => "-Urn",
            [Err(one), Err(other)] => {
                left_out(&format!("no network namespace: {one}; as a user: {other}"));
                return None;
            }
        };
        let mut network =
            Self { store: sleeper(&[], flags), halves: Vec::new(), is_users: flags != "-n" };
        for half in 0..2 {
            let there = sleeper(&network.at_store(), "-n");
            let inside = there.id().to_string();
            network.halves.push(there);
            let link = format!("link add half{half} type veth peer name store netns {inside}");
            if let Err(error) = network.ip(&link) {
                left_out(&format!("no pair of links: {error}"));
                return None;
            }
            network.ip(&format!("address add 10.77.{half}.1/24 dev half{half}")).unwrap();
            network.ip(&format!("link set half{half} up")).unwrap();
            let words = network.at_half(half);
            for inside in
                [format!("address add 10.77.{half}.2/24 dev store"), "link set store up".into()]
            {
                run_words(&words, &format!("ip {inside}")).unwrap();
            }
        }
        Some(network)
    }

    /// The words that begin a command where the store is.
    pub(crate) fn at_store(&self) -> Vec<String> {
        self.enter(&self.store)
    }

    /// The words that begin a command in one half.
    pub(crate) fn at_half(&self, half: usize) -> Vec<String> {
        self.enter(&self.halves[half])
    }

    /// Where one half finds the store.
    pub(crate) fn address(half: usize) -> String {
        format!("10.77.{half}.1")
    }

    fn enter(&self, holder: &Child) -> Vec<String> {
        let id = holder.id().to_string();
        let mut words = vec!["nsenter", "-t", &id, "-n"];
        if self.is_users {
            words.extend(["-U", "--preserve-credentials"]);
        }
        words.into_iter().map(ToOwned::to_owned).collect()
    }

    /// Runs `ip` at the store.
    pub(crate) fn ip(&self, words: &str) -> Result<(), String> {
        run_words(&self.at_store(), &format!("ip {words}"))
    }

    /// Runs `tc` at the store.
    pub(crate) fn tc(&self, words: &str) -> Result<(), String> {
        run_words(&self.at_store(), &format!("tc {words}"))
    }
}

/// A process that holds a new network namespace.
fn sleeper(before: &[String], flags: &str) -> Child {
    let words = ["unshare", flags, "sleep", "infinity"].map(ToOwned::to_owned);
    let words = [before, &words].concat();
    let child = Command::new(&words[0]).args(&words[1..]).spawn().unwrap();
    let comm = format!("/proc/{}/comm", child.id());
    eventually("it sleeps", || fs::read_to_string(&comm).is_ok_and(|it| it.trim() == "sleep"));
    child
}

fn run_words(before: &[String], words: &str) -> Result<(), String> {
    let before = before.iter().map(String::as_str);
    run(&before.chain(words.split(' ')).collect::<Vec<_>>())
}

fn run(words: &[&str]) -> Result<(), String> {
    let output = Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", words[0]))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{}: {said}", words.join(" "))) }
}

impl Drop for Network {
    fn drop(&mut self) {
        for holder in self.halves.iter_mut().chain([&mut self.store]) {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}
