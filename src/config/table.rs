//! The macro that makes a config from the rows of its table.

/// A config, and the accessors of what is built from it.
///
/// ```text
/// settings! {
///     /// What it is, in a paragraph.
///     table
///     /// More docs, below the table.
///     config SomeConfig {
///         /// What it does, in one sentence.
///         ///
///         /// More docs of its setter and its accessor.
///         name: unit -> type of the accessor = default, least..=most, at shift;
///     }
///     also {
///         /// A setting of a type of its own, whose check is written by hand.
///         name(given: type) -> type of the field { the field } = default, "range", "default";
///     }
///     => packed Some       // or `=> kept Some`, or nothing
/// }
/// ```
///
/// The units are the modules of [`unit`](crate::config::unit). `packed` gives
/// accessors to words in which each row has its place: so many bits after the
/// first word's lowest. What stands after it is a method of
/// [`Place`](crate::config::Place) that says how its bits are read.
/// `kept` gives accessors to a type that holds the config.
macro_rules! settings {
    (
        $(#[$title:meta])+
        table
        $(#[$attr:meta])*
        config $config:ident $rows:tt
        $(also $also:tt)?
        $(=> $kind:ident $checked:ident)?
    ) => {
        $crate::config::settings! {
            @ [$(#[$title])+] [$(#[$attr])*] $config $rows $(also $also)?
        }
        $($crate::config::accessors! { $kind $config $checked $rows })?
    };

    (
        @ [$(#[$title:meta])+] [$(#[$attr:meta])*]
        $config:ident {
            $(
                #[doc = $text:literal]
                $(#[$more:meta])*
                $name:ident: $unit:ident -> $out:ty = $default:literal, $min:literal..=$max:literal
                    $(, at $shift:tt $($code:ident $(($($bits:literal),+))?)?)?;
            )+
        }
        $(also {
            $(
                #[doc = $own_text:literal]
                $(#[$own_more:meta])*
                $own:ident($given:ident: $given_type:ty) -> $own_type:ty $kept:block
                    = $own_default:expr, $own_range:literal, $own_shown:literal;
            )+
        })?
    ) => {
        $(#[$title])+
        ///
        /// | setting | what it is | range | default |
        /// |---|---|---|---|
        $(
            #[doc = concat!(
                "| [`", stringify!($name), "`](Self::", stringify!($name), ") |", $text, " | ",
                $min, " to ", $max, $crate::config::row_unit!($unit), " | ",
                $default, $crate::config::row_unit!($unit), " |",
            )]
        )+
        $($(
            #[doc = concat!(
                "| [`", stringify!($own), "`](Self::", stringify!($own), ") |", $own_text, " | ",
                $own_range, " | ", $own_shown, " |",
            )]
        )+)?
        ///
        $(#[$attr])*
        #[derive(Clone, Copy, PartialEq)]
        #[must_use]
        pub struct $config {
            values: [u128; $config::TABLE.len()],
            $($($own: $own_type,)+)?
        }

        /// The rows of the table.
        #[allow(non_camel_case_types)] // as the settings are called
        #[derive(Clone, Copy)]
        enum Row { $($name),+ }

        impl $config {
            /// The table of the settings that are whole numbers, in their
            /// order.
            pub const TABLE: &'static [$crate::Setting] = &[$(
                $crate::Setting {
                    name: stringify!($name),
                    key: $crate::config::row_key!($unit $name),
                    unit: $crate::config::unit::$unit::UNIT,
                    min: $min * $crate::config::unit::$unit::SCALE,
                    max: $max * $crate::config::unit::$unit::SCALE,
                    default: $default * $crate::config::unit::$unit::SCALE,
                    optional: $crate::config::unit::$unit::OPTIONAL,
                    text: $crate::config::text($text),
                }
            ),+];

            /// Makes a config with the default of each setting.
            pub const fn new() -> Self {
                Self {
                    values: $crate::config::defaults(Self::TABLE),
                    $($($own: $own_default,)+)?
                }
            }

            $(
                #[doc = $text]
                $(#[$more])*
                pub const fn $name(mut self, $name: $crate::config::unit::$unit::Given) -> Self {
                    self.values[Row::$name as usize] = $crate::config::unit::$unit::raw($name);
                    self
                }
            )+

            $($(
                #[doc = $own_text]
                $(#[$own_more])*
                pub const fn $own(mut self, $given: $given_type) -> Self {
                    self.$own = $kept;
                    self
                }
            )+)?

            /// Sets the setting of this name in the [table](Self::TABLE), in
            /// its unit. The value is not checked yet, as with the setters.
            /// Returns `None` if there is no such name.
            #[must_use]
            pub fn set(mut self, name: &str, value: u64) -> Option<Self> {
                let at = $crate::config::position(Self::TABLE, name)?;
                self.values[at] = value.into();
                Some(self)
            }

            /// The first value that is out of its row's range.
            const fn check_rows(&self) -> Result<(), $crate::ConfigError> {
                $crate::config::check(Self::TABLE, &self.values)
            }
        }

        impl Default for $config {
            fn default() -> Self {
                Self::new()
            }
        }

        #[cfg(feature = "serde")]
        $crate::config::as_data! { config $config { $($($own)+)? } }

        impl core::fmt::Debug for $config {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut shown = f.debug_struct(stringify!($config));
                for (setting, value) in Self::TABLE.iter().zip(&self.values) {
                    shown.field(setting.name, &setting.shown(*value));
                }
                $($(shown.field(stringify!($own), &self.$own);)+)?
                shown.finish()
            }
        }
    };
}

/// What stands after a number in the docs.
macro_rules! row_unit {
    (count) => {
        ""
    };
    (percent) => {
        "%"
    };
    (excess) => {
        "%"
    };
    (millis) => {
        " ms"
    };
    (limit) => {
        " ms"
    };
    (delay) => {
        " ms"
    };
    (nanos) => {
        " ns"
    };
    (flag) => {
        ""
    };
}

/// A setting's name with its unit.
macro_rules! row_key {
    (count $name:ident) => {
        stringify!($name)
    };
    (percent $name:ident) => {
        concat!(stringify!($name), "_percent")
    };
    (excess $name:ident) => {
        concat!(stringify!($name), "_percent")
    };
    (millis $name:ident) => {
        concat!(stringify!($name), "_ms")
    };
    (limit $name:ident) => {
        concat!(stringify!($name), "_ms")
    };
    (delay $name:ident) => {
        concat!(stringify!($name), "_ns")
    };
    (nanos $name:ident) => {
        concat!(stringify!($name), "_ns")
    };
    (flag $name:ident) => {
        stringify!($name)
    };
}

pub(crate) use {row_key, row_unit, settings};
