//! The macro that makes the accessors of what is built from a config.

/// Accessors, [`Debug`](core::fmt::Debug) and [`Display`](core::fmt::Display)
/// of packed words (`packed`), or of a type that holds its config (`kept`);
/// see [`settings`](crate::config::settings).
macro_rules! accessors {
    (
        packed $config:ident $checked:ident {
        $(
            $(#[$attr:meta])+
            $name:ident: $unit:ident -> $out:ty = $default:literal, $min:literal..=$max:literal,
                at $shift:tt $($code:ident $(($($bits:literal),+))?)?;
        )+
    }) => {
        #[allow(clippy::cast_possible_truncation)] // no range is wider than its accessor's type
        impl $checked {
            const PLACES: [$crate::config::Place; $config::TABLE.len()] = [$({
                let setting = &$config::TABLE[Row::$name as usize];
                $crate::config::Place::of(setting, $shift)
                    $(.$code(setting $($(, $bits)+)?))?
            }),+];

            /// The words of values that were checked.
            const fn packed<const WORDS: usize>(config: &$config) -> [u64; WORDS] {
                let mut words = [0; WORDS];
                let mut at = 0;
                while at < Self::PLACES.len() {
                    words = Self::PLACES[at].into(words, config.values[at]);
                    at += 1;
                }
                words
            }

            $(
                $(#[$attr])+
                #[must_use]
                #[inline]
                pub const fn $name(self) -> $out {
                    let raw = const { Self::PLACES[Row::$name as usize] }.get(self.0);
                    $crate::config::read!($unit raw)
                }
            )+

            const fn raw(self) -> [u128; $config::TABLE.len()] {
                [$(Self::PLACES[Row::$name as usize].get(self.0) as u128),+]
            }
        }

        const _: () = assert!($crate::config::Place::are_apart::<{ $checked::WORDS }>(&$checked::PLACES));

        $crate::config::accessors! { shown $config $checked }
    };

    (
        kept $config:ident $checked:ident {
        $(
            $(#[$attr:meta])+
            $name:ident: $unit:ident -> $out:ty = $default:literal, $min:literal..=$max:literal;
        )+
    }) => {
        #[allow(clippy::cast_possible_truncation)] // no range is wider than its accessor's type
        impl $checked {
            $(
                $(#[$attr])+
                #[must_use]
                pub const fn $name(self) -> $out {
                    let raw = self.0.values[Row::$name as usize] as u64;
                    $crate::config::read!($unit raw)
                }
            )+

            const fn raw(self) -> [u128; $config::TABLE.len()] {
                self.0.values
            }
        }

        $crate::config::accessors! { shown $config $checked }
    };

    (shown $config:ident $checked:ident) => {
        impl $checked {
            /// Iterates over the settings with their values, in the unit of
            /// each.
            #[allow(clippy::cast_possible_truncation)] // checked against a row's 64 bits
            pub fn values(self) -> impl Iterator<Item = (&'static $crate::Setting, u64)> {
                $config::TABLE.iter().zip(self.raw().map(|value| value as u64))
            }

            /// Returns the value of the setting of this name, in its unit, or
            /// `None` if there is no such setting.
            #[must_use]
            pub fn get(self, name: &str) -> Option<u64> {
                self.values().find_map(|(setting, value)| (setting.name == name).then_some(value))
            }
        }

        #[cfg(feature = "serde")]
        $crate::config::as_data! { checked $config $checked }

        impl core::fmt::Debug for $checked {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut shown = f.debug_struct(stringify!($checked));
                for (setting, value) in self.values() {
                    shown.field(setting.name, &setting.shown(value.into()));
                }
                shown.finish()
            }
        }

        impl core::fmt::Display for $checked {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                for (at, (setting, value)) in self.values().enumerate() {
                    let space = if at == 0 { "" } else { " " };
                    write!(f, "{space}{}={}", setting.name, setting.shown(value.into()))?;
                }
                Ok(())
            }
        }
    };
}

/// A number of a unit as its accessor gives it.
macro_rules! read {
    (millis $raw:ident) => {
        core::time::Duration::from_millis($raw)
    };
    (limit $raw:ident) => {
        if $raw == 0 { None } else { Some(core::time::Duration::from_millis($raw)) }
    };
    (delay $raw:ident) => {
        core::time::Duration::from_nanos($raw)
    };
    (nanos $raw:ident) => {
        core::time::Duration::from_nanos($raw)
    };
    (flag $raw:ident) => {
        $raw != 0
    };
    (foresight $raw:ident) => {
        $crate::config::Foresight::of($raw)
    };
    ($unit:ident $raw:ident) => {
        $raw as _
    };
}

pub(crate) use {accessors, read};
