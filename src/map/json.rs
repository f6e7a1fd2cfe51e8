//! A map as JSON.

use core::fmt;

use super::{escape::InJson, map::Map, route::Route};

impl Map {
    /// Returns the map as JSON, on one line and in ASCII:
    ///
    /// | key | value |
    /// |---|---|
    /// | `version` | 1 |
    /// | `panel` | the panel's number, of eight hexadecimal digits |
    /// | `learning` | whether breakers learn who calls them |
    /// | `left_out` | how many breakers are not on the map |
    /// | `nodes` | `name` or null, `slot` from 0, `state`, `attempts` around its calls, `within` them |
    /// | `edges` | pairs of slots: whose calls called whom |
    /// | `paths` | `path`, an array of names, and the `product` of the attempts along it |
    /// | `cycles` | arrays of names, the first of which is not repeated |
    /// | `cascade` | `name`, `after_ms` since the one opened that opened `first` |
    #[must_use]
    pub fn json(&self) -> impl fmt::Display + '_ {
        Json(self)
    }
}

struct Json<'m>(&'m Map);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let map = self.0;
        let (panel, learning, left_out) = (map.panel(), map.is_learning(), map.left_out());
        write!(f, "{{\"version\":1,\"panel\":\"{panel:08x}\",\"learning\":{learning}")?;
        write!(f, ",\"left_out\":{left_out},\"nodes\":")?;
        list(f, map.nodes(), |f, node| {
            let (name, slot, state) = (InJson(node), node.slot(), node.state());
            let (around, within) = Map::attempts_of(node);
            write!(f, "{{\"name\":{name},\"slot\":{slot},\"state\":\"{state}\"")?;
            write!(f, ",\"attempts\":{around},\"within\":{within}}}")
        })?;
        f.write_str(",\"edges\":")?;
        list(f, map.edges(), |f, (caller, callee)| {
            write!(f, "[{},{}]", caller.slot(), callee.slot())
        })?;
        f.write_str(",\"paths\":")?;
        list(f, map.paths(), |f, path| {
            f.write_str("{\"path\":")?;
            names(f, &path)?;
            write!(f, ",\"product\":{}}}", path.product())
        })?;
        f.write_str(",\"cycles\":")?;
        list(f, map.cycles(), |f, cycle| names(f, &cycle))?;
        f.write_str(",\"cascade\":")?;
        list(f, map.cascade(), |f, fallen| {
            let (name, first) = (InJson(fallen.node), InJson(fallen.first));
            let after = fallen.after.as_millis();
            write!(f, "{{\"name\":{name},\"after_ms\":{after},\"first\":{first}}}")
        })?;
        f.write_str("}")
    }
}

fn names(f: &mut fmt::Formatter<'_>, route: &Route<'_>) -> fmt::Result {
    list(f, route.nodes(), |f, node| write!(f, "{}", InJson(node)))
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (at, item) in items.enumerate() {
        if at > 0 {
            f.write_str(",")?;
        }
        write(f, item)?;
    }
    f.write_str("]")
}
