//! What tools show, as data. Settings are in `config/`.

use ::serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct},
};

use crate::{
    breaker::{
        fault::Fault,
        snapshot::{Counters, Snapshot},
    },
    name::Name,
    observe::LastError,
    risk::{Risk, RiskLevel},
    state::State,
};

/// Writes the name as text.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// Writes its text.
impl Serialize for LastError {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// Writes the words of `Display`, such as `half-open`.
impl Serialize for State {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Writes the sentence of `Display`.
impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Writes each of these fields by its name.
macro_rules! fields {
    ($map:ident: $($field:ident),+) => {
        $($map.serialize_field(stringify!($field), $field)?;)+
    };
}

/// Writes a map of the counters.
impl Serialize for Counters {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // Taken apart without `..`: the compiler finds a field that is missing.
        let Self {
            failures,
            slow,
            rejections,
            shed,
            openings,
            calls,
            retries,
            exhausted,
            fallbacks,
        } = self;
        let mut map = to.serialize_struct("Counters", 9)?;
        fields!(map: failures, slow, rejections, shed, openings, calls, retries, exhausted, fallbacks);
        map.end()
    }
}

/// Writes what a snapshot says, in the map of its owner.
fn serialize_snapshot<M: SerializeStruct>(
    snapshot: &Snapshot,
    map: &mut M,
) -> Result<(), M::Error> {
    let Snapshot {
        state,
        generation,
        score,
        reopenings,
        probes_in_flight,
        probes_succeeded,
        stamp,
    } = snapshot;
    fields!(map: state, generation);
    map.serialize_field("failure_score", score)?;
    fields!(map: reopenings, probes_in_flight, probes_succeeded);
    map.serialize_field("stamp_ms", &stamp.as_millis())
}

/// Writes a map of the fields. The stamp is in milliseconds of the breaker's clock.
impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_struct("Snapshot", 7)?;
        serialize_snapshot(self, &mut map)?;
        map.end()
    }
}

/// Writes its level, its percent of an alarm, and a map from each sign in words to its
/// share in percent.
impl Serialize for Risk {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_struct("Risk", 3)?;
        map.serialize_field("level", &self.level)?;
        map.serialize_field("percent", &self.percent())?;
        map.serialize_field("signs", &Signs(self))?;
        map.end()
    }
}

struct Signs<'a>(&'a Risk);

impl Serialize for Signs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut count = 0;
        self.0.each_reason(|_, _| count += 1);
        let (mut map, mut done) = (to.serialize_map(Some(count))?, Ok(()));
        self.0.each_reason(|words, share| {
            if done.is_ok() {
                done = map.serialize_entry(words, &share);
            }
        });
        done.and_then(|()| map.end())
    }
}

/// Writes the word of `Display`, such as `alarm`.
impl Serialize for RiskLevel {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Writes one map of the fields and of the snapshot's fields. Times are in whole
/// milliseconds.
#[cfg(not(fusebox_compact))]
impl Serialize for crate::breaker::reading::Reading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { name, at, snapshot, nearness, counters, settings, open_for, time_left, .. } =
            self;
        let Self { ramp_left, admits, shed, admits_from, learned, slow_limit, risk, .. } = self;
        let Self { last_error, drill, shadow, fault, .. } = self;
        let mut map = to.serialize_struct("Reading", 25)?;
        fields!(map: name);
        map.serialize_field("at_ms", &at.as_millis())?;
        serialize_snapshot(snapshot, &mut map)?;
        map.serialize_field("nearness_percent", nearness)?;
        map.serialize_field("time_left_ms", &time_left.map(millis))?;
        map.serialize_field("open_for_ms", &open_for.map(millis))?;
        map.serialize_field("ramp_left_ms", &ramp_left.map(millis))?;
        map.serialize_field("admits_percent", admits)?;
        map.serialize_field("shed_percent", shed)?;
        map.serialize_field(
            "admits_from",
            &admits_from.map(crate::overload::priority::Priority::level),
        )?;
        map.serialize_field("slow_limit_ms", &slow_limit.map(millis))?;
        fields!(map: learned, risk, counters, settings, last_error, drill, shadow, fault);
        map.end()
    }
}

/// Writes one map of what the drill does and of what has come of it. Times are in whole
/// milliseconds.
#[cfg(not(fusebox_compact))]
impl Serialize for crate::drill::reading::DrillReading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { drill, left, calls, faults } = self;
        let mut map = to.serialize_struct("DrillReading", 9)?;
        map.serialize_field("fail_percent", &drill.fail())?;
        map.serialize_field("hang_percent", &drill.hang())?;
        map.serialize_field("panic_percent", &drill.panic())?;
        map.serialize_field("slow_percent", &drill.slow())?;
        map.serialize_field("slow_ms", &millis(drill.slow_by()))?;
        map.serialize_field("seed", &drill.seed())?;
        map.serialize_field("left_ms", &millis(*left))?;
        fields!(map: calls, faults);
        map.end()
    }
}

/// Writes one map of the fields and of the snapshot's fields.
#[cfg(not(fusebox_compact))]
impl Serialize for crate::breaker::ShadowReading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { settings, snapshot, lost, saved, passed, unknown, openings } = self;
        let mut map = to.serialize_struct("ShadowReading", 13)?;
        serialize_snapshot(snapshot, &mut map)?;
        fields!(map: lost, saved, passed, unknown, openings, settings);
        map.end()
    }
}

/// Writes a map of the fields; what is not known is null. Times of calls are in whole
/// microseconds, and those of outages in whole milliseconds.
#[cfg(not(fusebox_compact))]
impl Serialize for crate::learn::learned::Learned {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { latency, baseline, outage, first_probe, failures_ppm, frozen } = self;
        let micros = |time: core::time::Duration| u64::try_from(time.as_micros()).ok();
        let mut map = to.serialize_struct("Learned", 6)?;
        map.serialize_field("latency_us", &latency.and_then(micros))?;
        map.serialize_field("baseline_us", &baseline.and_then(micros))?;
        map.serialize_field("outage_ms", &outage.map(millis))?;
        map.serialize_field("first_probe_percent", first_probe)?;
        fields!(map: failures_ppm, frozen);
        map.end()
    }
}

#[cfg(not(fusebox_compact))]
fn millis(time: core::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a map of the limits, each of which is null where there is none.
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
impl Serialize for crate::registry::limits_reading::LimitsReading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { rate, budget, bulkhead } = self;
        let mut map = to.serialize_struct("LimitsReading", 3)?;
        fields!(map: rate, budget, bulkhead);
        map.end()
    }
}

/// Writes a map of the fields.
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
impl Serialize for crate::registry::limits_reading::RateReading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { settings, refused } = self;
        let mut map = to.serialize_struct("RateReading", 2)?;
        fields!(map: settings, refused);
        map.end()
    }
}

/// Writes a map of the fields.
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
impl Serialize for crate::registry::limits_reading::BudgetReading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { settings, available, refused } = self;
        let mut map = to.serialize_struct("BudgetReading", 3)?;
        fields!(map: settings, available, refused);
        map.end()
    }
}

/// Writes a map of the fields.
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
impl Serialize for crate::registry::limits_reading::BulkheadReading {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { limit, in_flight, peak, refused } = self;
        let mut map = to.serialize_struct("BulkheadReading", 4)?;
        fields!(map: limit, in_flight, peak, refused);
        map.end()
    }
}
