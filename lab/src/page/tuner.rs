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
In parts of the best of the grid, to be below 1: OF_BEST.
In parts of the default: OF_DEFAULT. In the worst storm, to be 1.1 at most: WORST.

The best of the grid is known only when all storms are over. In each storm the tuner meets the
first outage with the default's wait of a minute, and is behind by what that costs more than a
quarter of a minute.

STORMS
The row out of the bounds has a wait that no tuner may choose from this default; who
configures a shorter wait moves the bounds. What the tuner cannot see is how long a service was
down within one wait.";

#[cfg(test)]
mod tests {
    #[test]
    #[ignore = "prints the section; seconds in a release build"]
    fn section() {
        let text = super::text(crate::table::tuner::study());
        assert!(text.contains("the tuner, from the default"));
        println!("BEGIN\n{text}\nEND");
    }
}
