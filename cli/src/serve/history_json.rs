//! `/history.json`: the last hour of some breakers, as far as the page lacks it.

use std::{collections::BTreeSet, fmt, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    escape::escape,
    json,
    serve::{
        history::{History, Point},
        latest::Latest,
    },
};

/// So many breakers can be asked for at once.
const MOST: usize = 64;

#[derive(Serialize)]
struct Answer {
    span_ms: u64,
    /// The number of the span that is not over yet.
    newest: u64,
    breakers: Vec<Past>,
}

/// The points of a breaker, one after another.
#[derive(Serialize)]
struct Past {
    slot: usize,
    /// The number of the first one's span.
    from: u64,
    /// A letter each: closed, shares, half-open, open, forced open, disabled, or `-` where
    /// nobody looked.
    states: String,
    scores: Vec<Option<u8>>,
    /// Empty where there were none, as are the two below.
    calls: Vec<u32>,
    failures: Vec<u32>,
    refusals: Vec<u32>,
}

impl Past {
    fn new(history: &History, slot: usize, from: u64) -> Option<Self> {
        let part = history.of(slot, from)?;
        let numbers = |number: fn(&Point) -> u32| {
            let all: Vec<_> = part.points.clone().map(number).collect();
            if all.iter().all(|&number| number == 0) { Vec::new() } else { all }
        };
        Some(Self {
            slot,
            from: part.from,
            states: part.points.clone().map(|it| it.look.letter()).collect(),
            scores: part.points.clone().map(|it| it.score).collect(),
            calls: numbers(|it| it.calls),
            failures: numbers(|it| it.failures),
            refusals: numbers(|it| it.refusals),
        })
    }
}

/// What is asked for: `slots=0,3&since=17`.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    slots: BTreeSet<usize>,
    since: u64,
}

/// A query is not to be understood.
#[derive(Debug, PartialEq, Eq)]
enum QueryError {
    NoSlots,
    TooMany,
    Number(String),
    Key(String),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSlots => f.write_str("name the slots, as in ?slots=0,3&since=17"),
            Self::TooMany => write!(f, "ask for {MOST} slots at most"),
            Self::Number(given) => write!(f, "`{}` is no number", escape(given)),
            Self::Key(given) => {
                write!(f, "there is no `{}`; there are `slots` and `since`", escape(given))
            }
        }
    }
}

impl std::error::Error for QueryError {}

impl Asked {
    fn parse(query: &str) -> Result<Self, QueryError> {
        let mut asked = Self { slots: BTreeSet::new(), since: 0 };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=').unwrap_or((part, "")) {
                ("slots", slots) => {
                    for slot in slots.split(',') {
                        asked.slots.insert(number(slot)?);
                        if asked.slots.len() > MOST {
                            return Err(QueryError::TooMany);
                        }
                    }
                }
                ("since", since) => asked.since = number(since)?,
                (key, _) => return Err(QueryError::Key(key.into())),
            }
        }
        if asked.slots.is_empty() { Err(QueryError::NoSlots) } else { Ok(asked) }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, QueryError> {
    text.parse().map_err(|_| QueryError::Number(text.into()))
}

/// The points of these slots from the span `since` on; a slot that has none is left out.
pub(super) async fn get(
    State(latest): State<watch::Receiver<Arc<Latest>>>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match Asked::parse(query.as_deref().unwrap_or("")) {
        Ok(asked) => asked,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    let latest = Arc::clone(&latest.borrow());
    let history = latest.history();
    let answer = Answer {
        span_ms: u64::try_from(history.span().as_millis()).unwrap_or(u64::MAX),
        newest: history.newest(),
        breakers: (asked.slots.iter())
            .filter_map(|&slot| Past::new(&history, slot, asked.since))
            .collect(),
    };
    ([(header::CONTENT_TYPE, "application/json")], json::line(&answer)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_slots() {
        let asked = Asked::parse("slots=3,0,3&since=17").unwrap();
        assert_eq!(asked, Asked { slots: BTreeSet::from([0, 3]), since: 17 });
        for (query, error) in [
            ("", "name the slots, as in ?slots=0,3&since=17"),
            ("since=1", "name the slots, as in ?slots=0,3&since=17"),
            ("slots=", "`` is no number"),
            ("slots=1,-2", "`-2` is no number"),
            ("slots=1&since=18446744073709551616", "`18446744073709551616` is no number"),
            ("slots=1&name=\x1b", r"there is no `name`; there are `slots` and `since`"),
        ] {
            assert_eq!(Asked::parse(query).unwrap_err().to_string(), error);
        }
        let many = |most: usize| {
            let slots: Vec<_> = (0..most).map(|slot| slot.to_string()).collect();
            Asked::parse(&format!("slots={}", slots.join(","))).map(|it| it.slots.len())
        };
        assert_eq!((many(MOST), many(MOST + 1)), (Ok(MOST), Err(QueryError::TooMany)));
    }
}
