//! Writes events to `tracing`: target `fusebox`, structured fields.

use crate::observe::{DrillStep, Event};

#[allow(clippy::too_many_lines)] // one arm for each event
pub(crate) fn write(event: &Event<'_>) {
    match event {
        Event::Transition(it) => tracing::warn!(
            target: "fusebox",
            breaker = it.breaker,
            from = %it.from,
            to = %it.to,
            generation = it.generation,
            forced = it.forced,
            wait = it.wait.map(tracing::field::debug),
            last_error = it.last_error.as_ref().map(tracing::field::display),
            "circuit breaker changed its state"
        ),
        Event::Rejection(it) => tracing::debug!(
            target: "fusebox",
            breaker = it.rejected.name(),
            state = %it.rejected.state(),
            retry_after_ms = it.rejected.retry_after_ms(),
            last_error = it.last_error().as_ref().map(tracing::field::display),
            "call rejected"
        ),
        Event::Limited(it) => tracing::debug!(
            target: "fusebox",
            limit = it.name(),
            kind = %it.kind(),
            retry_after = it.retry_after().map(tracing::field::debug),
            "call limited"
        ),
        Event::Foreseen(it) => tracing::warn!(
            target: "fusebox",
            breaker = it.breaker,
            level = %it.risk.level,
            percent = it.risk.percent(),
            foresight = %it.foresight,
            risk = %it.risk,
            "{}",
            if it.risk.is_alarm() { "trouble is foreseen" } else { "trouble is foreseen no more" }
        ),
        Event::Learned(it) => tracing::info!(
            target: "fusebox",
            breaker = it.breaker,
            from = it.from.map(tracing::field::debug),
            to = it.to.map(tracing::field::debug),
            baseline = it.baseline.map(tracing::field::debug),
            percent = it.percent,
            reason = %it.reason,
            "the limit of slow calls has changed"
        ),
        Event::Tuned(it) => tracing::info!(
            target: "fusebox",
            breaker = it.breaker,
            setting = it.setting.name(),
            from = it.from,
            to = it.to,
            reason = %it.reason,
            "a tuner has changed a setting"
        ),
        Event::Failover(it) => tracing::warn!(
            target: "fusebox",
            set = it.set,
            state = %it.state,
            from = it.from,
            to = it.to,
            "calls go to another member of a failover set"
        ),
        Event::Retry(it) => tracing::debug!(
            target: "fusebox",
            policy = it.policy,
            attempt = it.attempt,
            max_attempts = it.max_attempts,
            delay = ?it.delay,
            error = %it.error,
            "attempt failed, retrying"
        ),
        Event::Exhausted(it) => tracing::error!(
            target: "fusebox",
            policy = it.policy,
            attempts = it.attempts,
            limit = %it.limit,
            error = %it.error,
            "retries exhausted"
        ),
        Event::Misconfigured(it) => tracing::error!(
            target: "fusebox",
            subject = it.subject,
            error = %it.error,
            "misconfigured"
        ),
        Event::Call(it) => tracing::trace!(
            target: "fusebox",
            breaker = it.breaker,
            outcome = ?it.outcome,
            duration = ?it.duration,
            "call ended"
        ),
        Event::Drill(it) => match it.step {
            DrillStep::Fault { fault, call } => tracing::debug!(
                target: "fusebox",
                breaker = it.breaker,
                fault = %fault,
                call,
                "a drill gave a call a fault"
            ),
            step => tracing::warn!(
                target: "fusebox",
                breaker = it.breaker,
                "{}",
                if step == DrillStep::Began { "a drill began" } else { "a drill ended" }
            ),
        },
        Event::Fallback(it) => tracing::warn!(
            target: "fusebox",
            policy = it.policy,
            layer = it.layer,
            age = it.age.map(tracing::field::debug),
            errors = ?it.errors,
            "{}",
            text(it.layer)
        ),
    }
}

const fn text(layer: Option<u32>) -> &'static str {
    if layer.is_some() { "fallback used" } else { "fallback used, and every layer failed" }
}
