//! Settings as data: serde's traits, made from the rows of a table.

use core::fmt;

use ::serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor},
};

use crate::config::{Setting, Text, Unit, unit::word};

/// The keys of a config: those of its rows, then those of `own`.
pub(crate) const fn keys<const N: usize>(
    table: &[Setting],
    own: &[&'static str],
) -> [&'static str; N] {
    let mut keys = [""; N];
    let mut at = 0;
    while at < N {
        keys[at] = if at < table.len() { table[at].key } else { own[at - table.len()] };
        at += 1;
    }
    keys
}

/// Finds a key's place among these.
pub(crate) struct KeyOf(pub(crate) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a setting")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<usize, E> {
        let at = self.0.iter().position(|own| *own == key);
        at.ok_or_else(|| E::unknown_field(key, self.0))
    }
}

/// Reads the value of this setting. What is no such number is an error that
/// names the setting and its range.
pub(crate) struct ValueOf(pub(crate) &'static Setting);

impl<'de> DeserializeSeed<'de> for ValueOf {
    type Value = u128;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<u128, D::Error> {
        // A word can be told from a number where the format says what there is.
        match self.0.unit {
            Unit::Word(_) if from.is_human_readable() => from.deserialize_any(self),
            _ => from.deserialize_u64(self),
        }
    }
}

impl Visitor<'_> for ValueOf {
    type Value = u128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { name, unit, min, max, .. } = *self.0;
        let range = unit.range(Text::new(""), min.into(), max.into());
        write!(f, "`{name}` {}", range.as_str())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u128, E> {
        Ok(value.into()) // whether it is in its range, the config says
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<u128, E> {
        let Unit::Word(words) = self.0.unit else {
            return Err(E::invalid_type(Unexpected::Str(value), &self));
        };
        let at = words.iter().position(|word| *word == value);
        at.map(|at| at as u128).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
    }

    // Some formats have signed numbers only.
    fn visit_i64<E: Error>(self, value: i64) -> Result<u128, E> {
        let negative = |_| E::invalid_value(Unexpected::Signed(value), &self);
        u128::try_from(value).map_err(negative)
    }
}

/// The value of a setting: its word, where it is one and people read it, else a number.
pub(crate) struct Written(pub(crate) &'static Setting, pub(crate) u64);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.unit {
            Unit::Word(words) if to.is_human_readable() => match word(words, self.1.into()) {
                Some(word) => to.serialize_str(word),
                None => to.serialize_u64(self.1),
            },
            _ => to.serialize_u64(self.1),
        }
    }
}

/// serde's traits for a config (`config`), or for what is built from it
/// (`checked`); see [`settings`](crate::config::settings).
macro_rules! as_data {
    (config $config:ident { $($own:ident)* }) => {
        const OWN_KEYS: &[&str] = &[$(stringify!($own)),*];
        const KEYS: [&str; $config::TABLE.len() + OWN_KEYS.len()] =
            $crate::config::keys($config::TABLE, OWN_KEYS);

        /// Writes a map from each setting's [`key`](crate::Setting::key) to its
        /// value. A setting that is out of its range is an error: whatever is
        /// written can be read again.
        impl ::serde::Serialize for $config {
            #[allow(clippy::cast_possible_truncation)] // checked against a row's 64 bits
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::{Error as _, SerializeStruct as _};
                self.try_build().map_err(S::Error::custom)?;
                let mut map = to.serialize_struct(stringify!($config), KEYS.len())?;
                for (setting, value) in Self::TABLE.iter().zip(self.values) {
                    map.serialize_field(setting.key, &$crate::config::Written(setting, value as u64))?;
                }
                $(map.serialize_field(stringify!($own), &self.$own)?;)*
                map.end()
            }
        }

        /// Reads a map. A setting that is not there has its default. An unknown
        /// setting, or a value out of its range, is an error.
        impl<'de> ::serde::Deserialize<'de> for $config {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Rows;

                impl<'de> ::serde::de::Visitor<'de> for Rows {
                    type Value = $config;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("a map of settings")
                    }

                    fn visit_map<M: ::serde::de::MapAccess<'de>>(
                        self,
                        mut map: M,
                    ) -> Result<$config, M::Error> {
                        use ::serde::de::Error as _;
                        let (mut config, mut seen) = ($config::new(), [false; KEYS.len()]);
                        while let Some(at) = map.next_key_seed($crate::config::KeyOf(&KEYS))? {
                            if core::mem::replace(&mut seen[at], true) {
                                return Err(M::Error::duplicate_field(KEYS[at]));
                            }
                            if let Some(value) = config.values.get_mut(at) {
                                let setting = &$config::TABLE[at];
                                *value = map.next_value_seed($crate::config::ValueOf(setting))?;
                            }
                            $(
                                if KEYS[at] == stringify!($own) {
                                    config.$own = map.next_value()?;
                                }
                            )*
                        }
                        config.try_build().map_err(M::Error::custom)?;
                        Ok(config)
                    }
                }

                from.deserialize_struct(stringify!($config), &KEYS, Rows)
            }
        }
    };

    (checked $config:ident $checked:ident) => {
        /// Writes a map from each setting's [`key`](crate::Setting::key) to its
        /// value.
        impl ::serde::Serialize for $checked {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeStruct as _;
                let mut map = to.serialize_struct(stringify!($checked), $config::TABLE.len())?;
                for (setting, value) in self.values() {
                    map.serialize_field(setting.key, &$crate::config::Written(setting, value))?;
                }
                map.end()
            }
        }

        /// Reads a map. A setting that is not there has its default. An unknown
        /// setting, or a value out of its range, is an error.
        impl<'de> ::serde::Deserialize<'de> for $checked {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                use ::serde::de::Error as _;
                <$config as ::serde::Deserialize>::deserialize(from)?
                    .try_build()
                    .map_err(D::Error::custom)
            }
        }
    };
}

pub(crate) use as_data;
