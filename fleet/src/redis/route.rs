//! Which server has the fleet's keys.

use redis::{
    Client, Connection, ConnectionAddr, ErrorKind, RedisError, RedisResult, ServerErrorKind, cmd,
};

use crate::redis::{keys::Keys, settings::RedisSettings};

/// Connects to the server that has the fleet's keys: the first that answers, or the one
/// that the sentinels name, or the one of a cluster that those know.
pub(super) fn connect(settings: &RedisSettings) -> RedisResult<Connection> {
    if let Some((primary, sentinels)) = &settings.watched {
        let address = first(sentinels, |sentinel| named(settings, sentinel, primary))?;
        return open(settings, &at(&settings.servers[0], &address)?);
    }
    first(&settings.servers, |server| {
        let mut connection = open(settings, server)?;
        // Any command with one of the keys will do. Other errors come again, and are told.
        let now = Keys::of(&settings.namespace).now;
        let moved = cmd("HLEN").arg(now).exec(&mut connection).err().filter(is_moved);
        match moved.as_ref().and_then(RedisError::redirect_node) {
            Some((address, _)) => open(settings, &at(server, address)?),
            None => Ok(connection),
        }
    })
}

/// What the first has to say that says anything, or the last one's error.
fn first<T>(all: &[Client], ask: impl Fn(&Client) -> RedisResult<T>) -> RedisResult<T> {
    let mut last = Err(wrong("no server to ask", String::new()));
    for one in all {
        last = ask(one);
        if last.is_ok() {
            break;
        }
    }
    last
}

fn open(settings: &RedisSettings, client: &Client) -> RedisResult<Connection> {
    #[cfg(feature = "tls")]
    provide_encryption();
    let connection = client.get_connection_with_timeout(settings.connect_timeout)?;
    connection.set_read_timeout(Some(settings.command_timeout))?;
    connection.set_write_timeout(Some(settings.command_timeout))?;
    Ok(connection)
}

/// A program that has not said what encrypts TLS, encrypts by ring.
#[cfg(feature = "tls")]
fn provide_encryption() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// The address of a primary, as a sentinel knows it.
fn named(settings: &RedisSettings, sentinel: &Client, primary: &str) -> RedisResult<String> {
    let mut connection = open(settings, sentinel)?;
    let mut ask = cmd("SENTINEL");
    ask.arg("GET-MASTER-ADDR-BY-NAME").arg(primary);
    let address: Option<(String, u16)> = ask.query(&mut connection)?;
    let (host, port) =
        address.ok_or_else(|| wrong("the sentinel knows no such primary", primary.to_owned()))?;
    Ok(format!("{host}:{port}"))
}

fn is_moved(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::Moved)
}

/// The same user, password and TLS at another address. One without a host is at the same.
fn at(client: &Client, address: &str) -> RedisResult<Client> {
    let info = client.get_connection_info().clone();
    let Some((host, port)) =
        address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)))
    else {
        return Err(wrong("no address of a server", address.to_owned()));
    };
    let moved = |old: &str| if host.is_empty() { old.to_owned() } else { host.to_owned() };
    let addr = match info.addr().clone() {
        ConnectionAddr::Tcp(old, _) => ConnectionAddr::Tcp(moved(&old), port),
        ConnectionAddr::TcpTls { host: old, insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host: moved(&old), port, insecure, tls_params }
        }
        _ => ConnectionAddr::Tcp(moved("localhost"), port),
    };
    Client::open(info.set_addr(addr))
}

fn wrong(what: &'static str, detail: String) -> RedisError {
    RedisError::from((ErrorKind::InvalidClientConfig, what, detail))
}
