//! An error whose type is known where it is shown: by its own words.
//!
//! A function that is generic over errors knows no more of one than its bounds
//! say, and ours ask for `Debug` alone. An attribute's code stands where the
//! type is known, and lets the compiler choose. To find a method it takes one
//! reference after another off `&&&&&Known(&error)`; so of the traits below it
//! finds the first one that the error's type allows. The method has a name that
//! no trait of the user's will have.

use core::{
    error::Error,
    fmt::{self, Debug, Display, Formatter},
};

/// How an error is best shown. Its `Debug` is what an event takes.
#[derive(Clone, Copy)]
pub enum Shown<'e> {
    /// By its text, and that of each of its sources.
    Chain(&'e (dyn Error + 'e)),
    /// By its text.
    Text(&'e (dyn Display + 'e)),
    /// By its `Debug`: it has no text.
    Bare(&'e (dyn Debug + 'e)),
}

impl Debug for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Bare(error) => write!(f, "{error:?}"),
            Self::Text(error) => write!(f, "{error}"),
            Self::Chain(error) => {
                write!(f, "{error}")?;
                let mut above = error;
                while let Some(source) = above.source() {
                    write!(f, ": {source}")?;
                    above = source;
                }
                Ok(())
            }
        }
    }
}

/// An error of a known type.
#[derive(Debug)]
pub struct Known<'e, E>(pub &'e E);

/// Errors proper.
pub trait AnError<'e> {
    /// How it is best shown.
    fn __fusebox_shown(&self) -> Shown<'e>;
}

impl<'e, E: Error> AnError<'e> for &&&&Known<'e, E> {
    fn __fusebox_shown(&self) -> Shown<'e> {
        Shown::Chain(self.0)
    }
}

/// Boxes of any error, `anyhow`'s among them.
pub trait ABox<'e> {
    /// How it is best shown.
    fn __fusebox_shown(&self) -> Shown<'e>;
}

impl<'e, E: AsRef<dyn Error + Send + Sync>> ABox<'e> for &&&Known<'e, E> {
    fn __fusebox_shown(&self) -> Shown<'e> {
        Shown::Chain(self.0.as_ref())
    }
}

/// Boxes of any error that stays on its thread.
pub trait ALocalBox<'e> {
    /// How it is best shown.
    fn __fusebox_shown(&self) -> Shown<'e>;
}

impl<'e, E: AsRef<dyn Error>> ALocalBox<'e> for &&Known<'e, E> {
    fn __fusebox_shown(&self) -> Shown<'e> {
        Shown::Chain(self.0.as_ref())
    }
}

/// Texts, and whatever else has one.
pub trait AText<'e> {
    /// How it is best shown.
    fn __fusebox_shown(&self) -> Shown<'e>;
}

impl<'e, E: Display> AText<'e> for &Known<'e, E> {
    fn __fusebox_shown(&self) -> Shown<'e> {
        Shown::Text(self.0)
    }
}

/// Whatever is left.
pub trait Anything<'e> {
    /// How it is best shown.
    fn __fusebox_shown(&self) -> Shown<'e>;
}

impl<'e, E: Debug> Anything<'e> for Known<'e, E> {
    fn __fusebox_shown(&self) -> Shown<'e> {
        Shown::Bare(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::{boxed::Box, format, io, string::String};

    use super::*;

    /// As an attribute's code has it.
    macro_rules! shown {
        ($error:expr) => {
            format!("{:?}", (&&&&&Known(&$error)).__fusebox_shown())
        };
    }

    /// Has a text and a source.
    #[derive(Debug)]
    struct Outer(io::Error);

    impl Display for Outer {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            f.write_str("cannot save")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    /// Has no text.
    #[derive(Debug)]
    struct Bare(#[expect(dead_code, reason = "its `Debug` is what is looked at")] u8);

    fn full() -> io::Error {
        io::Error::other("disk full")
    }

    #[test]
    fn an_error_is_shown_by_its_text_and_its_sources() {
        assert_eq!(shown!(full()), "disk full");
        assert_eq!(shown!(Outer(full())), "cannot save: disk full");
        assert_eq!(shown!(&Outer(full())), "cannot save: disk full");
        assert_eq!(shown!(Box::new(Outer(full()))), "cannot save: disk full");
        let local: Box<dyn Error> = Box::new(Outer(full()));
        assert_eq!(shown!(local), "cannot save: disk full");
        let sent: Box<dyn Error + Send + Sync> = Box::new(Outer(full()));
        assert_eq!(shown!(sent), "cannot save: disk full");
        let error = anyhow::Error::from(Outer(full())).context("saving");
        assert_eq!(shown!(error), "saving: cannot save: disk full");
    }

    #[test]
    fn whatever_is_no_error_by_its_text_or_its_debug() {
        assert_eq!(shown!("down"), "down");
        assert_eq!(shown!(String::from("down")), "down");
        assert_eq!(shown!(7), "7");
        assert_eq!(shown!(()), "()");
        assert_eq!(shown!(Bare(7)), "Bare(7)");
        assert_eq!(shown!(Some("down")), "Some(\"down\")");
    }

    #[test]
    fn a_generic_error_by_what_its_bounds_say() {
        fn bare<E: Debug>(error: E) -> String {
            shown!(error)
        }
        fn text<E: Debug + Display>(error: E) -> String {
            shown!(error)
        }
        fn error<E: Error>(error: E) -> String {
            shown!(error)
        }
        assert_eq!(bare(Outer(full())), format!("{:?}", Outer(full())));
        assert_eq!(text(Outer(full())), "cannot save");
        assert_eq!(error(Outer(full())), "cannot save: disk full");
    }
}
