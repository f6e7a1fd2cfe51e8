//! TLS and a password, by the URL.

use std::{path::Path, process::Command, time::Duration};

use crate::{left_out, process::Process, server::Server, within};

const STEPS: [&str; 4] = [
    "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other -keyout other.key -out other.crt",
    "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test -keyout ca.key -out ca.crt",
    "req -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
     -keyout server.key -out server.csr",
    "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 \
     -copy_extensions copy -out server.crt",
];

/// An authority of the test's own, and what it signed.
fn certify(folder: &Path) -> Result<(), String> {
    for step in STEPS {
        let openssl =
            Command::new("openssl").args(step.split_whitespace()).current_dir(folder).output();
        let output = openssl.map_err(|error| format!("openssl: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    Ok(())
}

#[test]
fn a_url_brings_tls_and_its_trust() {
    let folder = tempfile::tempdir().unwrap();
    if let Err(why) = certify(folder.path()) {
        return left_out(&why);
    }
    let Some(server) = Server::start_with_tls(folder.path()) else { return };
    let trusts = |file: &str| {
        let file = folder.path().join(file);
        ["env".into(), format!("SSL_CERT_FILE={}", file.display())]
    };
    let mut all = [
        Process::begin(&trusts("ca.crt"), &server.url, "host-0"),
        Process::begin(&trusts("ca.crt"), &server.url, "host-1"),
        // Whoever trusts others does not connect, nor does one whose password is wrong, nor
        // one that looks for another name than the certificate's.
        Process::begin(&trusts("other.crt"), &server.url, "stranger"),
        Process::begin(&trusts("ca.crt"), &server.url.replace("right", "wrong"), "guesser"),
        Process::begin(
            &trusts("ca.crt"),
            &server.url.replace("localhost", "127.0.0.1"),
            "elsewhere",
        ),
    ];
    for process in &mut all {
        process.ask("join");
    }
    let (good, bad) = all.split_at_mut(2);
    within(Duration::from_secs(20), "they see each other", || {
        good.iter_mut().all(|it| it.standing().connected && it.standing().alive == 2)
    });
    for process in bad {
        let mut tries = 0;
        within(Duration::from_secs(20), "it tries again", || {
            tries += process.tries().len();
            tries > 1
        });
        assert!(!process.standing().connected);
    }
    for process in &mut all {
        let measured = process.measured();
        assert_eq!((measured.failed, measured.strays), (0, 0));
    }
}
