//! A closed breaker that does not admit every call, as people see it at a glance.

use anstyle::Style;
use fusebox::{Reading, State};

use crate::paint;

/// The state of a breaker: `closed, admits 40%`, or `closed, alarm` where it foresees
/// trouble.
#[must_use]
pub fn state(reading: &Reading) -> String {
    let state = reading.snapshot.state;
    let alarm = if reading.risk.is_alarm() { ", alarm" } else { "" };
    part(reading)
        .map_or_else(|| format!("{state}{alarm}"), |part| format!("{state}{alarm}, {part}"))
}

/// The same in at most eleven columns: `admits 40%`.
#[must_use]
pub fn short_state(reading: &Reading) -> String {
    let alarm = || reading.risk.is_alarm().then(|| "alarm".to_owned());
    part(reading).or_else(alarm).unwrap_or_else(|| reading.snapshot.state.to_string())
}

fn part(reading: &Reading) -> Option<String> {
    reading.admits_a_share().then(|| format!("admits {}%", reading.admits))
}

/// How it looks.
#[must_use]
pub const fn style(reading: &Reading) -> Style {
    let state = reading.snapshot.state;
    // As half-open is: it is on its way.
    paint::state(if reading.admits_a_share() || reading.risk.is_alarm() {
        State::HalfOpen
    } else {
        state
    })
}

/// The share of the calls that it sheds, where it sheds any.
#[must_use]
pub fn sheds(reading: &Reading) -> Option<String> {
    (reading.shed > 0).then(|| format!("{}%", reading.shed))
}

/// The lowest priority that it admits any call of, where it does not admit every call.
#[must_use]
pub fn admits_from(reading: &Reading) -> Option<String> {
    let from = reading.admits_from.filter(|_| reading.admits_a_share())?;
    Some(from.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock, Outcome};

    use super::*;

    /// The columns that `top` has for it.
    const WIDTH: usize = 11;

    #[test]
    fn a_ramp_is_seen_from_its_begin_to_its_end() {
        let clock = ManualClock::new();
        let time = Duration::from_secs(1);
        let settings = BreakerConfig::new().recovery_timeout(time).ramp_up(time).build();
        let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
        assert_eq!(state(&shop.reading()), "closed");
        shop.trip();
        clock.advance(time);
        shop.try_acquire().unwrap().success();
        assert_eq!(state(&shop.reading()), "closed, admits 10%");
        assert_eq!(sheds(&shop.reading()), None);
        for _ in 0..1_000 {
            let reading = shop.reading();
            assert!(short_state(&reading).starts_with("admits "), "{reading:?}");
            assert!(short_state(&reading).len() <= WIDTH);
            clock.advance(time / 1_000);
        }
        let reading = shop.reading();
        assert_eq!((short_state(&reading), admits_from(&reading)), ("closed".into(), None));
    }

    #[test]
    fn an_alarm_is_seen() {
        let settings = BreakerConfig::new().foresight(fusebox::Foresight::Watch);
        let shop = CircuitBreaker::new(settings.failure_threshold(9).build());
        for _ in 0..3 {
            shop.try_acquire().unwrap().report_after(Outcome::Overload, Duration::ZERO);
        }
        let reading = shop.reading();
        assert_eq!(
            (state(&reading), short_state(&reading)),
            ("closed, alarm".into(), "alarm".into())
        );
    }

    #[test]
    fn what_is_shed_is_seen() {
        let clock = ManualClock::new();
        let settings = BreakerConfig::new().failure_threshold(100).failure_weight(1).max_shed(90);
        let shop = CircuitBreaker::with(None, settings.build(), &clock, DefaultObserver);
        shop.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
        let reading = shop.reading();
        // Both are rounded up.
        assert!((100..=101).contains(&(reading.admits + reading.shed)), "{reading:?}");
        let part = format!("admits {}%", reading.admits);
        assert_eq!((state(&reading), short_state(&reading)), (format!("closed, {part}"), part));
        assert_eq!(sheds(&reading), Some(format!("{}%", reading.shed)));
        assert_eq!(admits_from(&reading).as_deref(), Some("default"));
        shop.force_open();
        assert_eq!((state(&shop.reading()), sheds(&shop.reading())), ("forced open".into(), None));
    }
}
