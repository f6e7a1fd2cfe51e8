//! What the page says of the tuner.

use crate::table::tuner;

/// The section.
pub(super) fn text(study: &tuner::Study) -> String {
    let (best, default) = (study.best().1.sum(), study.default().sum());
    let of = |whole: f64| study.tuner().sum() / whole;
    let verdict = |met: bool| if met { "" } else { ", **missed**" };
    TEXT.replace("SUMS", &tuner::sums(study).markdown())
        .replace("STORMS", &tuner::storms(study).markdown())
        .replace("OF_BEST", &format!("× {:.2}{}", of(best), verdict(of(best) < 1.0)))
        .replace("OF_DEFAULT", &format!("× {:.2}", of(default)))
        .replace("WORST", &format!("× {:.2}{}", study.worst(), verdict(study.worst() <= 1.1)))
}

const TEXT: &str = "\
A breaker with the library's defaults guards a service with habits that are drawn from a
seed: half a call to ten calls a second; outages of 2 s to 5 minutes, or flapping, or slow
recoveries, or partial failures of 20 to 45 %, 24 times in a storm with some three minutes
between; and 0.1 to 5 % of errors on any day. The tuner sees the breaker's reading each
second, begins with the default in each storm, and may go four times either way. The grid has
60 fixed settings of the same range: five waits, two numbers of doublings, six rules.

The cost is the calls that were made and failed while the service was down, where more than
half of the calls fail, and the calls that were refused and would have been answered. The
tuner's own figures were chosen on fifteen other seeds; these fifteen were not looked at.

SUMS
To reach: less than the best of the grid, in parts of which the tuner costs OF_BEST. The best
is known only when all storms are over. Of the default it costs OF_DEFAULT, and to
reach was 1.1 at most in the worst storm: WORST.

STORMS
What is left out here: a wait shorter than a quarter of the default's costs less still, as the
last but one row shows; that is what bounds are for, and who configures a shorter wait moves
them. What the tuner cannot see is how long a service was down within one wait.";
