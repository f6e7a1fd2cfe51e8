//! How Redis is asked, so that no answer is longer than this program has room for.
//!
//! A command that reads hands over what somebody has put there, in whatever length. So
//! the server cuts it first, in a script that only reads. What is too long for a report
//! is left out, and so is no report.

use redis::{Cmd, cmd};

use crate::{
    order::SignedOrder,
    redis::{keys::Keys, reply::ORDER},
    report::Report,
};

/// The last words of all, in bytes: more of them are not read.
pub(super) const MOST_BYTES: u64 = 8 << 20;
/// A hash with more instances than that is not read.
pub(super) const MOST_INSTANCES: u64 = 8_192;
/// Orders of more subjects than that are not read.
pub(super) const MOST_ORDERS: u64 = 4_096;
/// So many bytes of the feed are read at a time, and no entry that begins after them.
const FEED_BYTES: u64 = 1 << 20;

/// Answers the time, and the entries after one: the id, the instance and the report of
/// each. Others' entries have no instance, or no report.
const FEED: &str = "
local longest, most, total, entries = tonumber(ARGV[3]), tonumber(ARGV[4]), 0, {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  if total > most then break end
  local has = {instance = '', report = ''}
  for at = 1, #entry[2], 2 do
    if has[entry[2][at]] == '' then has[entry[2][at]] = entry[2][at + 1] end
  end
  if #has.report > longest then has.report = '' end
  entries[#entries + 1] = {entry[1], has.instance:sub(1, 64), has.report}
  total = total + #has.report
end
return {redis.call('TIME'), total > most and 1 or 0, entries}";

/// Answers the time, how many instances there are, how many bytes they say, and each
/// instance with its last word, unless it is too much.
const NOW: &str = "
local longest, words, total = tonumber(ARGV[1]), {}, 0
local count = redis.call('HLEN', KEYS[1])
if count <= tonumber(ARGV[2]) then
  for _, instance in ipairs(redis.call('HKEYS', KEYS[1])) do
    local word = ''
    if #instance <= 64 and redis.call('HSTRLEN', KEYS[1], instance) <= longest then
      word = redis.call('HGET', KEYS[1], instance)
    end
    total = total + #word
    if total > tonumber(ARGV[3]) then words = {} break end
    words[#words + 1] = {instance:sub(1, 64), word}
  end
end
return {redis.call('TIME'), count, total, words}";

/// Answers how many orders there are, and each of those that are not too long.
const ORDERS: &str = "
local longest, orders = tonumber(ARGV[1]), {}
local count = redis.call('HLEN', KEYS[1])
if count <= tonumber(ARGV[2]) then
  for _, subject in ipairs(redis.call('HKEYS', KEYS[1])) do
    if redis.call('HSTRLEN', KEYS[1], subject) <= longest then
      orders[#orders + 1] = redis.call('HGET', KEYS[1], subject)
    end
  end
end
return {count, orders}";

/// Answers the last orders of the log, the newest first, without those that are too long.
const ORDER_LOG: &str = "
local longest, orders = tonumber(ARGV[1]), {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[2])) do
  for at = 1, #entry[2], 2 do
    if entry[2][at] == ARGV[3] and #entry[2][at + 1] <= longest then
      orders[#orders + 1] = entry[2][at + 1]
      break
    end
  end
end
return orders";

/// The last order of each subject.
pub(super) fn orders(keys: &Keys) -> Cmd {
    let mut eval = cmd("EVAL_RO");
    eval.arg(ORDERS).arg(1).arg(&keys.orders).arg(SignedOrder::LONGEST).arg(MOST_ORDERS);
    eval
}

/// The last orders that were given, so many at most, the newest first.
pub(super) fn order_log(keys: &Keys, most: usize) -> Cmd {
    let mut eval = cmd("EVAL_RO");
    eval.arg(ORDER_LOG).arg(1).arg(&keys.order_log).arg(SignedOrder::LONGEST).arg(most).arg(ORDER);
    eval
}

/// The entries of the feed after this one, so many at most.
pub(super) fn feed(keys: &Keys, after: &str, count: usize) -> Cmd {
    let mut eval = cmd("EVAL_RO");
    eval.arg(FEED).arg(1).arg(&keys.feed).arg(after).arg(count);
    eval.arg(Report::LONGEST).arg(FEED_BYTES);
    eval
}

/// The last words of all.
pub(super) fn now(keys: &Keys) -> Cmd {
    let mut eval = cmd("EVAL_RO");
    eval.arg(NOW).arg(1).arg(&keys.now);
    // A word is a time and a report.
    eval.arg(8 + Report::LONGEST).arg(MOST_INSTANCES).arg(MOST_BYTES);
    eval
}
