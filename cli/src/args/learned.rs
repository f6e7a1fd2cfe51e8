//! What `learned` takes.

use clap::Args;

/// `learned`
#[derive(Args, Debug)]
pub struct Learned {
    /// The breakers; without any, all of them.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// What to change, if anything.
    #[command(flatten)]
    pub to: Change,
    /// Prints an array of objects.
    #[arg(long, conflicts_with = "change")]
    pub json: bool,
}

/// What `learned` changes.
#[derive(Args, Debug)]
pub struct Change {
    /// Freezes what these breakers have learned; what is frozen stays in force.
    #[arg(long, requires = "names", group = "change")]
    pub freeze: bool,
    /// Lets these breakers learn again.
    #[arg(long, requires = "names", group = "change")]
    pub thaw: bool,
    /// Makes these breakers forget what they have learned; a limit that was learned holds
    /// no more.
    #[arg(long, requires = "names", group = "change")]
    pub forget: bool,
}

pub(super) const LEARNED: &str = "\
Columns:
  LATENCY    99 of 100 calls that succeed take less, lately
  USUAL      what LATENCY usually is; it follows far more slowly
  SLOW FROM  a call that takes longer is slow: by `slow_call`, or by `slow_above` of USUAL
  OUTAGE     the usual time from an opening to the closing by probes
  PROBE      the share of openings whose first probe succeeds
  FAIL       the usual share of calls that fail; it falls fast and rises slowly
  REMARK     frozen: nothing is learned until `--thaw`

A dash is what is not known yet. LATENCY, USUAL and FAIL are learned where the settings have
a `slow_above`, or a program asks for it; and only while the breaker is well.

Examples:
  fusebox set shop slow_above=200%
  fusebox learned
  fusebox learned --freeze shop         before a load test
  fusebox learned --forget shop         after a move to faster machines";
