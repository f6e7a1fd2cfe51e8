//! Storms that come with the laboratory.

use crate::storm::Storm;

macro_rules! storms {
    ($($name:literal $path:literal)*) => {
        /// The storms that come with the laboratory: their names and their files.
        pub const BUILTIN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../storms/", $path, ".toml")))),*];
    };
}

storms! {
    "outage" "outage"
    "sustained-20" "shopify/sustained-20"
    "spike-100" "shopify/spike-100"
    "spike-20" "shopify/spike-20"
    "spikes" "shopify/spikes"
    "gradual" "shopify/gradual"
    "oscillating" "shopify/oscillating"
    "near-target" "shopify/near-target"
    "one-of-many" "shopify/one-of-many"
    "slow-query" "shopify/slow-query"
    "brooker" "brooker"
    "retry-storm-50" "retry-storm-50"
    "retry-storm-70" "retry-storm-70"
    "retry-storm-85" "retry-storm-85"
}

/// The storm of this name; `None` where there is none.
///
/// ```
/// let storm = fusebox_lab::storm::builtin("spike-100").unwrap();
/// assert_eq!(storm.title, "All calls fail for 20 seconds");
/// assert!(fusebox_lab::storm::builtin("drizzle").is_none());
/// ```
///
/// # Panics
/// Never: a test reads them all.
#[must_use]
pub fn builtin(name: &str) -> Option<Storm> {
    let (_, text) = BUILTIN.iter().find(|(own, _)| *own == name)?;
    Some(Storm::parse(text).expect("a file that a test has read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_storm() {
        for (name, text) in BUILTIN {
            if let Err(error) = Storm::parse(text) {
                panic!("{name}: {error}");
            }
        }
    }
}
