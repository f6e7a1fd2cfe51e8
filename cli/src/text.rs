//! Lengths of time as people read them.

use std::time::Duration;

/// A length of time to the millisecond, as `set` takes it: `1m30s`.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(fusebox_cli::text::exact(Duration::from_millis(90_500)), "1m30s500ms");
/// ```
#[must_use]
pub fn exact(time: Duration) -> String {
    // Months and years would be read back as other lengths of time.
    let ms = time.as_millis();
    let parts = [
        (ms / 86_400_000, "d"),
        (ms / 3_600_000 % 24, "h"),
        (ms / 60_000 % 60, "m"),
        (ms / 1_000 % 60, "s"),
        (ms % 1_000, "ms"),
    ];
    let shown = parts.iter().filter(|(amount, _)| *amount > 0);
    let text: Vec<_> = shown.map(|(amount, unit)| format!("{amount}{unit}")).collect();
    if text.is_empty() { "0s".into() } else { text.concat() }
}

/// A length of time in at most seven columns: two of its units at most, or
/// tenths of a second where it is short.
///
/// ```
/// use std::time::Duration;
/// use fusebox_cli::text::short;
///
/// assert_eq!(short(Duration::from_millis(4_130)), "4.1s");
/// assert_eq!(short(Duration::from_secs(42)), "42s");
/// assert_eq!(short(Duration::from_secs(185)), "3m05s");
/// assert_eq!(short(Duration::from_secs(26 * 3600)), "1d02h");
/// ```
#[must_use]
pub fn short(time: Duration) -> String {
    let (ms, seconds) = (time.as_millis(), time.as_secs());
    match seconds {
        0..10 => format!("{}.{}s", ms / 1_000, ms / 100 % 10),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A number in a second, in at most five columns.
///
/// ```
/// use fusebox_cli::text::rate;
///
/// assert_eq!([0.0, 0.04, 2.5, 117.3, 48_210.0, 3.1e6].map(rate), ["0", "<0.1", "2.5", "117", "48k", "3M"]);
/// ```
#[must_use]
pub fn rate(per_second: f64) -> String {
    match per_second {
        0.0 => "0".into(),
        ..0.1 => "<0.1".into(),
        ..9.95 => format!("{per_second:.1}"),
        ..9_999.5 => format!("{per_second:.0}"),
        ..999_500.0 => format!("{:.0}k", per_second / 1e3),
        _ => format!("{:.0}M", per_second / 1e6),
    }
}

/// The course of a number, each point a character; the highest is the tallest
/// block, and only 0 is the line at the bottom.
///
/// ```
/// assert_eq!(fusebox_cli::text::sparkline(&[0, 1, 50, 100]), "▁▂▅█");
/// ```
#[must_use]
pub fn sparkline(points: &[u64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = u128::from(points.iter().copied().max().unwrap_or(0)).max(1);
    points
        .iter()
        .map(|&point| match usize::try_from((u128::from(point) * 7).div_ceil(most)) {
            Ok(height) => BLOCKS[height.min(7)],
            Err(_) => BLOCKS[7],
        })
        .collect()
}
