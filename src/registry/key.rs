//! A name with its hash.

use crate::name::{Name, NameError};

/// A name with its hash. A look-up by a `const` key hashes nothing.
///
/// ```
/// use fusebox::{Key, Registry};
///
/// static PANEL: Registry<8> = Registry::new();
/// const AI: Key = Key::new("ai_provider");
/// assert!(PANEL.get(&AI).is_none());
/// PANEL.get_or_default(&AI)?;
/// assert!(PANEL.get("ai_provider").is_some());
/// # Ok::<(), fusebox::RegistryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    name: Name,
    hash: u64,
}

impl Key {
    /// Makes the key of `name`.
    ///
    /// # Panics
    /// On a name that [`Name::try_new`] refuses; in a `const` that is a
    /// compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &str) -> Self {
        Self::of(Name::new(name))
    }

    /// Makes the key of `name`.
    #[must_use]
    #[inline]
    pub const fn of(name: Name) -> Self {
        Self { name, hash: name.hash64() }
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> Name {
        self.name
    }

    /// Returns the hash. It is never 0, and is equal on every host and in every
    /// release that shares a layout.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }
}

/// Something that names a breaker in a look-up: a `&str`, a [`Name`], or a
/// [`Key`].
pub trait AsKey: sealed::Sealed {
    /// Makes the key, or says why the name cannot be one.
    ///
    /// # Errors
    /// [`NameError`] for a `&str` that is no name.
    fn as_key(&self) -> Result<Key, NameError>;
}

impl AsKey for Key {
    #[inline]
    fn as_key(&self) -> Result<Key, NameError> {
        Ok(*self)
    }
}

impl AsKey for Name {
    #[inline]
    fn as_key(&self) -> Result<Key, NameError> {
        Ok(Key::of(*self))
    }
}

impl AsKey for str {
    #[inline]
    fn as_key(&self) -> Result<Key, NameError> {
        let (name, hash) = Name::parse(self)?;
        Ok(Key { name, hash })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Key {}
    impl Sealed for super::Name {}
    impl Sealed for str {}
}
