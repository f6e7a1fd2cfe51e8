//! What TOML's types cannot say of a scenario.

use crate::{
    scenario::{Scenario, fault::Fault, fault::Kind},
    system::System,
};

/// The longest that a slow server may take: half of a caller's patience, so
/// that no answer is given up on a busy host.
const SLOWEST_MS: u32 = 1_000;

pub fn check(scenario: &Scenario) -> Result<(), String> {
    range("rounds", scenario.rounds, 1, 100)?;
    range("spill.share", scenario.spill.share.into(), 0, 100)?;
    range("spill.burst", scenario.spill.burst, 1, 160)?;
    for (number, fault) in (1..).zip(&scenario.faults) {
        one(fault, scenario.rounds).map_err(|text| format!("fault {number} ({fault}): {text}"))?;
        let clash = scenario.faults[..number - 1].iter().position(|earlier| {
            earlier.system == fault.system
                && earlier.from < fault.until
                && fault.from < earlier.until
        });
        if let Some(earlier) = clash {
            let earlier = earlier + 1;
            return Err(format!(
                "fault {number} ({fault}): fault {earlier} befalls the same system at the same time"
            ));
        }
    }
    Ok(())
}

fn range(key: &str, value: u32, least: u32, most: u32) -> Result<(), String> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("`{key}` is {value}, and must be from {least} to {most}"))
}

fn one(fault: &Fault, rounds: u32) -> Result<(), String> {
    let fitting = kinds_of(fault.system);
    if !fitting.contains(&fault.kind) {
        let names: Vec<&str> = fitting.iter().map(|kind| kind.name()).collect();
        let (system, kind) = (fault.system, fault.kind.name());
        return Err(format!("`{kind}` cannot befall `{system}`; {} can", names.join(", ")));
    }
    range("from", fault.from, 0, rounds)?;
    range("until", fault.until, fault.from + 1, rounds + 1)?;
    let parameters: [(_, _, &[Kind], _, _); 3] = [
        ("delay_ms", fault.delay_ms, &[Kind::Slow], 1, SLOWEST_MS),
        ("percent", fault.percent, &[Kind::Flaky], 1, 100),
        ("requests", fault.requests, &[Kind::Limit, Kind::Overload], 1, 1_000),
    ];
    for (key, value, kinds, least, most) in parameters {
        match value {
            None if kinds.contains(&fault.kind) => {
                let kind = fault.kind.name();
                return Err(format!("`{kind}` needs `{key}`, from {least} to {most}"));
            }
            Some(_) if !kinds.contains(&fault.kind) => return Err(belongs(key, kinds)),
            Some(value) => range(key, value, least, most)?,
            None => {}
        }
    }
    if fault.silent.is_some() && fault.kind != Kind::Limit {
        return Err(belongs("silent", &[Kind::Limit]));
    }
    Ok(())
}

fn belongs(key: &str, kinds: &[Kind]) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.name())).collect();
    format!("`{key}` belongs to the kind {}", names.join(" or "))
}

/// What can befall a system.
fn kinds_of(system: System) -> Vec<Kind> {
    const STORE: [Kind; 4] = [Kind::Locked, Kind::ReadOnly, Kind::Deleted, Kind::Gone];
    const SERVER: [Kind; 7] = [
        Kind::Hang,
        Kind::Refuse,
        Kind::Unavailable,
        Kind::Error,
        Kind::Slow,
        Kind::Garbage,
        Kind::Flaky,
    ];
    let and = |kinds: &[Kind], more: Kind| [kinds, &[more]].concat();
    match system {
        System::ContextStore => STORE.into(),
        System::EventLog => and(&STORE, Kind::Full),
        System::InfererNear | System::InfererFar => SERVER.into(),
        // What depends on their answers can be left out of the digest.
        System::Memory | System::Coach => and(&SERVER, Kind::Overload),
        System::RateLimitedBoard => and(&SERVER, Kind::Limit),
        System::TokenBoard => [&SERVER[..], &[Kind::Limit, Kind::Expire]].concat(),
        System::FilesBoard => vec![Kind::Gone],
    }
}
