//! The other processes: this program once more, which ends with the one that started it.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::show::{Failure, caller, instance, redis};

/// The environment variable that makes this program one of the others.
const JOB: &str = "FUSEBOX_EXAMPLE_FLEET_JOB";

/// What one of the others does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Job {
    /// Is the store, in this folder.
    Redis(PathBuf),
    /// Lives through an outage.
    Instance(instance::Plan),
    /// Calls as often as it can, for the comparison.
    Caller(caller::Plan),
}

impl Job {
    /// What this process was started for; `None` for the first of them.
    pub fn of_this_process() -> Option<Result<Self, Failure>> {
        let job = env::var(JOB).ok()?;
        Some(serde_json::from_str(&job).map_err(Into::into))
    }

    pub fn run(self) -> Result<(), Failure> {
        // It ends with its parent, also if that is killed; a program that it becomes, too.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let parent = getppid().map(|parent| parent.as_raw_nonzero().get());
        if parent.map(i32::cast_unsigned) != env::var(PARENT)?.parse().ok() {
            return Err("its parent has gone".into());
        }
        match self {
            Self::Redis(folder) => redis::become_it(folder),
            Self::Instance(plan) => instance::main(&plan),
            Self::Caller(plan) => caller::main(&plan),
        }
    }

    /// This program with this job. Ctrl-C in the terminal reaches only the first process,
    /// which ends the others.
    pub fn command(&self) -> Result<Command, Failure> {
        let mut command = Command::new(env::current_exe()?);
        command.env(JOB, serde_json::to_string(self)?).env(PARENT, process::id().to_string());
        command.process_group(0);
        Ok(command)
    }
}

/// The environment variable that says who started it.
const PARENT: &str = "FUSEBOX_EXAMPLE_FLEET_PARENT";

/// Processes that have begun; dropped, they are ended.
pub struct Crew(Vec<Member>);

impl Crew {
    /// Begins, and waits until all are ready.
    pub fn begin(jobs: impl IntoIterator<Item = Job>) -> Result<Self, Failure> {
        let begun: Result<Vec<_>, Failure> =
            jobs.into_iter().map(|job| Member::new(&job)).collect();
        let mut crew = Self(begun?);
        for member in &mut crew.0 {
            let said = member.line()?;
            if said != READY {
                return Err(format!("a process said {said:?} instead of {READY:?}").into());
            }
        }
        Ok(crew)
    }

    /// Says a line to all of them.
    pub fn tell(&mut self, line: &str) -> Result<(), Failure> {
        for member in &mut self.0 {
            writeln!(member.tell, "{line}")?;
        }
        Ok(())
    }

    /// What each of them answers.
    pub fn answers<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, Failure> {
        self.0.iter_mut().map(|it| Ok(serde_json::from_str(&it.line()?)?)).collect()
    }
}

const READY: &str = "ready";

struct Member {
    process: Child,
    tell: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Member {
    fn new(job: &Job) -> Result<Self, Failure> {
        let mut process = job.command()?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(tell), Some(said)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("a process has no pipes".into());
        };
        Ok(Self { process, tell, said: BufReader::new(said) })
    }

    /// What it says next.
    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.said.read_line(&mut line)? == 0 {
            return Err("a process ended before its time; it says why above".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In one of the others: says that it is ready, and then an answer to each line.
pub fn serve<T: Serialize>(
    mut answer: impl FnMut(&str) -> Result<T, Failure>,
) -> Result<(), Failure> {
    println!("{READY}");
    io::stdout().flush()?;
    for line in io::stdin().lines() {
        println!("{}", serde_json::to_string(&answer(&line?)?)?);
        io::stdout().flush()?;
    }
    Ok(())
}
