//! What a storm's numbers may be.

use crate::{
    storm::{Arrivals, Clients, Latency, LogNormal, Phase, Service, Share, Storm, StormError},
    time::Time,
};

const MOST_PHASES: u32 = 10_000;
const MOST_CALLERS: usize = 100_000;
/// A storm's time has whole microseconds: at this rate requests are ten of them apart,
/// and at a higher one more and more of them would come at the same time.
const MOST_PER_SECOND: f64 = 1e5;
/// Retries counted. That is a minute or so of work; and where nobody answers, and all
/// wait, some gigabytes.
const MOST_ATTEMPTS: f64 = 2e7;
const NEEDS_SERVERS: &str = "left out where service.servers is";

impl Storm {
    /// Compares each number with its range.
    pub(super) fn check(&self) -> Result<(), StormError> {
        let Self { clients, retry, service, .. } = self;
        within("clients.instances", clients.instances, 1, MOST_CALLERS, "from 1 to 100000")?;
        if let Some(workers) = clients.workers {
            within("clients.workers", workers, 1, MOST_CALLERS, "from 1 to 100000")?;
        }
        let most = MOST_PER_SECOND;
        within("clients.per_second", clients.per_second, 1e-3, most, "from 0.001 to 100000")?;
        positive("clients.timeout", clients.timeout)?;
        if clients.workers.is_none() && clients.forgotten_after != Time::NEVER {
            let range = "left out where clients.workers is";
            return Err(wrong("clients.forgotten_after", &clients.forgotten_after, range));
        }
        within("retry.attempts", retry.attempts, 1, 100, "from 1 to 100")?;
        if retry.delay > retry.most {
            return Err(wrong("retry.delay", &retry.delay, "at most retry.most"));
        }
        within("service.count", service.count, 1, 1_000, "from 1 to 1000")?;
        let callers = clients.workers.unwrap_or(clients.instances);
        if callers * service.count > MOST_CALLERS {
            let range = "so small that there are 100000 at most, times the callers";
            return Err(wrong("service.count", &service.count, range));
        }
        self.check_latency()?;
        service.check_servers()?;
        self.check_phases()?;
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
        let loads = self.phases.iter().map(|it| it.lasts.as_secs_f64() * it.load.unwrap_or(1.0));
        let requests = clients.per_second * loads.sum::<f64>();
        if requests * f64::from(retry.attempts) > MOST_ATTEMPTS {
            let range = "so low that 20 million attempts are made at most, retries counted";
            return Err(wrong("clients.per_second", &clients.per_second, range));
        }
        Ok(())
    }

    fn check_phases(&self) -> Result<(), StormError> {
        let Self { clients, service, phases, .. } = self;
        if phases.is_empty() {
            return Err(wrong("phases", &0, "from 1 to 10000 phases"));
        }
        if phases[0].ramp {
            return Err(wrong("phases.ramp", &true, "left out of the first phase"));
        }
        for phase in phases {
            phase.check(clients)?;
            if phase.stalled && service.servers.is_none() {
                return Err(wrong("phases.stalled", &true, NEEDS_SERVERS));
            }
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
            Latency::Endpoints(times) => {
                let range = "from 1 to 1000 times";
                within("service.latency.endpoints", times.len(), 1, 1_000, range)
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

impl Service {
    /// What has a meaning only where calls wait in line.
    fn check_servers(&self) -> Result<(), StormError> {
        if let Some(servers) = self.servers {
            within("service.servers", servers, 1, MOST_CALLERS, "from 1 to 100000")?;
        } else if let Some(queue) = self.queue {
            return Err(wrong("service.queue", &queue, NEEDS_SERVERS));
        } else if self.queue_timeout != Time::NEVER {
            return Err(wrong("service.queue_timeout", &self.queue_timeout, NEEDS_SERVERS));
        } else if self.cold.is_some() {
            return Err(wrong("service.cold", &"set", NEEDS_SERVERS));
        } else if self.refusal_takes.get() > 0.0 {
            return Err(wrong("service.refusal_takes", &self.refusal_takes, NEEDS_SERVERS));
        }
        if let Some(warm_up) = &self.warm_up {
            positive("service.warm_up.lasts", warm_up.lasts)?;
            positive("service.warm_up.down", warm_up.down)?;
            if warm_up.holds == Share::default() {
                return Err(wrong("service.warm_up.holds", &warm_up.holds, "more than nothing"));
            }
        }
        if let Some(cold) = &self.cold {
            within("service.cold.times", cold.times, 1.0, 1e3, "from 1 to 1000")?;
            within("service.cold.calls", cold.calls, 1, u32::MAX, "1 or more")?;
        }
        Ok(())
    }
}

impl Phase {
    /// What stands beside `times` and `turns`.
    pub(super) fn check_repeats(&self) -> Result<(), StormError> {
        within("phases.times", self.times.unwrap_or(1), 1, MOST_PHASES, "from 1 to 10000")?;
        let Some(turns) = &self.turns else { return Ok(()) };
        if turns.is_empty() {
            return Err(wrong("phases.turns", &"[]", "one phase or more"));
        }
        let alone = Self { times: self.times, turns: self.turns.clone(), ..Self::default() };
        if *self != alone {
            let range = "alone with `times`: the rest belongs into its phases";
            return Err(wrong("phases.turns", &"one of several keys", range));
        }
        Ok(())
    }

    fn check(&self, clients: &Clients) -> Result<(), StormError> {
        positive("phases.lasts", self.lasts)?;
        let factor = "from 0.001 to 1000";
        within("phases.slower", self.slower.unwrap_or(1.0), 1e-3, 1e3, factor)?;
        let load = self.load.unwrap_or(1.0);
        within("phases.load", load, 1e-3, 1e3, factor)?;
        if load * clients.per_second > MOST_PER_SECOND {
            let range = "so low that 100000 requests come in a second at most";
            return Err(wrong("phases.load", &load, range));
        }
        let loses = [self.hang, self.loss, self.partition];
        if clients.timeout == Time::NEVER && loses.iter().flatten().any(|it| it.get() > 0.0) {
            return Err(wrong("clients.timeout", &"missing", "set, as calls get lost"));
        }
        Ok(())
    }
}

/// Whether phases that repeat others are too many already.
pub(super) fn not_too_many(phases: &[Phase]) -> Result<(), StormError> {
    if phases.len() > MOST_PHASES as usize {
        return Err(wrong("phases", &"more than 10000", "from 1 to 10000 phases"));
    }
    Ok(())
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
