//! One run: the service, the instances, and the outage between them.

use std::{thread, time::Duration};

use fusebox::{Clock, PreciseClock, Tick};
use serde::Serialize;

use crate::show::{
    Failure,
    crew::{Crew, Job},
    instance::{Place, Plan, Story},
    progress::Progress,
    redis::Redis,
    schedule::Schedule,
    service::Service,
    stopped,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Run {
    Alone,
    Sharing,
    RedisKilled,
}

impl Run {
    pub fn label(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Sharing => "sharing",
            Self::RedisKilled => "Redis killed",
        }
    }
}

/// The story of each instance; none when it was interrupted.
pub fn watch(
    run: Run,
    schedule: Schedule,
    processes: u16,
    redis: &mut Redis,
) -> Result<Vec<Story>, Failure> {
    let progress = Progress::new(run.label(), schedule.end);
    let service = Service::start()?;
    let fleet = (run != Run::Alone)
        .then(|| Place { url: redis.url.clone(), namespace: format!("{run:?}") });
    let plan =
        |number| Plan { number, processes, port: service.port, schedule, fleet: fleet.clone() };
    let mut crew = Crew::begin((0..processes).map(|number| Job::Instance(plan(number))))?;

    let start = Tick::from_millis(PreciseClock.now().as_millis() + 20);
    crew.tell(&start.as_millis().to_string())?;
    let wait = |until, said: &str| wait_until(start, until, said, &progress);
    wait(schedule.outage, "the service answers");
    service.set_down(true);
    wait(schedule.kill, "the service is down");
    if run == Run::RedisKilled {
        redis.kill()?;
        wait(schedule.revive, "the service is down, and Redis is dead");
        redis.revive()?;
    }
    wait(schedule.recovery, "the service is down");
    service.set_down(false);
    wait(schedule.end, "the service answers");
    progress.finish();
    if stopped() { Ok(Vec::new()) } else { crew.answers() }
}

fn wait_until(start: Tick, end: u64, said: &str, progress: &Progress) {
    loop {
        let now = PreciseClock.now().since(start).as_millis() as u64;
        progress.at(now, said);
        if now >= end || stopped() {
            return;
        }
        thread::sleep(Duration::from_millis((end - now).min(20)));
    }
}
