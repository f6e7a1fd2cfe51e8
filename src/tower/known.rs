//! Errors of services, as far as their types are known.

use crate::{breaker::judge::Judge, error::is_known_overload, state::Outcome};

/// Judges every error of a service as a failure, and one as an overload
/// ([`Outcome::Overload`]) of which [`is_overload`](crate::is_overload) says so. The layers of
/// this module judge so unless they are told otherwise.
///
/// It looks into tower's `BoxError` and other boxes of any error, into `std::io::Error`,
/// `anyhow::Error` (with that feature), the errors of this crate, and a
/// [`CallError`](crate::CallError) of these. An error of a type of yours is a failure: give
/// the layer an [`OverloadIf`](crate::OverloadIf) for it.
///
/// ```
/// use fusebox::{Judge, Outcome, tower::KnownErrors};
/// use tower::{BoxError, timeout::error::Elapsed};
///
/// let judge = |error: BoxError| KnownErrors.judge(Err::<&(), _>(&error));
/// assert_eq!(judge(Elapsed::new().into()), Outcome::Overload);
/// assert_eq!(judge("down".into()), Outcome::Failure);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownErrors;

impl<T, E: 'static> Judge<T, E> for KnownErrors {
    #[inline]
    fn judge(&self, answer: Result<&T, &E>) -> Outcome {
        match answer {
            Ok(_) => Outcome::Success,
            Err(error) if is_known_overload(error) => Outcome::Overload,
            Err(_) => Outcome::Failure,
        }
    }
}
