//! How well a panel's breakers do: rates over a window, a score, alerts.
//!
//! A program takes a [`Reading`](crate::Reading) of each breaker now and then,
//! every ten seconds say, and hands them to a [`Monitor`], which keeps the last
//! few of each. Rates are differences within that [`Window`], never since the
//! beginning of time. Nothing here allocates, and no breaker knows of it.
//!
//! ```
//! use fusebox::{BreakerConfig, Registry, health::{AlertRules, Monitor}};
//!
//! static PANEL: Registry<4> = Registry::new();
//! // Six readings of each breaker: a window of a minute, if taken every ten seconds.
//! let mut monitor = Monitor::<6, _>::new([const { fusebox::health::Window::new() }; 4]);
//! const RULES: AlertRules = AlertRules::DEFAULT;
//!
//! let shop = PANEL.get_or_register("shop", BreakerConfig::new().failure_threshold(1).build())?;
//! monitor.observe(PANEL.panel().readings());
//! assert_eq!(monitor.score(), Some(100));
//!
//! let _ = shop.call(|| Err::<(), _>("down"));
//! monitor.observe(PANEL.panel().readings());
//! assert_eq!(monitor.score(), Some(0));
//! for alert in monitor.alerts(RULES) {
//!     println!("{alert}");
//! }
//! # Ok::<(), fusebox::RegistryError>(())
//! ```
//!
//! # Scores
//! A breaker's score is a whole number from 0 to 100, rounded down: the points of its state,
//! times `1 - trouble / 2`.
//!
//! | state | points |
//! |---|---|
//! | closed | `100 - 50 * score / failure_threshold`: the breaker's own score, failures in a row by default; or `50 + admits / 2`, if that is less: the percentage of calls that it admits while it sheds load or lets calls back after an outage |
//! | half-open | 50 |
//! | open, forced open | 0 |
//! | disabled | none: nobody knows |
//!
//! `trouble` is the share of the calls asked for within the window that failed
//! or were turned away: `(failures + rejections) / (calls + rejections)`. It is
//! known only where calls are counted ([`CountCalls`](crate::CountCalls)), and
//! 0 elsewhere.
//!
//! A panel's score is the mean of the average and of the lowest of its
//! breakers' scores, rounded down: one dead service among many is seen, and ten are worse.

mod alert;
mod monitor;
mod rates;
mod rules;
mod window;

pub use alert::{Alert, Alerts};
pub use monitor::Monitor;
pub use rates::Rates;
pub use rules::{AlertConfig, AlertRules};
pub use window::Window;
