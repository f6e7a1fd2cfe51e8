//! Orders, as an operator gives them.

use std::{
    env, fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fusebox::Name;
use fusebox_fleet::{Order, OrderKey, SignedOrder, Store as _, What};

use crate::{
    args::Give,
    escape::escape,
    failure::Failure,
    fleet::store::Way,
    given::{Given, shown},
};

/// Signs an order for each of these breakers and gives it to the store, or gives none where
/// one cannot be.
///
/// # Errors
/// [`Failure`] where something cannot be ordered, or the store does not answer.
pub fn give(
    way: &Way,
    key: &OrderKey,
    give: &Give,
    names: &[String],
    what: &What,
) -> Result<Vec<Order>, Failure> {
    let namespace = way.config.own_namespace();
    let names: Vec<Name> = names.iter().map(|name| breaker(name)).collect::<Result<_, _>>()?;
    let who = give.by.clone().unwrap_or_else(this_user);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut store = way.connect()?;
    let given = store.orders().map_err(|error| way.failure(&error))?;
    let last: Vec<SignedOrder> = given
        .iter()
        .filter_map(|bytes| SignedOrder::decode(bytes).ok())
        .filter(|it| it.is_signed_by(namespace, key))
        .collect();
    let sign = |breaker| {
        let mut order =
            Order { breaker, what: what.clone(), who: who.clone(), at: now, until: now };
        let subject = order.subject();
        // An instance obeys what is newer only, and the clocks of two operators differ.
        let before = last.iter().find(|it| it.order().subject() == subject);
        if let Some(before) = before.map(|it| it.order().at) {
            order.at = order.at.max(before + Duration::from_millis(1));
            if order.at > now + Duration::from_mins(1) {
                return Err(Failure::because(
                    "the last order comes from more than a minute ahead of this clock: is it \
                     right? nothing was ordered",
                ));
            }
        }
        order.until = order.at + give.lasts;
        SignedOrder::sign(order, namespace, key)
            .map_err(|error| Failure::because(format!("{error}; nothing was ordered")))
    };
    let signed: Vec<_> = names.into_iter().map(sign).collect::<Result<_, _>>()?;
    for order in &signed {
        store.give(order).map_err(|error| way.failure(&error))?;
    }
    Ok(signed.into_iter().map(|it| it.order().clone()).collect())
}

/// Settings as an order has them.
///
/// # Errors
/// [`Failure`] where one is out of its range.
pub fn settings(changes: &[Given]) -> Result<What, Failure> {
    for Given { setting, value } in changes {
        let is_none = *value == 0 && setting.is_optional();
        let (min, max) = (setting.min(), setting.max());
        if !is_none && !(min..=max).contains(value) {
            let name = setting.name();
            let [value, min, max] = [*value, min, max].map(|it| shown(setting, it));
            return Err(Failure::because(format!(
                "`{name}` is {value}, and must be from {min} to {max}; nothing was ordered"
            )));
        }
    }
    let texts: Vec<_> =
        changes.iter().map(|it| format!("{}={}", it.setting.key(), it.value)).collect();
    Ok(What::Set(texts.join(" ")))
}

fn breaker(name: &str) -> Result<Name, Failure> {
    Name::try_new(name).map_err(|error| {
        Failure::because(format!("`{}`: {error}; nothing was ordered", escape(name)))
    })
}

/// As `alice@bastion`.
fn this_user() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(|it| env::var(it).ok());
    let user = user.filter(|it| !it.is_empty()).unwrap_or_else(|| "somebody".into());
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "somewhere",
        host => host,
    };
    let mut who: String = format!("{user}@{host}").chars().filter(|it| !it.is_control()).collect();
    let most = who.floor_char_boundary(Order::LONGEST_WHO);
    who.truncate(most);
    who
}
