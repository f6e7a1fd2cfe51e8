//! A tuner: it proposes settings from what became of earlier ones.
//!
//! A [`Seen`] remembers what [readings](crate::Reading) of one breaker have told: its
//! outages, the calls that it turned away, how its first probes ended. A [`Tuner`] looks at
//! that, and says for each [`Knob`], a setting that it knows how to tune, what it proposes
//! and why, or why it leaves the setting alone. Nothing changes until somebody asks for it,
//! and each change is an [`Event::Tuned`](crate::Event::Tuned) with its reason.
//!
//! - The wait of an open breaker ([`recovery_timeout`], [`doublings`]) is the one that had
//!   cost least in the outages that are known: a failed probe is a call in vain, and a call
//!   that was turned away while the service was up again is a call lost.
//! - The rule ([`failure_threshold`], [`failure_weight`]) is the least one that opens by
//!   mistake as seldom as was asked for, at the failure share that was seen.
//! - More probes must succeed ([`successes_to_close`]) where the breaker keeps closing too
//!   early.
//! - The limit of a slow call ([`slow_call`]) follows the learned latency.
//!
//! A setting stays within bounds of the one that was configured, four times either way by
//! default. A tuner is quick to let calls through, and slow to keep them back.
//!
//! ```
//! use core::time::Duration;
//! use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock};
//! use fusebox::tune::{Knob, Seen, Tuner, TunerConfig};
//!
//! let clock = ManualClock::new();
//! let settings = BreakerConfig::new().failure_threshold(1).build();
//! let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
//! let tuner = Tuner::new(TunerConfig::new().build());
//! let mut seen = Seen::of(&shop.reading());
//!
//! // Three short outages, with two calls a second.
//! for second in 0..600_u32 {
//!     clock.advance(Duration::from_millis(500));
//!     let is_down = second % 200 < 10;
//!     let _ = shop.call(|| if is_down { Err("down") } else { Ok(()) });
//!     seen.observe(&shop.reading());
//! }
//! let findings = tuner.look(&seen);
//! let shorter = findings.of(Knob::RecoveryTimeout).proposal().expect("enough was seen");
//! assert_eq!((shorter.from, shorter.to), (60_000, 15_000));
//! println!("{shorter}"); // recovery_timeout 60s → 15s: the last 3 outages …
//! tuner.apply(&findings, &shop, &mut seen)?;
//! assert_eq!(shop.settings().recovery_timeout(), Duration::from_secs(15));
//! # Ok::<(), fusebox::tune::Overtaken>(())
//! ```
//!
//! [`recovery_timeout`]: crate::BreakerConfig::recovery_timeout
//! [`doublings`]: crate::BreakerConfig::doublings
//! [`failure_threshold`]: crate::BreakerConfig::failure_threshold
//! [`failure_weight`]: crate::BreakerConfig::failure_weight
//! [`successes_to_close`]: crate::BreakerConfig::successes_to_close
//! [`slow_call`]: crate::BreakerConfig::slow_call

mod bounds;
mod finding;
mod hints;
mod knob;
mod outage;
mod probes;
mod reason;
mod rule;
mod seen;
mod settings;
mod slow;
mod tuner;
mod wait;

pub use finding::{Finding, Findings, Proposal, Unchanged};
pub use knob::Knob;
pub use outage::{Kind, NoOutage, Outage};
pub use reason::Reason;
pub use seen::Seen;
pub use settings::{TunerConfig, TunerSettings};
pub use tuner::{Overtaken, Tuner};
