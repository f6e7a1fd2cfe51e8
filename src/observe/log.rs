//! Writes events as records of `log`: target `fusebox`, fields as key-value
//! pairs.

use log::{debug, error, info, trace, warn};

use crate::observe::{DrillStep, Event, LastError};

#[allow(clippy::too_many_lines)] // one arm for each event
pub(crate) fn write(event: &Event<'_>) {
    match event {
        Event::Transition(it) => warn!(
            target: "fusebox",
            breaker = it.breaker,
            from:% = it.from,
            to:% = it.to,
            generation = it.generation,
            forced = it.forced,
            wait:? = it.wait,
            last_error = it.last_error.as_ref().map(LastError::as_str);
            "circuit breaker `{}` changed from {} to {}",
            it.breaker.unwrap_or(""), it.from, it.to
        ),
        Event::Rejection(it) => debug!(
            target: "fusebox",
            breaker = it.rejected.name(),
            state:% = it.rejected.state(),
            retry_after_ms = it.rejected.retry_after_ms(),
            last_error = it.last_error().as_ref().map(LastError::as_str);
            "call rejected: {it}"
        ),
        Event::Limited(it) => debug!(
            target: "fusebox",
            limit = it.name(),
            kind:% = it.kind(),
            retry_after:? = it.retry_after();
            "call limited: {it}"
        ),
        Event::Foreseen(it) => warn!(
            target: "fusebox",
            breaker = it.breaker,
            level:% = it.risk.level,
            percent = it.risk.percent(),
            foresight:% = it.foresight;
            "{it}"
        ),
        Event::Learned(it) => info!(
            target: "fusebox",
            breaker = it.breaker,
            from:? = it.from,
            to:? = it.to,
            baseline:? = it.baseline,
            percent = it.percent,
            reason:% = it.reason;
            "{it}"
        ),
        Event::Tuned(it) => info!(
            target: "fusebox",
            breaker = it.breaker,
            setting = it.setting.name(),
            from = it.from,
            to = it.to,
            reason:% = it.reason;
            "{it}"
        ),
        Event::Failover(it) => warn!(
            target: "fusebox",
            set = it.set,
            state:% = it.state,
            from = it.from,
            to = it.to;
            "{it}"
        ),
        Event::Retry(it) => debug!(
            target: "fusebox",
            policy = it.policy,
            attempt = it.attempt,
            max_attempts = it.max_attempts,
            delay:? = it.delay,
            error:% = it.error;
            "attempt {} of {} failed, retrying in {:?}: {}",
            it.attempt, it.max_attempts, it.delay, it.error
        ),
        Event::Exhausted(it) => error!(
            target: "fusebox",
            policy = it.policy,
            attempts = it.attempts,
            limit:% = it.limit,
            error:% = it.error;
            "retries exhausted after {} attempts ({}): {}",
            it.attempts, it.limit, it.error
        ),
        Event::Misconfigured(it) => error!(
            target: "fusebox",
            subject = it.subject,
            error:% = it.error;
            "`{}` is misconfigured: {}", it.subject, it.error
        ),
        Event::Call(it) => trace!(
            target: "fusebox",
            breaker = it.breaker,
            outcome:? = it.outcome,
            duration:? = it.duration;
            "call ended after {:?}: {:?}", it.duration, it.outcome
        ),
        Event::Drill(it) => {
            let level = match it.step {
                DrillStep::Fault { .. } => log::Level::Debug,
                _ => log::Level::Warn,
            };
            log::log!(target: "fusebox", level, breaker = it.breaker; "{it}");
        }
        Event::Fallback(it) => warn!(
            target: "fusebox",
            policy = it.policy,
            layer = it.layer,
            age:? = it.age,
            errors:? = it.errors;
            "fallback used ({}): {:?}",
            if it.layer.is_some() { "it answered" } else { "every layer failed" }, it.errors
        ),
    }
}
