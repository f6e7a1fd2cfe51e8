//! The attributes of the crate `fusebox`, which re-exports and documents them.
//! Each rewrites the body of a function and leaves its signature alone, but for the argument
//! that a failover set gives.

mod arguments;
mod body;
mod breaker;
mod deadline;
mod failover;
mod fallback;
mod hedge;
mod limits;
mod names;
mod options;
mod pressure;
mod priority;
mod retry;
mod stack;
mod timeout;

use proc_macro::TokenStream;

/// Tries the function again when it fails: `#[with_retry(max_attempts = 3, …)]`.
///
/// | option | value | default |
/// |---|---|---|
/// | `jitter` | `true`, `false`, `"full"`, `"equal"`, `"decorrelated"`, or a `Jitter` | `true` |
/// | `retry_if` | a path to a `fn(&E) -> bool` | the error's `Retryable`, or else every error |
/// | `retry_on` | a path to a `fn(Result<&T, &E>) -> bool`, in place of `retry_if` | none |
/// | `delay_hint` | a path to a `fn(&E) -> Option<Duration>` | none |
/// | `delay_hint_on` | a path to a `fn(Result<&T, &E>) -> Option<Duration>` | none |
/// | `growth` | `"exponential"`, `"constant"`, `"linear"`, `"fibonacci"`, or a `Growth` | `"exponential"` |
/// | `before_retry` | a path to a `fn(Attempt<'_, E>) -> Result<(), E>`, which runs before each attempt but the first; under an async function it may be async | none |
/// | `budget` | the path to a `static` of the type `RetryBudget`, from which each attempt but the first is taken | none |
/// | `attempt_timeout` | a time limit for each attempt of an async function, as `#[with_timeout]` has it | none |
/// | `crate` | the path of the crate `fusebox`, where another crate re-exports it | `fusebox` |
///
/// Every other option is a setting: a method of `RetryConfig`, such as
/// `max_attempts`, `base_delay` or `max_elapsed`; ranges and defaults are
/// written there. The value is a `const` expression; for a duration it may be
/// text, such as `"250ms"`.
///
/// A rejection by a `#[with_circuit_breaker]` below it, or by a limit there, is not
/// tried again, whatever error it became, unless `retry_if` says so.
///
/// Arguments by reference are used again as they are; an argument by value is
/// cloned for each attempt, and must be `Clone`. So is a receiver by value,
/// which is `mut` in the body. Between attempts a sync function blocks its
/// thread; an async one needs the feature `tokio`.
#[proc_macro_attribute]
pub fn with_retry(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_retry", options.into(), item.into()).into()
}

/// Asks a circuit breaker before each call:
/// `#[with_circuit_breaker("name", failure_threshold = 3, …)]`.
///
/// The name finds the breaker in the registry of the process. Functions that
/// give one name share one breaker. With a name alone, the function takes the
/// settings that the breaker has.
///
/// Instead of a name and settings, you can give the path of a `static` of the
/// type `CircuitBreaker` or `GlobalBreaker`: `#[with_circuit_breaker(AI, expect
/// = AiError::is_outage)]`. The program can then use that `static`, too.
///
/// The option `expect` is a path to a `fn(&E) -> bool`: which errors are
/// failures. Without it every error is one. The option `judge` is a path to a
/// `fn(Result<&T, &E>) -> Outcome`, which looks at the whole answer. The option
/// `is_overload` is a path to a `fn(&E) -> bool`: which failures say that the service has
/// more calls than it can answer, so that a breaker with a `max_shed` sheds load; where the
/// error type is an `Error`, `fusebox::is_overload` is such a function. A `timeout` inside the
/// breaker, among the function's own attributes, says so by itself. With
/// `note_errors = true` the breaker keeps the text of the last error. Every other
/// option is a setting: a method of `BreakerConfig`, such as `failure_threshold` or
/// `recovery_timeout`; ranges and defaults are written there. The value is a
/// `const` expression; for a duration it may be text, such as `"30s"`, and for a `foresight`
/// its word, such as `"prime"`.
///
/// The function's error type must be `From<Rejected>`. Arguments are moved into
/// the call; none is cloned.
#[proc_macro_attribute]
pub fn with_circuit_breaker(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_circuit_breaker", options.into(), item.into()).into()
}

/// Asks another function when this one fails:
/// `#[with_fallback(path, log_errors = false)]`.
///
/// The fallback gets the same arguments (and the receiver, where its path
/// begins with `Self::`), and returns the same type; with `error = true` it
/// gets the error, too, as its last argument: a `&E`. The path may have type
/// arguments (`f::<T>`) or a type before it (`<T as Trait>::f`). Under an async
/// function the fallback may be async or not. With `infallible = true` it is a
/// plain function that returns the value itself, as the last layer of several
/// often does.
///
/// The option `when` is a path to a `fn(Result<&T, &E>) -> bool`: which answers
/// want another in their place. Without it every error does, and no value.
///
/// Arguments by reference are used again as they are; an argument by value is
/// cloned before the call, and must be `Clone`.
#[proc_macro_attribute]
pub fn with_fallback(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_fallback", options.into(), item.into()).into()
}

/// Gives an async function so much time: `#[with_timeout("2s")]`.
///
/// After that time its future is dropped, and the call has failed with its own
/// error, which must be `From<TimedOut>`. The limit is text, or a `Duration`. It
/// needs the feature `tokio`. A sync function cannot be stopped.
///
/// **Put it inside a breaker, below its attribute.** Above, it cancels the call,
/// which then counts for nothing, and a service that hangs never opens the breaker.
#[proc_macro_attribute]
pub fn with_timeout(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_timeout", options.into(), item.into()).into()
}

/// Takes one call of a rate limit before each call:
/// `#[with_rate_limit(per_second = 100, burst = 20)]`.
///
/// The rate is `per_second`, `per_minute`, `every = "10ms"` or `interval`. Every other
/// option is a setting: a method of `RateConfig`, such as `burst` or `precise`; ranges and
/// defaults are written there. The limit is the function's own, and has its name, if that
/// is not too long for one. Instead of settings, you can give the path of a `static` of the
/// type `RateLimit`, which many functions may share: `#[with_rate_limit(QUOTA)]`.
///
/// A call that is turned away is not made, and fails with an error of the function's own
/// type, which must be `From<Rejected>`. It stands outside of a breaker, above its
/// attribute: inside, the breaker would take that error for a failure of the service.
/// Inside a retry each attempt takes one.
#[proc_macro_attribute]
pub fn with_rate_limit(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_rate_limit", options.into(), item.into()).into()
}

/// Lets so many calls at a time into the function: `#[with_bulkhead(32)]`.
///
/// The bulkhead is the function's own, and has its name, if that is not too long for
/// one. Instead of a number, you can give the path of a `static` of the type `Bulkhead`,
/// which many functions may share: `#[with_bulkhead(WORKERS)]`.
///
/// A call that finds no place is not made, and fails with an error of the function's own
/// type, which must be `From<Rejected>`. It stands outside of a breaker, above its
/// attribute: inside, the breaker would take that error for a failure of the service. A
/// place is held until what is below has ended, or is dropped.
#[proc_macro_attribute]
pub fn with_bulkhead(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_bulkhead", options.into(), item.into()).into()
}

/// Gives each call a deadline, so long from its beginning: `#[with_deadline("2s")]`.
///
/// What is below, and all that the function calls, runs in the scope of that deadline, as
/// `Deadline::enter` begins one: no delay of a retry, no hedge and no fallback starts that
/// cannot end before it, and timeouts are cut to what is left. Where a nearer one is in
/// force already, that one holds. A call that is under way is not stopped; a
/// `#[with_timeout]` below does that.
///
/// The time is text, or a `Duration`. A call whose deadline is over when it begins is not
/// made, and fails with an error of the function's own type, which must be
/// `From<Rejected>`. It stands outside of a breaker, above its attribute.
#[proc_macro_attribute]
pub fn with_deadline(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_deadline", options.into(), item.into()).into()
}

/// Gives each call a priority: `#[with_priority("critical")]`.
///
/// What is below, and all that the function calls, runs in the scope of that priority, as
/// `Priority::enter` begins one: where not every call can be admitted, those of a lower
/// priority are turned away first. Of two, the inner one holds. A task or a thread that the
/// function starts is outside of the scope.
///
/// The priority is a name (`"critical"`, `"default"`, `"sheddable"`, `"background"`), a
/// level from 0 to 255, or an expression of the type `Priority`, which may use the
/// function's arguments. It stands outside of a breaker, above its attribute: a breaker
/// asks for it before it admits the call.
#[proc_macro_attribute]
pub fn with_priority(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_priority", options.into(), item.into()).into()
}

/// Turns calls away while a host is under pressure, those of a lower priority first:
/// `#[with_pressure(HOST)]`, where `HOST` is the path to a `static` of the type
/// `fusebox::Pressure`.
///
/// The priority of a call is the current one, as `Priority::current` says. A call that is
/// turned away runs nothing, and returns the function's own error, made from
/// `fusebox::Rejected`.
#[proc_macro_attribute]
pub fn with_pressure(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_pressure", options.into(), item.into()).into()
}

/// Makes a call of an async function a second time where it takes long, and takes
/// whichever answer comes first: `#[with_hedge(after = "50ms", budget = BUDGET, idempotent)]`.
///
/// | option | value | |
/// |---|---|---|
/// | `after` | text, a `Duration`, or a `&LatencyQuantile` | when the second call starts |
/// | `idempotent` | stands alone, or is `true` | says that two calls do no harm; without it nothing is compiled |
/// | `budget` | the path to a `static` of the type `RetryBudget` | what each second call is taken from; without one there is no bound |
///
/// A retry above with the same budget says how many calls there are, and the hedge does
/// not count them a second time. While a breaker among the function's attributes is not
/// well, no second call starts. The call that loses is dropped.
///
/// Arguments by reference are used again as they are; an argument by value is cloned for
/// each call, and must be `Clone`. There can be no `&mut`, and no receiver but `&self`. It
/// needs the feature `tokio`.
#[proc_macro_attribute]
pub fn with_hedge(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_hedge", options.into(), item.into()).into()
}

/// Calls the function with the first member of a failover set that admits the call:
/// `#[with_failover(SHOPS)]`.
///
/// ```text
/// static SHOPS: FailoverSet<'static, 2, &str> = …;
///
/// #[with_failover(SHOPS)]
/// fn price(shop: Chosen<'_, &str>, article: u32) -> Result<u32, ShopError> { … }
///
/// price(42)?;
/// ```
///
/// The first argument is the member: its index, its name and its value. The set gives it, so
/// callers leave it out. The set is a `FailoverSet`: the path of a `static`, or an expression
/// such as `self.shops`, which is evaluated for each call. The option `judge` is a path to a `fn(Result<&T, &E>) -> Outcome`: what an answer says of the member.
/// Without it every error is a failure.
///
/// A call that no member takes fails with an error of the function's own type, which must be
/// `From<Rejected>`. One that failed is not made at another member; a
/// `FailoverSet::call_repeatable` does that. No limit and no breaker stands below it. Arguments
/// are moved into the call; none is cloned.
#[proc_macro_attribute]
pub fn with_failover(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("with_failover", options.into(), item.into()).into()
}

/// Puts the other attributes around the function in one, the outermost first:
/// `#[resilient(fallback(path), circuit_breaker("name", …), retry(…), timeout = "2s")]`.
///
/// With everything there is, this is the usual order: `fallback(…)`,
/// `priority = "critical"`, `deadline = "2s"`, `pressure = HOST`, `rate_limit(…)`,
/// `bulkhead(…)`, `circuit_breaker(…)`, `retry(…)`, `hedge(…)`, `timeout = "500ms"`.
///
/// # Attributes of other crates
/// One that stands above is expanded first, and so works on the function as it
/// was: `#[instrument]` above opens a span for each attempt. One that stands below
/// is put around the whole: a span for all attempts.
///
/// A method under `#[async_trait]`, and a function under `#[async_recursion]` above
/// or below, is an async function here, too; so is every function whose body is an
/// async block, or `Box::pin` of one.
#[proc_macro_attribute]
pub fn resilient(options: TokenStream, item: TokenStream) -> TokenStream {
    stack::expand("resilient", options.into(), item.into()).into()
}
