//! `fleet isolate`, `fleet close`, `fleet set`.

use std::io::Write;

use fusebox_fleet::What;

use crate::{
    args::{Give, Store},
    escape::escape,
    failure::Failure,
    fleet::{key, orders, store::Way},
};

/// Orders it, and prints the order as the log has it.
pub(super) fn run(
    store: &Store,
    give: &Give,
    names: &[String],
    what: &What,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let way = Way::to(store)?;
    let key = key::needed(give.key_file.as_deref())?;
    for order in orders::give(&way, &key, give, names, what)? {
        writeln!(out, "{}", escape(&order.to_string()))?;
    }
    Ok(())
}
