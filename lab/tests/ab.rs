//! A shadow finds the better of two settings.

use fusebox_lab::table::ab;

/// Of the storms in which errors come and go by themselves. Where refusing calls changes how
/// the others go, a shadow cannot know: the page has all nine, and the error rate.
#[test]
fn a_shadow_finds_the_better_of_two_settings_in_storms_of_errors() {
    for storm in ["spike-100", "spike-20", "spikes"] {
        let pair = ab::pair_in(storm, 1);
        println!("{pair:?}");
        assert!(pair.is_decided() && pair.is_right(), "{pair:?}");
        // The same order is not enough: the costs are near each other, too.
        let [shadow, truth] = [pair.shadows[0], pair.truth[0]];
        assert!(shadow.abs_diff(truth) * 20 < truth, "{pair:?}");
    }
}
