//! A failover set as an attribute: O5.

use fusebox_attributes::{AiError, Counter};
use resilience::{
    BreakerConfig, Chosen, CircuitBreaker, FailoverConfig, FailoverSet, Member, Outcome, State,
    resilient, with_failover, with_fallback, with_retry,
};

/// A set of two, each of which opens at its first failure.
macro_rules! set {
    ($set:ident, $first:ident, $second:ident) => {
        static $first: CircuitBreaker =
            CircuitBreaker::new(BreakerConfig::new().failure_threshold(1).build());
        static $second: CircuitBreaker =
            CircuitBreaker::new(BreakerConfig::new().failure_threshold(1).build());
        static $set: FailoverSet<'static, 2, &str> = FailoverSet::named(
            "ai",
            [Member::new("eu", &$first).at("8001"), Member::new("us", &$second).at("8002")],
            FailoverConfig::new().build(),
        );
    };
}

set!(PLAIN, PLAIN_EU, PLAIN_US);

#[with_failover(PLAIN)]
fn plain(member: Chosen<'_, &str>, counter: &Counter, fails: bool) -> Result<String, AiError> {
    counter.next();
    if fails { Err(AiError::Down) } else { Ok(format!("{}:{}", member.name(), member.value())) }
}

#[test]
fn o5_a_function_is_called_with_the_first_member_that_admits() {
    let counter = Counter::default();
    assert_eq!(plain(&counter, false).as_deref(), Ok("eu:8001"));
    assert_eq!(plain(&counter, true), Err(AiError::Down));
    assert_eq!(plain(&counter, false).as_deref(), Ok("us:8002"));
    assert_eq!(plain(&counter, true), Err(AiError::Down));
    let Err(AiError::Rejected(rejected)) = plain(&counter, false) else { panic!("it is refused") };
    assert_eq!((rejected.name(), rejected.state()), (Some("ai"), State::Open));
    assert_eq!(counter.count(), 4);
}

set!(LATER, LATER_EU, LATER_US);

/// Reads the place of a pattern, and waits.
#[with_failover(crate::LATER)]
async fn later(member: Chosen<'_, &str>, text: &str, owned: String) -> Result<String, AiError> {
    tokio::task::yield_now().await;
    Ok(format!("{text}{owned}{}", member.index()))
}

#[tokio::test]
async fn o5_an_async_function_is_awaited() {
    assert_eq!(later("a", "b".into()).await.as_deref(), Ok("ab0"));
    LATER_EU.force_open();
    let task = tokio::spawn(async { later("a", "b".into()).await });
    assert_eq!(task.await.unwrap().as_deref(), Ok("ab1"));
}

set!(RETRIED, RETRIED_EU, RETRIED_US);

#[with_retry(max_attempts = 5, base_delay = "0s")]
#[with_failover(RETRIED)]
async fn retried(
    member: Chosen<'_, &str>,
    counter: &Counter,
    fails_at: Vec<usize>,
) -> Result<usize, AiError> {
    counter.next();
    let at = member.index();
    if fails_at.contains(&at) { Err(AiError::Down) } else { Ok(at) }
}

#[tokio::test]
async fn o5_a_retry_around_it_ends_up_at_the_next_member() {
    let counter = Counter::default();
    assert_eq!(retried(&counter, vec![0]).await, Ok(1));
    assert_eq!(counter.count(), 2);
    // And is not made again where no member takes it.
    let refused = retried(&counter, vec![0, 1]).await;
    assert!(matches!(refused, Err(AiError::Rejected(_))), "{refused:?}");
    assert_eq!(counter.count(), 3);
}

set!(STACK, STACK_EU, STACK_US);

struct Shop {
    counter: Counter,
}

fn judge(answer: Result<&usize, &AiError>) -> Outcome {
    if answer.is_ok() { Outcome::Success } else { Outcome::Ignore }
}

impl Shop {
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)] // as a fallback is
    fn instead(&self, from: usize) -> Result<usize, AiError> {
        Ok(from + 100)
    }

    #[with_fallback(Self::instead)]
    #[with_failover(STACK, judge = judge)]
    fn method(&self, member: Chosen<'_, &str>, from: usize) -> Result<usize, AiError> {
        self.counter.next();
        if from > 5 { Err(AiError::Down) } else { Ok(from + member.index()) }
    }

    #[resilient(retry(max_attempts = 2, base_delay = "0s"), failover(STACK))]
    fn other(&self, member: Chosen<'_, &str>) -> Result<usize, AiError> {
        self.counter.next();
        Ok(member.index())
    }
}

#[test]
fn o5_methods_and_stacks_take_it_too() {
    let shop = Shop { counter: Counter::default() };
    assert_eq!((shop.method(1), shop.method(6), shop.other()), (Ok(1), Ok(106), Ok(0)));
    assert_eq!(STACK_EU.state(), State::Closed, "the judge says that nothing is wrong");
    STACK_EU.force_open();
    assert_eq!((shop.method(1), shop.other()), (Ok(2), Ok(1)));
    STACK_US.force_open();
    assert_eq!(shop.method(1), Ok(101));
    assert_eq!(shop.counter.count(), 5);
}

/// A set of one's own, in a field.
struct Region<'a> {
    shops: FailoverSet<'a, 2, &'static str>,
}

impl Region<'_> {
    #[with_failover(self.shops)]
    fn plain(&self, member: Chosen<'_, &str>, text: String) -> Result<String, AiError> {
        Ok(format!("{text}{}", member.value()))
    }

    #[with_retry(max_attempts = 2, base_delay = "0s")]
    #[with_failover(self.shops, judge = judge)]
    async fn retried(&self, member: Chosen<'_, &str>) -> Result<usize, AiError> {
        tokio::task::yield_now().await;
        Ok(member.index())
    }

    #[resilient(failover(Self::set(self)))]
    async fn found(&self, member: Chosen<'_, &str>) -> Result<usize, AiError> {
        Ok(member.index())
    }

    fn set(&self) -> &FailoverSet<'_, 2, &'static str> {
        &self.shops
    }
}

#[tokio::test]
async fn o5_the_set_may_be_an_expression() {
    let [eu, us] = [(); 2].map(|()| CircuitBreaker::new(BreakerConfig::new().build()));
    let members = [Member::new("eu", &eu).at("8001"), Member::new("us", &us).at("8002")];
    let region = Region { shops: FailoverSet::new(members, FailoverConfig::new().build()) };
    assert_eq!(region.plain("port ".into()).as_deref(), Ok("port 8001"));
    eu.force_open();
    assert_eq!(region.plain("port ".into()).as_deref(), Ok("port 8002"));
    assert_eq!((region.retried().await, region.found().await), (Ok(1), Ok(1)));
}
