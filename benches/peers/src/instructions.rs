//! Instructions of each path, counted by callgrind: the same at every run.

use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    path::{Path as FilePath, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};

use crate::paths::{CALLS, EMPTY, Path, paths};

/// A count that grew by more than this share fails.
const TOLERANCE: f64 = 0.02;
const ACCEPT: &str = "cargo run --release -p fusebox-bench -- instructions --accept";

/// Instructions a call, by the path's name.
pub(crate) type Counts = BTreeMap<String, f64>;

#[derive(Debug, Serialize, Deserialize)]
struct Baseline {
    /// Another compiler makes other code.
    compiler: String,
    target: String,
    counts: Counts,
}

/// Why there are no counts, or bad ones.
#[derive(Debug)]
pub(crate) enum CountError {
    NoValgrind(io::Error),
    Callgrind { path: &'static str, said: String },
    Baseline { file: PathBuf, why: String },
    Grown(Vec<String>),
}

impl fmt::Display for CountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValgrind(error) => write!(
                f,
                "valgrind did not start ({error}); install it (Debian: apt-get install valgrind)"
            ),
            Self::Callgrind { path, said } => write!(f, "callgrind counted no `{path}`: {said}"),
            Self::Baseline { file, why } => {
                write!(f, "{}: {why}; write it anew with\n  {ACCEPT}", file.display())
            }
            Self::Grown(paths) => write!(
                f,
                "more instructions than {} % over the baseline:\n  {}\nIf that is on purpose, \
                 accept it with\n  {ACCEPT}\nand commit benches/peers/instructions.json.",
                TOLERANCE * 100.0,
                paths.join("\n  ")
            ),
        }
    }
}

impl std::error::Error for CountError {}

/// Counts every path; without the loop around it.
pub(crate) fn count(counted: impl FnMut(&str)) -> Result<Counts, CountError> {
    count_those(paths(), counted)
}

fn count_those(
    paths: impl Iterator<Item = &'static Path>,
    mut counted: impl FnMut(&str),
) -> Result<Counts, CountError> {
    let mut totals = BTreeMap::new();
    for path in paths {
        totals.insert(path.name, total(path)? / u64::from(path.times()));
        counted(path.name);
    }
    let empty = totals[EMPTY];
    let each = |total: u64| (total as f64 - empty as f64) / f64::from(CALLS);
    let counts = totals.into_iter().filter(|&(name, _)| name != EMPTY);
    Ok(counts.map(|(name, total)| (name.to_owned(), each(total))).collect())
}

fn total(path: &Path) -> Result<u64, CountError> {
    let unusable = |said: &str| CountError::Callgrind { path: path.name, said: said.to_owned() };
    let folder = tempfile::tempdir().map_err(CountError::NoValgrind)?;
    let out = folder.path().join("counts");
    let program = env::current_exe().map_err(CountError::NoValgrind)?;
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{}*", path.function))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(["path", path.function])
        .output()
        .map_err(CountError::NoValgrind)?;
    if !run.status.success() {
        return Err(unusable(&String::from_utf8_lossy(&run.stderr)));
    }
    let counts = fs::read_to_string(&out).map_err(|error| unusable(&error.to_string()))?;
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: "));
    match total.and_then(|total| total.trim().parse().ok()) {
        Some(total) if total >= u64::from(CALLS) => Ok(total),
        _ => Err(unusable("its function was never entered")),
    }
}

/// Runs the path whose function is called so: what callgrind runs.
pub(crate) fn run(function: &str) {
    let path = paths().find(|path| path.function == function);
    path.unwrap_or_else(|| panic!("no path is called {function}")).run();
}

fn file_of_baseline() -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

fn untold(why: &dyn fmt::Display) -> CountError {
    CountError::Baseline {
        file: PathBuf::from("benches/peers/instructions.json"),
        why: why.to_string(),
    }
}

/// Counts, and compares with the baseline, or replaces it.
pub(crate) fn check(accept: bool) -> Result<(), CountError> {
    let counts = count(|name| eprintln!("counted: {name}"))?;
    if accept {
        let compiler = crate::machine::compiler();
        let target = format!("{}-{}", env::consts::ARCH, env::consts::OS);
        let baseline = Baseline { compiler, target, counts };
        let mut text = serde_json::to_string_pretty(&baseline).map_err(|error| untold(&error))?;
        text.push('\n');
        fs::write(file_of_baseline(), text).map_err(|error| untold(&error))?;
        println!("the new baseline is in benches/peers/instructions.json: commit it");
        return Ok(());
    }
    compare_with_baseline(&counts)
}

fn compare_with_baseline(counts: &Counts) -> Result<(), CountError> {
    let text = fs::read_to_string(file_of_baseline()).map_err(|error| untold(&error))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| untold(&error))?;
    let compiler = crate::machine::compiler();
    if baseline.compiler != compiler {
        println!("the baseline is of {}, this is {compiler}", baseline.compiler);
    }
    let target = format!("{}-{}", env::consts::ARCH, env::consts::OS);
    if baseline.target != target {
        println!("the baseline is of {}, this is {target}: not compared", baseline.target);
        return Ok(());
    }
    compare(counts, &baseline.counts)
}

const ACQUIRE: &str = "healthy acquire + success";
const CALL: &str = "healthy call";

/// Counts the healthy paths, and compares the acquire and success with the baseline: whatever
/// is compiled in, it is as many.
pub(crate) fn healthy() -> Result<(), CountError> {
    let wanted = |path: &&'static Path| [EMPTY, ACQUIRE, CALL].contains(&path.name);
    let mut counts = count_those(paths().filter(wanted), |_| ())?;
    if let Some(call) = counts.remove(CALL) {
        println!("{CALL}: {call:.1} instructions");
    }
    compare_with_baseline(&counts)
}

fn compare(counts: &Counts, baseline: &Counts) -> Result<(), CountError> {
    let mut grown = Vec::new();
    for (name, &count) in counts {
        match baseline.get(name) {
            Some(&before) => {
                let change = (count - before) / before.max(f64::MIN_POSITIVE);
                println!("{name}: {count:.1} instructions, {before:.1} before");
                if change > TOLERANCE {
                    grown.push(format!(
                        "{name}: {count:.1} instructions, the baseline has {before:.1} ({:+.1} %)",
                        change * 100.0
                    ));
                } else if change < -TOLERANCE {
                    println!("  fewer: keep the gain with `{ACCEPT}`");
                }
            }
            None => grown.push(format!("{name}: {count:.1} instructions, not in the baseline")),
        }
    }
    if grown.is_empty() { Ok(()) } else { Err(CountError::Grown(grown)) }
}
