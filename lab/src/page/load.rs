//! The sections on load: let back after an outage, and shed where there is too much.

use crate::table::{cold_cache, foresight, shedding};

/// The section on a service that has to be warmed up.
pub(super) fn cold_cache() -> String {
    COLD_TEXT
        .replace("RULES", &cold_cache::table(&cold_cache::contenders()).markdown())
        .replace("RAMPS", &cold_cache::ramps().markdown())
}

/// The section on a service with too much to do.
pub(super) fn too_much_load(steps: &shedding::Steps) -> String {
    let contenders = shedding::contenders();
    SHEDDING_TEXT
        .replace("SURPLUS", &shedding::successes_table(&contenders).markdown())
        .replace("EACH", &shedding::each_table().markdown())
        .replace("OTHERS", &shedding::refused_table(&contenders).markdown())
        .replace("LATE", &shedding::late_table(&contenders).markdown())
        .replace("STEPS", &steps.table().markdown())
        .replace("CRITICAL", &shedding::critical_table().markdown())
}

/// The section on what is foreseen.
pub(super) fn foreseen() -> String {
    FORESIGHT_TEXT
        .replace("LEADS", &foresight::leads_table().markdown())
        .replace("ALARMS", &foresight::false_alarms_table().markdown())
        .replace("MISSES", &foresight::misses())
}

const FORESIGHT_TEXT: &str = "\
Ten workers take 50 ms for a call on average, by chance, and have one line; callers give up
after a second. After two calm minutes the load grows, or calls take longer and longer. How
many seconds before the first caller gives up each of these cries; the least and the most
of eight seeds, less than nothing where it is after. fusebox's breaker has
`foresight = watch` and nothing else: it learns what is usual in the calm.

LEADS
A load that stays, for 15 minutes and eight seeds: how often each cries in 100 000 calls.

ALARMS
The aim is a lead of five seconds or more, and no more than one cry in 100 000 calls at
75 % load. At 85 % waits are long by chance, and come together: that is why a prediction
opens nothing unless somebody asks for it. Where ours leads by less:

MISSES
An alarm begins where the evidence is enough: five slow calls in a row, or more where
others come between. Where the first caller gives up five or six seconds after the load has
grown, most of that time is the line's own growth, in which calls are as quick as ever.";

const COLD_TEXT: &str = "\
A service whose caches are cold after an outage of ten seconds: for five seconds from the
first call on it can answer 40 % of its usual load. Where so much more comes that a second
of work waits, it collapses: all calls fail for a second, and it is cold again. Silence
does not warm it. What happens in the ten minutes after the outage, at 200 calls a second;
the worst of five seeds. A rule *shuts* when it let calls through in one quarter of a
second, and in the next hardly one in twenty. *Back* is where 95 % of the requests are
answered again.

RULES
A breaker that admits all calls after a probe brings the service down, and opens, again and
again. What refuses a share of the calls does the same more slowly: it follows the failures,
and they come when it is too late. Sentinel's warm-up and Envoy's slow start are made for
this; the first has to be told how many calls a second are usual, and the second lets a
host back after 30 s at the earliest, and sends the rest to other hosts, which are none
here.

fusebox's ramp by its length. It begins with a tenth of the calls. One of ten seconds
admits 40 % after 3.3 s, and half at the end of the five: that much more can wait.

RAMPS
![Answers per second after an outage](lab/cold-cache.svg)";

const SHEDDING_TEXT: &str = "\
A service answers a thousand calls a second, and has room for twenty more to wait. Who finds
no room gets a 503 at once. To refuse a call costs the service nothing, or a part of what
an answer costs it. Of the calls, 5 to 33 % are more than it can answer. Successes in percent
of the best possible, over two minutes, after a calm half minute: where a refusal costs
nothing, 10 % and 30 % of an answer. The mean of two seeds.

SURPLUS
Where refusals cost nothing, nobody can do better than to send everything. fusebox looks
only at errors that say that there is too much load, and lets through a tenth more than
is answered. A 503 weighs nothing in its breaker while more can be shed, so shedding has
time to grow: the preset that sheds does as a breaker that never opens. The preset without
shedding opens, as 503s are failures.

Where each of twenty callers has a rule of its own, and a refusal costs a tenth:

EACH
![Answers by offered load](lab/too-much-load.svg)

**Errors that are not from load.** The service has room for all calls, and so many of them
fail by chance. What is refused then is lost for nothing:

OTHERS
Nothing is shed. But the preset opens where a third of the calls fail for long, whatever
the reason.

**Nobody is refused.** The service lets everybody wait, answers in turn, and goes on with
work for callers who have given up, which they do after a second. Successes in percent of
what it can answer. What callers hear is a second old, so nobody on their side can do much
about it. Up to twice the load it does more to open than to shed; but a service has to
refuse what it cannot answer in time.

LATE
**A step of the load**, from 0.8 of what the service can answer to 1.5, and twenty seconds
later back. How long until the share that is refused has come within five percentage points
of where it stays: the mean share of many runs, in tenths of a second.

STEPS
![The share that is refused](lab/load-steps.svg)

**Critical calls**, a fifth of all, at twice what the service can answer; a refusal costs a
tenth. The service does not know which calls are critical, and refuses some of what is
admitted, whoever sent it. So a second try after 100 ms is worth something for those that
are still admitted. It is made for all calls, and adds to the load.

CRITICAL";
