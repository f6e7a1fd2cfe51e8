//! What the page says of regions.

use crate::table::regions;

/// The section, of what was found out.
pub(super) fn text(study: &regions::Study) -> String {
    TEXT.replace("FULL", &regions::full(study).markdown())
        .replace("ROOMY", &regions::roomy(study).markdown())
        .replace("CLASSES", &regions::classes(study).markdown())
}

const TEXT: &str = "\
Three regions of twenty workers each, which do a thousand calls a second; callers wait for
one second, and workers do not know who has given up. Each region is the home of ten
processes, which share nothing. After 20 s one region dies: it loses what it has under way,
and refuses every call. After 80 s it is back, and after 120 s the run ends. A cell has the
share of calls that were made and not answered, and of calls that were not made. A region
*fell* where, in some second, it answered less than half of what ended there. The worst of
three seeds.

fusebox is a failover set with its defaults over breakers of the usual preset: 40 % of a
group's calls may spill onto each other region. With repeatable calls, one that failed is
made again at the next member, out of the same budget. Of the others, *the next that admits*
has the same breakers and no budget; Envoy's levels are re-enacted in
`lab/src/regions/envoy.rs`.

**Each group calls 70 % of what its region can do.** Together that is 210 %, of which two
regions do 200 %. So 4.8 % of the calls cannot be answered while one is dead, whoever
decides which. With a budget they are refused at once, and no other region falls; without
one, or with a larger one, the rest is lost, too.

FULL
A tenth of these calls critical, half of them default, a fifth sheddable, and a fifth
background: what finds no place is background.

CLASSES
**All groups together call 70 % of what two regions can do**, 47 % of a region each. Now
there is room for every call, and half of a group's calls on each of the others is all of
them.

ROOMY
![Calls that are answered](lab/regions.svg)";
