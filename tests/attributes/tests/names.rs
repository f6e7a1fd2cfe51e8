//! An attribute takes no name from the user: neither what an argument, a
//! variable, a constant, a `static` or a method of his is called, nor what
//! stands beside the function.
//!
//! The names are found by expanding. Functions under every attribute are
//! expanded here; each identifier that the expansion brought along is then
//! given to everything that a user can name, in a program that is compiled
//! and must answer right.

// The macros' own code, as a proc macro exports nothing else than macros.
#[path = "../../../macros/src/arguments.rs"]
mod arguments;
#[path = "../../../macros/src/body.rs"]
mod body;
#[path = "../../../macros/src/breaker.rs"]
mod breaker;
#[path = "../../../macros/src/deadline.rs"]
mod deadline;
#[path = "../../../macros/src/fallback.rs"]
mod fallback;
#[path = "../../../macros/src/hedge.rs"]
mod hedge;
#[path = "../../../macros/src/limits.rs"]
mod limits;
#[path = "../../../macros/src/names.rs"]
mod names;
#[path = "../../../macros/src/options.rs"]
mod options;
#[path = "../../../macros/src/priority.rs"]
mod priority;
#[path = "../../../macros/src/retry.rs"]
mod retry;
#[path = "../../../macros/src/stack.rs"]
mod stack;
#[path = "../../../macros/src/timeout.rs"]
mod timeout;

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};

/// What each attribute may be given, and what a function under it does whose
/// first call fails.
const ATTRIBUTES: [(&str, &str, Does); 22] = [
    ("with_retry", r#"base_delay = "0s""#, Does::TryAgain),
    (
        "with_retry",
        r#"max_attempts = 2, base_delay = "0s", max_delay = "1s", exponential_base = 2.0,
           jitter = false, max_elapsed = "1h", retry_if = zz_every, delay_hint = zz_hint"#,
        Does::TryAgain,
    ),
    ("with_circuit_breaker", r#""names", failure_threshold = 2047"#, Does::Fail),
    ("with_circuit_breaker", "ZZ_BREAKER, expect = zz_every", Does::Fail),
    (
        "with_retry",
        r#"base_delay = "0s", retry_on = zz_on, delay_hint_on = zz_hint_on"#,
        Does::TryAgain,
    ),
    ("with_circuit_breaker", "ZZ_BREAKER, judge = zz_judge", Does::Fail),
    ("with_fallback", "ZzThing::zz_rescue, when = zz_on", Does::AskAnother),
    ("with_circuit_breaker", "ZZ_BREAKER, note_errors = true", Does::Fail),
    (
        "resilient",
        r#"priority = "critical", circuit_breaker(ZZ_BREAKER, is_overload = zz_every)"#,
        Does::Fail,
    ),
    ("with_circuit_breaker", "ZZ_BREAKER, expect = zz_every, is_overload = zz_every", Does::Fail),
    (
        "with_retry",
        r#"base_delay = "0s", growth = "linear", before_retry = zz_before, crate = resilience"#,
        Does::TryAgain,
    ),
    ("with_rate_limit", "per_second = 1_000, burst = 500", Does::Fail),
    ("with_bulkhead", "1_000", Does::Fail),
    (
        "resilient",
        r#"deadline = "1h", rate_limit(ZZ_QUOTA), bulkhead(ZZ_WORKERS),
           retry(budget = ZZ_BUDGET, base_delay = "0s")"#,
        Does::TryAgain,
    ),
    (
        "resilient",
        r#"retry(budget = ZZ_BUDGET, base_delay = "0s"), deadline = "1h",
           rate_limit(every = "1ms", burst = 100), bulkhead(9)"#,
        Does::TryAgain,
    ),
    // Of async functions only.
    (
        "resilient",
        r#"retry(budget = ZZ_BUDGET, base_delay = "0s"), bulkhead(9), circuit_breaker(ZZ_BREAKER),
           hedge(after = "1h", budget = ZZ_BUDGET, idempotent)"#,
        Does::TryAgain,
    ),
    (
        "resilient",
        r#"timeout = "1h", retry(base_delay = "0s", attempt_timeout = "1m"), timeout("1m")"#,
        Does::TryAgain,
    ),
    (
        "resilient",
        r#"priority = resilience::Priority::BACKGROUND, circuit_breaker(ZZ_BREAKER),
           retry(base_delay = "0s", attempt_timeout = "1m"), timeout = "1m""#,
        Does::TryAgain,
    ),
    ("with_fallback", "ZzThing::zz_rescue", Does::AskAnother),
    ("with_fallback", "ZzThing::zz_explain, error = true, infallible = true", Does::AskAnother),
    (
        "resilient",
        r#"fallback(ZzThing::zz_rescue), retry(base_delay = "0s"),
           circuit_breaker("names", failure_threshold = 2047)"#,
        Does::TryAgain,
    ),
    (
        "resilient",
        r#"circuit_breaker(ZZ_BREAKER), fallback(Self::zz_rescue_method), retry(base_delay = "0s")"#,
        Does::TryAgain,
    ),
];

#[derive(Clone, Copy)]
enum Does {
    TryAgain,
    AskAnother,
    Fail,
}

/// What has the name.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// An argument, and a variable of the same name.
    Variable,
    Constant,
    Static,
    ConstantBeside,
    StaticBeside,
    MethodOfEverything,
}

/// What the program has before its functions. Nothing in it has a name that an
/// attribute could think of.
const BEGINNING: &str = r"
#![allow(warnings)]

pub struct ZzCalls(std::sync::atomic::AtomicU32);
impl ZzCalls {
    fn zz_first(&self) -> bool { self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 }
}
#[derive(Debug, PartialEq)]
pub struct ZzError;
impl resilience::Retryable for ZzError {}
impl From<resilience::TimedOut> for ZzError {
    fn from(_: resilience::TimedOut) -> Self { unreachable!() }
}
impl From<resilience::Rejected> for ZzError {
    fn from(_: resilience::Rejected) -> Self { unreachable!() }
}
pub type ZzOutcome = Result<u32, ZzError>;
fn zz_good(value: u32) -> ZzOutcome { Ok(value) }
fn zz_bad() -> ZzOutcome { Err(ZzError) }
fn zz_every(_: &ZzError) -> bool { true }
fn zz_hint(_: &ZzError) -> Option<std::time::Duration> { None }
fn zz_on(answer: Result<&u32, &ZzError>) -> bool { answer.is_err() }
fn zz_hint_on(_: Result<&u32, &ZzError>) -> Option<std::time::Duration> { None }
fn zz_before(_: resilience::Attempt<'_, ZzError>) -> Result<(), ZzError> { Ok(()) }
fn zz_judge(_: Result<&u32, &ZzError>) -> resilience::Outcome { resilience::Outcome::Failure }
fn zz_block_on<F: std::future::Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
static ZZ_QUOTA: resilience::RateLimit =
    resilience::RateLimit::new(resilience::RateConfig::per_second(1_000_000).build());
static ZZ_WORKERS: resilience::Bulkhead = resilience::Bulkhead::new(1_000);
static ZZ_BUDGET: resilience::RetryBudget =
    resilience::RetryBudget::new(resilience::BudgetConfig::share(1.0).build());
static ZZ_BREAKER: resilience::CircuitBreaker = resilience::CircuitBreaker::new(
    resilience::BreakerConfig::new().failure_threshold(2047).build(),
);
";

/// A method whose arguments and variables have these names, or that uses
/// constants or `static`s called so. Those are 1, 2, 3, …
fn method(names: &[&str], role: Role, is_async: bool, hedged: bool) -> String {
    let each = |write: &dyn Fn(usize, &str) -> String| -> String {
        names.iter().enumerate().map(|(at, name)| write(at + 1, name)).collect()
    };
    let (arguments, variables) = if role == Role::Variable {
        (
            each(&|_, name| format!("{name}: u32,")),
            each(&|_, name| format!("let {name}: u32 = {name};")),
        )
    } else {
        (each(&|number, _| format!("zz_{number}: u32,")), String::new())
    };
    let sum = match role {
        Role::Constant => {
            each(&|number, name| format!("(match {number}_u32 {{ {name} => {name}, _ => 0 }}) +"))
        }
        Role::Variable | Role::Static => each(&|_, name| format!("{name} +")),
        Role::ConstantBeside | Role::StaticBeside | Role::MethodOfEverything => {
            each(&|number, _| format!("{number} +"))
        }
    };
    let is_async = if is_async { "async" } else { "" };
    // A hedge can have no other receiver.
    let receiver = if hedged { "&self" } else { "mut self" };
    let shout = if hedged { "" } else { "self.0.push('!');" };
    let length = if hedged { "1" } else { "self.0.len() as u32" };
    format!(
        "{is_async} fn zz_called(
            {receiver}, {arguments} (zz_left, mut zz_right): (u32, u32), _: u32, zz_calls: &ZzCalls
        ) -> ZzOutcome {{
            zz_right += zz_left;
            {variables}
            {shout}
            if zz_calls.zz_first() {{
                return zz_bad();
            }}
            zz_good({sum} zz_right + {length})
        }}"
    )
}

/// The method in a module of its own, and what must come of it.
fn module(at: usize, names: &[&str], role: Role, is_async: bool) -> String {
    let (attribute, options, does) = ATTRIBUTES[at];
    let (mut beside, mut sum, mut numbers, mut types) = (String::new(), 0, vec![], vec![]);
    for (number, name) in (1..).zip(names) {
        match role {
            Role::Constant | Role::ConstantBeside => {
                write!(beside, "const {name}: u32 = {number};")
            }
            Role::Static | Role::StaticBeside => write!(beside, "static {name}: u32 = {number};"),
            Role::MethodOfEverything => write!(
                beside,
                "trait Zz{number}: Sized {{ fn {name}(self) -> u32 {{ unreachable!() }} }}
                 impl<T> Zz{number} for T {{}}"
            ),
            Role::Variable => Ok(()),
        }
        .unwrap();
        sum += number;
        numbers.push(number.to_string());
        types.push("_: u32,");
    }
    let (numbers, types) = (numbers.join(","), types.concat());
    let types = format!("{types} _: (u32, u32), _: u32, _: &ZzCalls");
    let method = method(names, role, is_async, options.contains("hedge"));
    let call = format!("ZzThing(String::new()).zz_called({numbers}, (1, 2), 0, &zz_calls)");
    let call = if is_async { format!("zz_block_on({call})") } else { call };
    let right = format!("Ok({})", sum + 4);
    let first = match does {
        Does::TryAgain => &right,
        Does::AskAnother => "Ok(1_000)",
        Does::Fail => "Err(ZzError)",
    };
    format!(
        "use super::{{ZzCalls, ZzError, ZzOutcome, ZZ_BREAKER, ZZ_BUDGET, ZZ_QUOTA, ZZ_WORKERS}};
         use super::{{zz_bad, zz_before, zz_block_on, zz_every, zz_good, zz_hint, zz_hint_on, zz_judge, zz_on}};
         {beside}
         #[derive(Clone)]
         pub struct ZzThing(pub String);
         impl ZzThing {{
             fn zz_rescue({types}) -> ZzOutcome {{ zz_good(1_000) }}
             fn zz_explain({types}, _: &ZzError) -> u32 {{ 1_000 }}
             fn zz_rescue_method(self, {types}) -> ZzOutcome {{ zz_good(1_000) }}
             #[resilience::{attribute}({options})]
             {method}
         }}
         pub fn zz_check() {{
             let zz_calls = ZzCalls(0.into());
             assert_eq!(vec![{call}, {call}], vec![{first}, {right}]);
         }}"
    )
}

/// The identifiers of an expansion that its input has not: those that are
/// methods' names, and the others. What follows `::` is found in what precedes
/// it, and nowhere else.
fn introduced(at: usize, is_async: bool) -> (BTreeSet<String>, BTreeSet<String>) {
    let (attribute, options, _) = ATTRIBUTES[at];
    let hedged = options.contains("hedge");
    let options: TokenStream = options.parse().unwrap();
    let item: TokenStream =
        method(&["zz_value"], Role::Variable, is_async, hedged).parse().expect("a function");
    let (mut methods, mut others) = (BTreeSet::new(), BTreeSet::new());
    let output = stack::expand(attribute, options.clone(), item.clone());
    assert!(!output.to_string().contains("compile_error"), "{output}");
    identifiers(output, &mut methods, &mut others);
    let (mut own_methods, mut own) = (BTreeSet::new(), BTreeSet::new());
    identifiers(options, &mut own_methods, &mut own);
    identifiers(item, &mut own_methods, &mut own);
    (&methods - &own_methods, &others - &own)
}

fn identifiers(tokens: TokenStream, methods: &mut BTreeSet<String>, others: &mut BTreeSet<String>) {
    let mut before = [' ', ' '];
    for token in tokens {
        let after = match token {
            TokenTree::Group(group) => {
                identifiers(group.stream(), methods, others);
                ' '
            }
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                // Neither a keyword, nor `_`.
                if syn::parse_str::<syn::Ident>(&name).is_ok() {
                    match before {
                        [':', ':'] => {}
                        [_, '.'] => drop(methods.insert(name)),
                        _ => drop(others.insert(name)),
                    }
                }
                ' '
            }
            TokenTree::Punct(punct) => punct.as_char(),
            TokenTree::Literal(_) => ' ',
        };
        before = [before[1], after];
    }
}

#[test]
fn no_name_of_the_users_is_captured() {
    let (mut modules, mut found) = (Vec::new(), 0);
    for (at, (_, options, _)) in ATTRIBUTES.iter().enumerate() {
        let async_only = options.contains("timeout") || options.contains("hedge");
        let kinds = if async_only { &[true][..] } else { &[false, true] };
        for &is_async in kinds {
            let (methods, others) = introduced(at, is_async);
            found += others.len();
            // The pattern of an argument without a name stands outside of the
            // body: see `tests/ui/constant_named_like_an_argument.rs`.
            let beside = others.iter().filter(|name| !name.contains("argument"));
            let beside: Vec<&str> = beside.map(String::as_str).collect();
            // It cannot be inherent, as it is chosen from five traits: a trait for
            // everything that has it takes part in the choice.
            let methods = methods.iter().map(String::as_str);
            let methods: Vec<&str> = methods.filter(|it| *it != "__fusebox_shown").collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            let mut add = |names: &[&str], role| {
                if !names.is_empty() {
                    modules.push(module(at, names, role, is_async));
                }
            };
            add(&others, Role::Variable);
            add(&others, Role::Constant);
            add(&others, Role::Static);
            add(&beside, Role::ConstantBeside);
            add(&beside, Role::StaticBeside);
            add(&methods, Role::MethodOfEverything);
        }
    }
    assert!(found > 50, "{found} are too few to have been looked for");

    let (mut program, mut calls) = (String::from(BEGINNING), String::new());
    for (number, module) in modules.iter().enumerate() {
        writeln!(program, "mod zz_{number} {{ {module} }}").unwrap();
        writeln!(calls, "zz_{number}::zz_check();").unwrap();
    }
    write!(program, "fn main() {{ {calls} }}").unwrap();

    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("names.rs");
    fs::write(&path, program).unwrap();
    trybuild::TestCases::new().pass(path);
}
