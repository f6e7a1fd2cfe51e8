//! Reads the kernel's files, and what has changed in them.

use core::str;
use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::overload::pressure::{
    linux::{PressureError, psi},
    reading::PressureReading,
};

/// Reads Linux's figures of a host's pressure, or of a control group's.
///
/// It takes the totals of `/proc/pressure/cpu`, `memory` and `io`, and says how much they
/// grew since it was asked last: the kernel's own averages are of ten seconds and more.
/// The run queue is that of `/proc/loadavg`, without the sampler itself. To ask costs four
/// reads of such files, and no allocation.
///
/// ```
/// use fusebox::PressureSampler;
///
/// match PressureSampler::open() {
///     Ok(mut sampler) => println!("{}", sampler.sample()?),
///     Err(error) => println!("{error}"), // it names the file, and says what to do
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PressureSampler {
    cpu: Figure,
    memory: Figure,
    io: Figure,
    queue: Option<Queue>,
    sampled: Instant,
}

/// A file that the kernel writes anew for each reading.
#[derive(Debug)]
struct Source {
    file: File,
    path: PathBuf,
}

/// Such a file with a total, and what that was.
#[derive(Debug)]
struct Figure {
    source: Source,
    total_us: u64,
}

#[derive(Debug)]
struct Queue {
    loadavg: Source,
    processors: u32,
}

const HOST: &str = "/proc/pressure";
const LOADAVG: &str = "/proc/loadavg";
const PROCESSORS: &str = "/sys/devices/system/cpu/online";
const OWN_GROUP: &str = "/proc/self/cgroup";
/// Where groups of the second version are mounted: alone, or beside those of the first.
const GROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

impl PressureSampler {
    /// How often a reading is taken by those who keep a [`Pressure`](crate::Pressure)
    /// sampled: each 250 ms.
    pub const EVERY: Duration = Duration::from_millis(250);

    /// Opens the host's figures, or where there are none, those of this process's own
    /// control group.
    ///
    /// # Errors
    /// [`PressureError`] of the host's where neither can be read.
    pub fn open() -> Result<Self, PressureError> {
        Self::of_host().or_else(|error| Self::of_own_group().map_err(|_| error))
    }

    /// Opens the host's figures, of `/proc/pressure`. In a container they are the whole
    /// host's.
    ///
    /// # Errors
    /// [`PressureError`], where the kernel has none.
    pub fn of_host() -> Result<Self, PressureError> {
        let host = Path::new(HOST);
        let queue = Queue::open()?;
        Self::of(["cpu", "memory", "io"].map(|name| host.join(name)), Some(queue))
    }

    /// Opens the figures of this process's own control group, of the second version: what
    /// its processes wait for, be it for want of cores or by the group's limits. They have
    /// no run queue, which then is 0.
    ///
    /// # Errors
    /// [`PressureError`], where the process is in no such group, or the kernel keeps no
    /// figures of it.
    pub fn of_own_group() -> Result<Self, PressureError> {
        let group = Source::open(Path::new(OWN_GROUP))?;
        // A path may be longer than what a `Source` reads.
        let text = fs::read_to_string(&group.path).map_err(unreadable(&group.path))?;
        let own = psi::own_group(&text).ok_or_else(|| group.strange())?;
        let root = GROUPS.into_iter().find(|it| Path::new(it).join("cgroup.procs").exists());
        let folder = Path::new(root.unwrap_or(GROUPS[0])).join(own);
        let names = ["cpu.pressure", "memory.pressure", "io.pressure"];
        Self::of(names.map(|name| folder.join(name)), None)
    }

    fn of(paths: [PathBuf; 3], queue: Option<Queue>) -> Result<Self, PressureError> {
        let [cpu, memory, io] = paths;
        let sampled = Instant::now();
        Ok(Self {
            cpu: Figure::open(&cpu)?,
            memory: Figure::open(&memory)?,
            io: Figure::open(&io)?,
            queue,
            sampled,
        })
    }

    /// Reads how short of everything it has been since it was asked last, or opened.
    ///
    /// # Errors
    /// [`PressureError`], where a file cannot be read any more. The next reading is then
    /// of the time since the last good one.
    pub fn sample(&mut self) -> Result<PressureReading, PressureError> {
        let queue = self.queue.as_ref().map_or(Ok(0), Queue::tenths)?;
        // All of them, before anything is taken for seen.
        let figures = [&self.cpu, &self.memory, &self.io];
        let [cpu_us, memory_us, io_us] = figures.map(Figure::read);
        let totals = [cpu_us?, memory_us?, io_us?];
        let now = Instant::now();
        let passed = now.duration_since(self.sampled).as_micros();
        let passed_us = u64::try_from(passed).unwrap_or(u64::MAX);
        self.sampled = now;
        let figures = [&mut self.cpu, &mut self.memory, &mut self.io];
        let mut shares = [0; 3];
        for ((share, figure), total_us) in shares.iter_mut().zip(figures).zip(totals) {
            *share = psi::share(figure.total_us, total_us, passed_us);
            figure.total_us = total_us;
        }
        let [cpu, memory, io] = shares;
        Ok(PressureReading { cpu, memory, io, queue })
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, PressureError> {
        let file = File::open(path).map_err(unreadable(path))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// What `parse` makes of its first bytes.
    fn read<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, PressureError> {
        let mut bytes = [0; 512];
        let len = loop {
            match self.file.read_at(&mut bytes, 0) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(unreadable(&self.path))?,
            }
        };
        str::from_utf8(&bytes[..len]).ok().and_then(parse).ok_or_else(|| self.strange())
    }

    fn strange(&self) -> PressureError {
        PressureError::Strange { path: self.path.clone() }
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> PressureError {
    move |error| PressureError::Unreadable { path: path.to_path_buf(), error }
}

impl Figure {
    fn open(path: &Path) -> Result<Self, PressureError> {
        let mut figure = Self { source: Source::open(path)?, total_us: 0 };
        figure.total_us = figure.read()?;
        Ok(figure)
    }

    fn read(&self) -> Result<u64, PressureError> {
        self.source.read(psi::total)
    }
}

impl Queue {
    fn open() -> Result<Self, PressureError> {
        let processors = Source::open(Path::new(PROCESSORS))?.read(psi::processors)?;
        let queue = Self { loadavg: Source::open(Path::new(LOADAVG))?, processors };
        queue.tenths()?;
        Ok(queue)
    }

    /// How many tasks run or are ready to, for each core, in tenths.
    fn tenths(&self) -> Result<u16, PressureError> {
        let running = self.loadavg.read(psi::running)?;
        // Without the one that reads this.
        let tenths = u64::from(running.saturating_sub(1)) * 10 / u64::from(self.processors);
        Ok(u16::try_from(tenths).unwrap_or(u16::MAX))
    }
}
