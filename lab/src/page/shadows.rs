//! What the page says of shadows.

use crate::table::ab;

/// The seeds of the storms in which they are judged.
const SEEDS: u64 = 2;

/// The section.
pub(super) fn text() -> String {
    let pairs = ab::pairs(SEEDS);
    let decided: Vec<_> = pairs.iter().filter(|it| it.is_decided()).collect();
    let wrong = decided.iter().filter(|it| !it.is_right()).count();
    TEXT.replace("TABLE", &ab::table(&pairs).markdown())
        .replace("PAIRS", &pairs.len().to_string())
        .replace("DECIDED", &decided.len().to_string())
        .replace("WRONG", &wrong.to_string())
}

const TEXT: &str = "\
A shadow is a breaker of other settings that is fed with the outcomes of a live one's calls
(see [comparing.md](comparing.md)). In Shopify's storms the truth can be had: each of two
settings meets the same storm itself. A cost is the bad calls that are let through, and the
good ones that are refused: by a shadow of a breaker that turns nobody away, and in truth
against a run without a breaker. The last column says how often the cheaper one is the same,
where the two differ by more than a twentieth by both.

TABLE

Of PAIRS pairs DECIDED differ so, and in WRONG of these the shadows name the wrong one. Where
errors come and go by themselves, a shadow's cost is that of the truth, but for the probes
that it does not wait for. Where calls hang, as in slow-query, it is not. That is probably
because a breaker that refuses slow calls frees its callers for others, and a shadow refuses
nobody; it was not tested. There a split tells.
";
