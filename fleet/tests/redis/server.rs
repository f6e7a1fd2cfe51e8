//! A Redis of the test's own.

use std::{
    io::ErrorKind,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use redis::{Client, Connection, FromRedisValue, RedisResult, cmd};
use tempfile::TempDir;

use crate::{eventually, left_out};

/// A `redis-server` in a folder of its own, which ends with it.
pub(crate) struct Server {
    pub(crate) folder: TempDir,
    /// The command that begins it.
    words: Vec<String>,
    child: Child,
    pub(crate) url: String,
    /// As the test reaches it.
    admin: String,
}

impl Server {
    /// A server behind a socket in its folder; `None` where the program is missing.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("redis.sock");
        let url = format!("redis+unix://{}", socket.display());
        let socket = socket.display().to_string();
        let words = ["redis-server", "--port", "0", "--unixsocket", &socket];
        Self::begin(folder, &[], &words, url.clone(), url)
    }

    /// A server at a port of this host, which asks for the password `right`.
    pub(crate) fn start_with_password() -> Option<Self> {
        let port = free_port();
        let url = |password| format!("redis://:{password}@127.0.0.1:{port}");
        let mut server = Self::at(port, &["--requirepass", "right"], url("right"))?;
        server.url = url("wrong");
        Some(server)
    }

    /// A server at a port of this host, with these arguments.
    pub(crate) fn start_at_port(arguments: &[&str]) -> Option<Self> {
        let port = free_port();
        Self::at(port, arguments, format!("redis://127.0.0.1:{port}"))
    }

    /// A sentinel at a port of this host, with these settings.
    pub(crate) fn start_with_file(file: &Path) -> Option<Self> {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("redis://127.0.0.1:{port}");
        let file = file.display().to_string();
        let words = ["redis-server", &file, "--sentinel", "--port", &port.to_string()];
        Self::launched(folder, words.map(ToOwned::to_owned).into(), url.clone(), url)
    }

    /// A server begun by these words, as in another namespace, that listens everywhere in
    /// there; the test reaches it by a socket in its folder.
    pub(crate) fn start_by(words: &[String], port: u16) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("redis.sock").display().to_string();
        let admin = format!("redis+unix://{socket}");
        let port = port.to_string();
        let own = ["redis-server", "--port", &port, "--unixsocket", &socket];
        let open = ["--bind", "0.0.0.0", "--protected-mode", "no"];
        Self::begin(folder, words, &[&own[..], &open].concat(), admin.clone(), admin)
    }

    /// A server at a port of this host that speaks TLS only, with these files.
    #[cfg(feature = "tls")]
    pub(crate) fn start_with_tls(folder: &Path) -> Option<Self> {
        let port = free_port();
        let own = tempfile::tempdir().unwrap();
        let socket = own.path().join("redis.sock").display().to_string();
        let file = |name| folder.join(name).display().to_string();
        let (certificate, key) = (file("server.crt"), file("server.key"));
        let (port_word, authority) = (port.to_string(), file("ca.crt"));
        let words =
            ["redis-server", "--port", "0", "--unixsocket", &socket, "--tls-port", &port_word];
        let tls = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
        let trust = ["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"];
        let password = ["--requirepass", "right"];
        let words = [&words[..], &tls, &trust, &password].concat();
        let url = format!("rediss://:right@localhost:{port}");
        let admin = format!("redis+unix://{socket}?pass=right");
        Self::begin(own, &[], &words, url, admin)
    }

    fn at(port: u16, more: &[&str], url: String) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = port.to_string();
        let words = [&["redis-server", "--bind", "127.0.0.1", "--port", &port], more].concat();
        Self::begin(folder, &[], &words, url.clone(), url)
    }

    fn begin(
        folder: TempDir,
        before: &[String],
        words: &[&str],
        url: String,
        admin: String,
    ) -> Option<Self> {
        let own = folder.path().display().to_string();
        let words = words.iter().copied().chain(["--save", "", "--dir", &own]);
        let words = before.iter().cloned().chain(words.map(ToOwned::to_owned)).collect();
        Self::launched(folder, words, url, admin)
    }

    fn launched(folder: TempDir, words: Vec<String>, url: String, admin: String) -> Option<Self> {
        match launch(&words) {
            Ok(child) => {
                let server = Self { folder, words, child, url, admin };
                eventually("the server answers", || server.try_connect().is_some());
                Some(server)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                left_out("there is no redis-server (Debian: apt-get install redis-server)");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after a `kill`: empty.
    pub(crate) fn revive(&mut self) {
        assert!(self.folder.path().exists());
        self.child = launch(&self.words).unwrap();
        eventually("the server answers again", || self.try_connect().is_some());
    }

    /// SIGSTOP, or SIGCONT.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn try_connect(&self) -> Option<Connection> {
        let client = Client::open(self.admin.as_str()).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(5)).ok()?;
        cmd("PING").exec(&mut connection).ok().map(|()| connection)
    }

    /// Runs a command with these words.
    pub(crate) fn run<T: FromRedisValue>(&self, words: &[&[u8]]) -> T {
        self.try_run(words).unwrap()
    }

    pub(crate) fn try_run<T: FromRedisValue>(&self, words: &[&[u8]]) -> RedisResult<T> {
        let mut command = redis::Cmd::new();
        command.arg(words);
        // A replica that takes over its primary's data answers nothing else for a while.
        let mut connection = None;
        eventually("it answers", || {
            connection = self.try_connect();
            connection.is_some()
        });
        command.query(&mut connection.expect("it answers"))
    }

    /// Runs a command with these words, that somebody may have put there.
    pub(crate) fn say<T: FromRedisValue>(&self, words: &str) -> T {
        self.run(&words.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn launch(words: &[String]) -> std::io::Result<Child> {
    Command::new(&words[0]).args(&words[1..]).stdout(Stdio::null()).spawn()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
