//! Quantities as a storm's file has them: `"1m30s"`, `"20%"`.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error};

use crate::time::Time;

/// Longer than any storm needs, and short enough that no sum of them overflows.
const LONGEST: std::time::Duration = std::time::Duration::from_hours(24);

impl<'de> Deserialize<'de> for Time {
    /// Reads a text such as `500ms`, `10s` or `1m30s`, of a day at most.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match humantime::parse_duration(&text) {
            Ok(time) if !time.subsec_nanos().is_multiple_of(1_000) => {
                Err(D::Error::custom(format!("`{text}` is finer than a microsecond")))
            }
            Ok(time) if time <= LONGEST => Ok(time.into()),
            Ok(_) => Err(D::Error::custom(format!("`{text}` is longer than 24h"))),
            Err(_) => Err(D::Error::custom(format!(
                "`{text}` is no time; write it as \"500ms\", \"10s\" or \"1m30s\""
            ))),
        }
    }
}

/// A share, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// None of them.
    pub const NONE: Self = Self(0.0);

    /// All of them.
    pub const FULL: Self = Self(1.0);

    /// Makes one; `None` outside of 0 to 1.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// From 0 to 1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The share so far on the way to another: 0 is this one, 1 the other.
    #[must_use]
    pub fn towards(self, other: Self, way: f64) -> Self {
        Self(self.0 + (other.0 - self.0) * way)
    }
}

/// As a storm's file has it.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", 100.0 * self.0)
    }
}

impl<'de> Deserialize<'de> for Share {
    /// Reads a text such as `20%` or `0.5%`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok())
            .and_then(|percent| Self::new(percent / 100.0))
            .ok_or_else(|| {
                D::Error::custom(format!(
                    "`{text}` is no share; write it as \"0.5%\" or \"20%\", from \"0%\" to \"100%\""
                ))
            })
    }
}
