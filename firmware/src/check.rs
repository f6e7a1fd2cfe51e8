//! What the program claims of itself.

/// The claim that did not hold.
pub type Failed = &'static str;

/// An error that says `claim` unless it `holds`.
pub fn check(claim: Failed, holds: bool) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(claim) }
}
