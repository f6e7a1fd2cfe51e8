//! The orders that hold, and what an instance does by them.

use std::{collections::HashMap, fmt, ptr, time::Duration};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Clock, ConfigError, Name, Observer, Setting,
    State,
};

use crate::{
    config::FleetConfig,
    event::FleetEvent,
    order::{Order, SignedOrder, What},
    order_error::OrderError,
    order_key::OrderKey,
};

/// So far ahead of an instance's own clock an order may be: the clocks of two hosts are
/// never the same.
const AHEAD: Duration = Duration::from_mins(1);
/// Subjects that are remembered, at most.
const MOST: usize = 4_096;

/// The orders that hold for an instance, and what it does by them.
///
/// It obeys an order that is signed with the fleet's key for the fleet's namespace, is
/// newer than the last one of its subject, does not come from more than a minute ahead of
/// this host's clock, and is not over. A subject is a breaker's state, or its settings.
/// Whoever wrote down an order that was signed can give it again only as long as it holds,
/// a week at most, and only to an instance that has obeyed no later one since it began.
///
/// Each order is carried out once on each breaker, also on one that is registered later.
/// What somebody does to a breaker on its own host afterwards stays. When the order ends,
/// a breaker that is as the order left it goes back: one that was isolated closes, and
/// settings are what they were.
///
/// Times are those since the beginning of 1970, by this host's clock.
#[derive(Debug)]
pub struct Orders {
    namespace: String,
    key: Option<OrderKey>,
    standing: HashMap<String, Standing>,
    /// When the last order of a subject was given, as long as an older one could hold.
    newest: HashMap<String, Duration>,
}

/// Why an order is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// This instance was given no key, and obeys nobody.
    NoKey,
    /// It is no order.
    NoOrder(OrderError),
    /// It is not signed with the fleet's key, for this fleet.
    Forged,
    /// A later one of the same subject was obeyed before.
    Older,
    /// Its time is over.
    Over,
    /// It comes from the future, by this host's clock.
    Future {
        /// How far ahead.
        by: Duration,
    },
    /// There are too many orders.
    Full,
    /// There is no such setting, or its value is out of its range.
    Setting {
        /// What was there.
        text: String,
    },
    /// The breaker does not take these settings.
    Settings(ConfigError),
}

#[derive(Debug)]
struct Standing {
    signed: SignedOrder,
    held: Vec<Held>,
}

/// A breaker on which an order was carried out.
#[derive(Debug)]
struct Held {
    /// Where the breaker lies: a panel that was replaced has others.
    address: usize,
    is_there: bool,
    /// By an order that a later one replaced, which is not carried out yet.
    is_before: bool,
    hold: Hold,
}

/// What goes back when an order ends.
#[derive(Debug, Clone, Copy)]
enum Hold {
    Nothing,
    Isolated { generation: u16 },
    Set { before: BreakerSettings, after: BreakerSettings },
}

impl Orders {
    /// None yet.
    #[must_use]
    pub fn new(config: &FleetConfig) -> Self {
        Self {
            namespace: config.own_namespace().to_owned(),
            key: config.own_order_key().cloned(),
            standing: HashMap::new(),
            newest: HashMap::new(),
        }
    }

    /// Hears an order. One that is known already changes nothing.
    ///
    /// # Errors
    /// Why it is not obeyed, with the order where it is one.
    pub fn hear(
        &mut self,
        bytes: &[u8],
        wall: Duration,
    ) -> Result<(), (Option<Box<Order>>, Refusal)> {
        let signed = SignedOrder::decode(bytes).map_err(|error| (None, Refusal::NoOrder(error)))?;
        let subject = signed.order().subject();
        if self.standing.get(&subject).is_some_and(|it| it.signed == signed) {
            return Ok(());
        }
        if let Err(why) = self.check(&signed, &subject, wall) {
            return Err((Some(Box::new(signed.order().clone())), why));
        }
        self.newest.insert(subject.clone(), signed.order().at);
        let mut held = self.standing.remove(&subject).map(|it| it.held).unwrap_or_default();
        for it in &mut held {
            it.is_before = true;
        }
        self.standing.insert(subject, Standing { signed, held });
        Ok(())
    }

    fn check(&self, signed: &SignedOrder, subject: &str, wall: Duration) -> Result<(), Refusal> {
        let order = signed.order();
        let key = self.key.as_ref().ok_or(Refusal::NoKey)?;
        if !signed.is_signed_by(&self.namespace, key) {
            return Err(Refusal::Forged);
        }
        if order.until <= wall {
            return Err(Refusal::Over);
        }
        if order.at > wall + AHEAD {
            return Err(Refusal::Future { by: order.at.saturating_sub(wall) });
        }
        if self.newest.get(subject).is_some_and(|at| order.at <= *at) {
            return Err(Refusal::Older);
        }
        if !self.newest.contains_key(subject) && self.newest.len() >= MOST {
            return Err(Refusal::Full);
        }
        if let What::Set(settings) = &order.what {
            given(settings)?;
        }
        Ok(())
    }

    /// Carries out what has not been yet, and gives back what has ended. It says so, once
    /// for each breaker.
    pub fn apply<'b, C: Clock + 'b, O: Observer + 'b>(
        &mut self,
        breakers: impl IntoIterator<Item = &'b CircuitBreaker<C, O>>,
        wall: Duration,
    ) -> Vec<FleetEvent> {
        // All that could be given again is over by then.
        self.newest.retain(|_, at| *at + Order::LONGEST + AHEAD > wall);
        let mut events = Vec::new();
        if self.standing.is_empty() {
            return events;
        }
        let mut named: HashMap<Name, Vec<&CircuitBreaker<C, O>>> = HashMap::new();
        for breaker in breakers {
            if let Some(name) = breaker.name() {
                named.entry(name).or_default().push(breaker);
            }
        }
        self.standing.retain(|_, standing| {
            let own = named.get(&standing.signed.order().breaker).map_or(&[][..], Vec::as_slice);
            standing.keep(own, wall, &mut events)
        });
        events
    }
}

impl Standing {
    /// False when it has ended.
    fn keep<C: Clock, O: Observer>(
        &mut self,
        breakers: &[&CircuitBreaker<C, O>],
        wall: Duration,
        events: &mut Vec<FleetEvent>,
    ) -> bool {
        let order = self.signed.order();
        let is_over = order.until <= wall;
        for it in &mut self.held {
            it.is_there = false;
        }
        for &breaker in breakers {
            let address = ptr::from_ref(breaker).addr();
            let known = self.held.iter_mut().find(|it| it.address == address);
            if is_over {
                if let Some(known) = known
                    && known.hold.end(breaker)
                {
                    events.push(FleetEvent::Ended { order: Box::new(order.clone()) });
                }
                continue;
            }
            let before = match known {
                Some(known) => {
                    known.is_there = true;
                    if !std::mem::take(&mut known.is_before) {
                        continue;
                    }
                    known.hold
                }
                None => Hold::Nothing,
            };
            let hold = match carry_out(order, breaker, before) {
                Ok(hold) => {
                    events.push(FleetEvent::Obeyed { order: Box::new(order.clone()) });
                    hold
                }
                Err(why) => {
                    let order = Some(Box::new(order.clone()));
                    events.push(FleetEvent::Refused { order, why });
                    before
                }
            };
            self.held.retain(|it| it.address != address);
            self.held.push(Held { address, is_there: true, is_before: false, hold });
        }
        self.held.retain(|it| it.is_there);
        !is_over
    }
}

/// Does to a breaker what is ordered, by a compare-and-swap of its own.
fn carry_out<C: Clock, O: Observer>(
    order: &Order,
    breaker: &CircuitBreaker<C, O>,
    before: Hold,
) -> Result<Hold, Refusal> {
    match &order.what {
        What::Isolate => {
            breaker.force_open();
            Ok(Hold::Isolated { generation: breaker.snapshot().generation })
        }
        What::Close => {
            breaker.close();
            Ok(Hold::Nothing)
        }
        What::Set(settings) => {
            let mut base = BreakerSettings::default();
            let (_, after) = breaker.update_settings(|now| {
                // What the order before this one changed goes back first, so that who
                // heard both and who heard only this one end up with the same.
                base = match before {
                    Hold::Set { before, after } if now == after => before,
                    _ => now,
                };
                changed(settings, base)
            })?;
            Ok(Hold::Set { before: base, after })
        }
    }
}

impl Hold {
    /// Gives back what it holds, where nobody has changed it since.
    fn end<C: Clock, O: Observer>(self, breaker: &CircuitBreaker<C, O>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Isolated { generation } => {
                let now = breaker.snapshot();
                let is_own = now.state == State::ForcedOpen && now.generation == generation;
                if is_own {
                    breaker.close();
                }
                is_own
            }
            Self::Set { before, after } => {
                let back = |now| if now == after { Ok(before) } else { Err(()) };
                breaker.update_settings(back).is_ok()
            }
        }
    }
}

/// These settings, with what `text` changes.
fn changed(text: &str, settings: BreakerSettings) -> Result<BreakerSettings, Refusal> {
    let change = |config: BreakerConfig, (setting, value): (&Setting, u64)| {
        // It is from the table.
        config.set(setting.name(), value).unwrap_or(config)
    };
    let config = given(text)?.into_iter().fold(BreakerConfig::from(settings), change);
    config.try_build().map_err(Refusal::Settings)
}

/// What `text` says, each within the range of its setting.
fn given(text: &str) -> Result<Vec<(&'static Setting, u64)>, Refusal> {
    let one = |one: &str| {
        let (key, value) = one.split_once('=')?;
        let setting = BreakerConfig::TABLE.iter().find(|it| it.key() == key)?;
        let value = value.parse().ok()?;
        let is_none = value == 0 && setting.is_optional();
        (is_none || (setting.min()..=setting.max()).contains(&value)).then_some((setting, value))
    };
    text.split_ascii_whitespace()
        .map(|text| one(text).ok_or_else(|| Refusal::Setting { text: text.to_owned() }))
        .collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => f.write_str("this instance has no key for orders"),
            Self::NoOrder(error) => write!(f, "{error}"),
            Self::Forged => f.write_str("it is not signed with this fleet's key"),
            Self::Older => f.write_str("a later order was obeyed before"),
            Self::Over => f.write_str("its time is over"),
            Self::Future { by } => write!(f, "it comes from {by:?} ahead of this host's clock"),
            Self::Full => write!(f, "there are more than {MOST} orders"),
            Self::Setting { text } => write!(f, "no breaker takes `{}`", text.escape_debug()),
            Self::Settings(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Refusal {}
