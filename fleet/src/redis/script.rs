//! How Redis is asked, so that no answer is longer than this program has room for.
//!
//! A command that reads hands over what somebody has put there, in whatever length. So
//! the server cuts it first, in a script that only reads. What is too long for a report
//! is left out, and so is no report. Two scripts write: an instance's heartbeat, by the
//! server's own clock, and what is taken of a quota.

use redis::{Cmd, cmd};

use crate::{
    order::SignedOrder,
    redis::{
        keys::Keys,
        reply::{Id, ORDER},
    },
    report::Report,
};

/// The last words of all, in bytes: more of them are not read.
pub(super) const MOST_BYTES: u64 = 8 << 20;
/// A hash with more instances than that is not read.
pub(super) const MOST_INSTANCES: u64 = 8_192;
/// Orders of more subjects than that are not read.
pub(super) const MOST_ORDERS: u64 = 4_096;
/// Groups that are listed, at most.
pub(super) const MOST_GROUPS: usize = 256;
/// So many bytes of the feed are read at a time, and no entry that begins after them.
const FEED_BYTES: u64 = 1 << 20;

/// Answers the time, and the entries after one: the id, the instance and the report of
/// each. Others' entries have no instance, or no report. Where there are none, and that one
/// is ahead of the clock, it answers the feed's last id: it may have begun anew.
const FEED: &str = "
local longest, most, total, entries = tonumber(ARGV[3]), tonumber(ARGV[4]), 0, {}
for at, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  if total > most then break end
  local fields, instance, report = entry[2], '', ''
  if #fields == 4 and fields[1] == 'instance' and fields[3] == 'report' then
    instance, report = fields[2], fields[4]
  end
  if #instance > 64 then instance = instance:sub(1, 64) end
  if #report > longest then report = '' end
  entries[3 * at - 2], entries[3 * at - 1], entries[3 * at] = entry[1], instance, report
  total = total + #report
end
local time, last = redis.call('TIME'), ''
if #entries == 0 and tonumber(ARGV[5]) > time[1] * 1000 + math.floor(time[2] / 1000) then
  local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  last = newest and newest[1] or '0-0'
end
return {time, total > most and 1 or 0, last, entries}";

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

/// Says that an instance is alive, and its group. It forgets whom nobody has heard of for
/// long, and who is ahead of the clock. Answers the time in milliseconds, how many of the
/// group are alive, and when this one last was, if that is known.
const BEAT: &str = "
local time, keeps = redis.call('TIME'), tonumber(ARGV[4])
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZADD', KEYS[2], now, ARGV[2])
for at, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - keeps)
  redis.call('ZREMRANGEBYSCORE', key, now + 1, '+inf')
  redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[4 + at]))
  redis.call('PEXPIRE', key, keeps)
end
return {now, redis.call('ZCOUNT', KEYS[1], now - tonumber(ARGV[3]), now), before or ''}";

/// Takes cells of a quota, and answers how many are taken. A count that begins has an end; a
/// key that is no count is left as it is.
const DRAW: &str = "
local taken = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return taken";

/// Answers the time, and what a sorted set has with its scores, the highest first, without
/// what is too long for a name.
const SCORES: &str = "
local all, scores = redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1], 'WITHSCORES'), {}
for at = 1, #all, 2 do
  if #all[at] <= 64 then scores[#scores + 1] = {all[at], all[at + 1]} end
end
return {redis.call('TIME'), scores}";

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
pub(super) fn feed(keys: &Keys, after: Id, count: usize) -> Cmd {
    let mut eval = cmd("EVAL_RO");
    eval.arg(FEED).arg(1).arg(&keys.feed).arg(after.text()).arg(count);
    eval.arg(Report::LONGEST).arg(FEED_BYTES).arg(after.millis);
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

/// Says that an instance is alive, and counts who is, within so many milliseconds. The names
/// are kept for so many.
pub(super) fn beat(keys: &Keys, group: &str, instance: &str, within: u64, keeps: u64) -> Cmd {
    let mut eval = cmd("EVAL");
    eval.arg(BEAT).arg(2).arg(keys.alive(group)).arg(&keys.groups);
    eval.arg(instance).arg(group).arg(within).arg(keeps).arg(MOST_INSTANCES).arg(MOST_GROUPS);
    eval
}

/// Takes cells of a quota, whose part of the time lasts so many milliseconds.
pub(super) fn draw(key: &str, cells: u64, part: u64) -> Cmd {
    let mut eval = cmd("EVAL");
    eval.arg(DRAW).arg(1).arg(key).arg(cells).arg(part);
    eval
}

/// A sorted set of names with their scores, one more than so many at most.
pub(super) fn scores(key: &str, most: usize) -> Cmd {
    let mut eval = cmd("EVAL_RO");
    eval.arg(SCORES).arg(1).arg(key).arg(most);
    eval
}
