//! `fleet log`: the orders that were given.

use std::io::Write;

use fusebox_fleet::{SignedOrder, Store as _};

use crate::{
    args::Log,
    escape::escape,
    failure::{Failure, say},
    fleet::{key, store::Way},
};

/// Prints them, the last ones at the end.
pub(super) fn run(log: &Log, out: &mut impl Write) -> Result<(), Failure> {
    let way = Way::to(&log.store)?;
    let key = key::find(log.key_file.as_deref())?;
    let all = way.connect()?.order_log(log.most).map_err(|error| way.failure(&error))?;
    for bytes in &all {
        match SignedOrder::decode(bytes) {
            Ok(signed) => {
                let is_forged = key
                    .as_ref()
                    .is_some_and(|key| !signed.is_signed_by(way.config.own_namespace(), key));
                let mark = if is_forged { "FORGED " } else { "" };
                writeln!(out, "{mark}{}", escape(&signed.order().to_string()))?;
            }
            Err(error) => writeln!(out, "NO ORDER {error}")?,
        }
    }
    if all.is_empty() {
        out.flush()?;
        say("no order was given yet");
    } else if key.is_none() {
        out.flush()?;
        say("warning: without the key nobody can tell which of these are forged");
    }
    Ok(())
}
