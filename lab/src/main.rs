//! `fusebox-lab`: writes the laboratory's pages, and checks our figures.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Instant,
};

use clap::{Parser, Subcommand};
use fusebox_lab::{
    bounds, measured,
    page::{self, Page},
    storm::{BUILTIN, Storm},
};

/// Storms in virtual time, and what every rule makes of them.
#[derive(Parser)]
#[command(name = "fusebox-lab", version)]
struct Args {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes `lab.md`, and its pictures into `lab/`: about a minute.
    Report {
        /// The folder they are written to.
        #[arg(long, default_value = "docs")]
        out: PathBuf,
    },
    /// Writes `lab-measured.md`, of real sockets and this machine's speed: about four minutes.
    Measure {
        /// The folder it is written to.
        #[arg(long, default_value = "docs")]
        out: PathBuf,
    },
    /// Fails where one of our figures is worse than `lab/bounds.toml` has it, or where the
    /// pages in a folder are not what `report` would write.
    Check {
        /// Writes the figures to `lab/bounds.toml` instead.
        #[arg(long)]
        accept: bool,
        /// The folder of the pages.
        #[arg(long, default_value = "docs")]
        pages: PathBuf,
    },
    /// Prints a number for each built-in storm under fusebox's preset, and one for all: the
    /// same on every machine, and any number of threads.
    Digest {
        /// So many storms run at a time.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
        threads: u16,
    },
}

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Report { out } => report(&out),
        Command::Measure { out } => measure(&out),
        Command::Check { accept: true, .. } => accept(),
        Command::Check { pages, .. } => check(&pages),
        Command::Digest { threads } => {
            digest(threads.into());
            Ok(true)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fusebox-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

type Done = io::Result<bool>;

fn made() -> Page {
    let began = Instant::now();
    let page = page::page(|part| eprintln!("{part} …"));
    eprintln!("all of it took {:.0} s", began.elapsed().as_secs_f64());
    page
}

fn report(out: &Path) -> Done {
    let page = made();
    let pictures = out.join("lab");
    fs::create_dir_all(&pictures)?;
    for (name, svg) in &page.pictures {
        fs::write(pictures.join(format!("{name}.svg")), svg)?;
    }
    let file = out.join("lab.md");
    fs::write(&file, &page.markdown)?;
    println!("{} and {} pictures", file.display(), page.pictures.len());
    Ok(true)
}

fn measure(out: &Path) -> Done {
    let text = measured::page(|part| eprintln!("{part} …"))?;
    let file = out.join("lab-measured.md");
    fs::write(&file, text)?;
    println!("{}", file.display());
    Ok(true)
}

fn accept() -> Done {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bounds.toml");
    fs::write(&file, bounds::file(&bounds::figures()))?;
    println!("{}", file.display());
    Ok(true)
}

fn check(pages: &Path) -> Done {
    let mut well = true;
    match bounds::check() {
        Ok(figures) => {
            for figure in figures {
                println!("{} = {:?}", figure.key, figure.now);
            }
        }
        Err(worse) => {
            well = false;
            for it in worse {
                eprintln!("{it}");
            }
        }
    }
    let page = made();
    let pictures =
        page.pictures.iter().map(|(name, svg)| (pages.join(format!("lab/{name}.svg")), svg));
    for (file, text) in pictures.chain([(pages.join("lab.md"), &page.markdown)]) {
        if fs::read_to_string(&file)? != *text {
            eprintln!("{} is not what `fusebox-lab report` writes", file.display());
            well = false;
        }
    }
    Ok(well)
}

fn digest(threads: usize) {
    let mut digests = vec![0; BUILTIN.len()];
    thread::scope(|scope| {
        let size = BUILTIN.len().div_ceil(threads);
        for (storms, digests) in BUILTIN.chunks(size).zip(digests.chunks_mut(size)) {
            scope.spawn(move || {
                for ((_, text), digest) in storms.iter().zip(digests) {
                    // A test reads them all.
                    let Ok(storm) = Storm::parse(text) else { continue };
                    *digest = page::everybody().iter().fold(0, |sum: u64, rule| {
                        sum.rotate_left(7) ^ rule.meets(&storm.clone().shortened(4)).digest()
                    });
                }
            });
        }
    });
    for ((name, _), digest) in BUILTIN.iter().zip(&digests) {
        println!("{digest:016x} {name}");
    }
    let all = digests.iter().fold(0, |sum: u64, digest| sum.rotate_left(7) ^ digest);
    println!("{all:016x} all");
}
