//! What the kernel writes into its files, read with care: any text may stand there.

/// The microseconds in which some task waited, since boot: of the line
/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=4643659`.
pub(super) fn total(text: &str) -> Option<u64> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split_ascii_whitespace().find_map(|field| field.strip_prefix("total="))?.parse().ok()
}

/// How many tasks run or are ready to: of `1.10 1.35 1.54 2/100 1550` the 2.
pub(super) fn running(text: &str) -> Option<u32> {
    let (running, _) = text.split_ascii_whitespace().nth(3)?.split_once('/')?;
    running.parse().ok()
}

/// How many processors there are: of `0-3,8` five. None where it makes no sense.
pub(super) fn processors(text: &str) -> Option<u32> {
    let mut count = 0_u32;
    for range in text.trim_end().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(count).filter(|count| *count > 0)
}

/// The path of this process's group below the root of the second version's groups: of
/// the line `0::/user.slice/shop.service`. One with `..` in it lies elsewhere.
pub(super) fn own_group(text: &str) -> Option<&str> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    (!path.split('/').any(|part| part == "..")).then_some(path)
}

/// The share of a time in which some task waited, in thousandths.
pub(super) fn share(before_us: u64, now_us: u64, passed_us: u64) -> u16 {
    // A total never shrinks; the kernel's clock and ours differ by a little.
    let waited = u128::from(now_us.saturating_sub(before_us));
    let share = (waited * 1000).checked_div(passed_us.into()).unwrap_or(0);
    u16::try_from(share.min(1000)).unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use std::format;

    use proptest::prelude::*;

    use super::*;

    const PSI: &str = "some avg10=5.69 avg60=9.27 avg300=9.70 total=9429286358\n\
                       full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";

    #[test]
    fn what_kernels_write() {
        assert_eq!(total(PSI), Some(9_429_286_358));
        assert_eq!(running("1.10 1.35 1.54 2/100 1550\n"), Some(2));
        assert_eq!(processors("0-3,8\n"), Some(5));
        assert_eq!(processors("0\n"), Some(1));
        assert_eq!(own_group("4:memory:/a\n0::/shop.service\n"), Some("shop.service"));
        assert_eq!(own_group("0::/\n"), Some(""));
    }

    #[test]
    fn what_none_writes() {
        for text in ["", "some", "some total=", "full avg10=0.00 total=5", "some total=-1", "\0"] {
            assert_eq!(total(text), None, "{text:?}");
        }
        for text in ["", "1 1 1", "1 1 1 2", "1 1 1 /5", "1 1 1 x/5"] {
            assert_eq!(running(text), None, "{text:?}");
        }
        for text in ["", "3-1", "0-4294967295", "0-", "-", ","] {
            assert_eq!(processors(text), None, "{text:?}");
        }
        assert_eq!(own_group("0::/../other"), None);
        assert_eq!(own_group("1:cpu:/"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ -~\n]{0,80}|\\PC{0,40}") {
            let _ = (total(&text), running(&text), processors(&text), own_group(&text));
            // Cut anywhere, a good one is good or refused.
            let cut = text.len() % PSI.len();
            let _ = total(&PSI[..cut]);
        }

        #[test]
        fn a_total_that_was_written_is_read(total_us: u64) {
            let text = format!("some avg10=0.00 avg60=0.00 avg300=0.00 total={total_us}\n");
            prop_assert_eq!(total(&text), Some(total_us));
        }

        #[test]
        fn a_share_is_one(before: u64, now: u64, passed: u64) {
            prop_assert!(share(before, now, passed) <= 1000);
        }

        #[test]
        fn a_share_is_what_was_waited(passed in 1_000_u64..1 << 40, percent in 0..=100_u64) {
            let waited = passed * percent / 100;
            let expected = u16::try_from(percent * 10).unwrap();
            let share = share(7, 7 + waited, passed);
            prop_assert!(share == expected || share + 1 == expected, "{share} of {expected}");
        }
    }
}
