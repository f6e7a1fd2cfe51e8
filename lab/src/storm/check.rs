//! What a storm's numbers may be.

use crate::{
    storm::{Arrivals, Latency, LogNormal, Storm, StormError},
    time::Time,
};

pub(super) const MOST_PHASES: u32 = 10_000;
const MOST_CALLERS: usize = 100_000;

impl Storm {
    /// Compares each number with its range.
    pub(super) fn check(&self) -> Result<(), StormError> {
        let Self { clients, retry, service, phases, .. } = self;
        within("clients.instances", clients.instances, 1, MOST_CALLERS, "from 1 to 100000")?;
        if let Some(workers) = clients.workers {
            within("clients.workers", workers, 1, MOST_CALLERS, "from 1 to 100000")?;
        }
        within("clients.per_second", clients.per_second, 1e-3, 1e6, "from 0.001 to 1000000")?;
        positive("clients.timeout", clients.timeout)?;
        within("retry.attempts", retry.attempts, 1, 100, "from 1 to 100")?;
        if retry.delay > retry.most {
            return Err(wrong("retry.delay", &retry.delay, "at most retry.most"));
        }
        within("service.count", service.count, 1, 1_000, "from 1 to 1000")?;
        self.check_latency()?;
        if let Some(servers) = service.servers {
            within("service.servers", servers, 1, MOST_CALLERS, "from 1 to 100000")?;
        }
        if let Some(cold) = &service.cold {
            within("service.cold.times", cold.times, 1.0, 1e3, "from 1 to 1000")?;
            within("service.cold.calls", cold.calls, 1, u32::MAX, "1 or more")?;
        }
        if phases.is_empty() || phases.len() > MOST_PHASES as usize {
            return Err(wrong("phases", &phases.len(), "from 1 to 10000 phases"));
        }
        for phase in phases {
            positive("phases.lasts", phase.lasts)?;
            let factor = "from 0.001 to 1000";
            within("phases.slower", phase.slower.unwrap_or(1.0), 1e-3, 1e3, factor)?;
            within("phases.load", phase.load.unwrap_or(1.0), 1e-3, 1e3, factor)?;
            if phase.stalled && service.servers.is_none() {
                return Err(wrong("phases.stalled", &true, "left out where service.servers is"));
            }
            let hangs = phase.hang.is_some_and(|share| share.get() > 0.0)
                || phase.loss.or(phase.partition).is_some_and(|share| share.get() > 0.0);
            if hangs && clients.timeout == Time::NEVER {
                return Err(wrong("clients.timeout", &"missing", "set, as calls get lost"));
            }
        }
        if self.network.loss.get() > 0.0 && clients.timeout == Time::NEVER {
            return Err(wrong("clients.timeout", &"missing", "set, as calls get lost"));
        }
        if clients.arrivals == Arrivals::Closed && clients.workers.is_some() {
            let range = "left out where clients.arrivals is \"closed\"; name instances";
            return Err(wrong("clients.workers", &clients.workers.unwrap_or(0), range));
        }
        if self.lasts() > Time::secs(86_400) {
            return Err(wrong("phases.lasts", &self.lasts(), "a day at most, all together"));
        }
        Ok(())
    }

    fn check_latency(&self) -> Result<(), StormError> {
        let log_normal = |it: &LogNormal| {
            positive("service.latency.mean", it.mean)?;
            if it.least > it.most {
                return Err(wrong("service.latency.least", &it.least, "at most latency.most"));
            }
            Ok(())
        };
        match &self.service.latency {
            Latency::Endpoints(times) if times.is_empty() => {
                Err(wrong("service.latency.endpoints", &"[]", "one time or more"))
            }
            Latency::DrawnEndpoints(drawn) => {
                within("service.latency.endpoints", drawn.endpoints, 1, 1_000, "from 1 to 1000")?;
                log_normal(&drawn.from())
            }
            Latency::LogNormal(it) => log_normal(it),
            _ => Ok(()),
        }
    }
}

fn within<T: PartialOrd + ToString + Copy>(
    field: &'static str,
    value: T,
    min: T,
    max: T,
    range: &'static str,
) -> Result<(), StormError> {
    if value >= min && value <= max { Ok(()) } else { Err(wrong(field, &value, range)) }
}

fn positive(field: &'static str, value: Time) -> Result<(), StormError> {
    if value > Time::ZERO { Ok(()) } else { Err(wrong(field, &value, "longer than nothing")) }
}

fn wrong(field: &'static str, value: &dyn ToString, range: &'static str) -> StormError {
    StormError::Range { field, value: value.to_string(), range }
}
