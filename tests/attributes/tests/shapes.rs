//! Functions of every shape keep what they do when they are decorated.

use fusebox_attributes::{
    AiError, Counter,
    shapes::{
        Letter, boxed, captured, configured, one_line, qualified, reassigned, reassigned_later,
        shadowed, turbofish,
    },
};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn bodies_of_one_line() {
    use one_line::{calls, guarded, rescued, retried, stacked};
    for answer in [retried(), guarded(), rescued(), stacked(), calls()] {
        assert_eq!(answer, Ok(1));
    }
    let later = block_on(async {
        use one_line::{guarded_later, rescued_later, retried_later, stacked_later};
        [retried_later().await, guarded_later().await, rescued_later().await, stacked_later().await]
    });
    assert_eq!(later, [Ok(1); 4]);
}

#[test]
fn a_receiver_by_value_is_whole_again_at_each_attempt() {
    let letter = || Letter { text: "Dear ".into(), ..Letter::default() };
    let signed = letter().signed("Ada").unwrap();
    assert_eq!((signed.text.as_str(), signed.read.get()), ("Dear Ada", 3));
    let lost = letter().lost("Ada").unwrap();
    assert_eq!((lost.text.as_str(), lost.read.get()), ("Dear ~Ada", 1));
    let sent = block_on(letter().sent("Ada")).unwrap();
    assert_eq!((sent.text.as_str(), sent.read.get()), ("Dear ~Ada", 4));
}

#[test]
fn self_may_be_named_in_items_and_macros() {
    let letter = Letter { text: "x".into(), ..Letter::default() };
    let text = letter.described().unwrap();
    assert_eq!(text, "Letter { text: x, read: Cell { value: 2 } } x 42");
}

#[test]
fn arguments_may_be_left_out_by_cfg() {
    let counter = Counter::default();
    assert_eq!(configured("a".into(), (0, &counter)), Ok("a!".into()));
    assert_eq!(counter.count(), 2);
    assert_eq!(configured("a".into(), (9, &counter)), Ok("a?".into()));
}

#[test]
fn an_argument_may_refer_to_a_variable_of_the_body() {
    assert_eq!(reassigned("a b"), Ok(2));
    assert_eq!(reassigned("  "), Err(AiError::BadPrompt));
    assert_eq!(block_on(reassigned_later(("a b", 2))), Ok(2));
    assert_eq!(block_on(reassigned_later(("a b", 3))), Err(AiError::BadPrompt));
}

#[test]
fn functions_are_named_by_any_path() {
    assert_eq!(turbofish(&7), Ok("   7".into()));
    assert_eq!(qualified(7), Ok(8));
}

#[test]
fn a_future_that_waits_holds_no_error() {
    fn assert_send<T: Send>(it: T) -> T {
        it
    }
    let counter = Counter::default();
    assert!(block_on(assert_send(boxed(&counter))).is_err());
    assert_eq!(counter.count(), 3);
}

#[test]
fn well_known_names_may_mean_something_else() {
    assert_eq!(shadowed::stacked(7), Ok(7));
    assert_eq!(block_on(shadowed::stacked_later(7)), Ok(7));
}

#[test]
fn names_that_attributes_have_used() {
    assert_eq!(captured::report("disk full".into()), Ok("to disk: disk full".into()));
    assert_eq!(captured::note(&Some(7)), Ok("Some(7)".into()));
    let counter = Counter::default();
    assert_eq!(captured::five_times(&counter), Err("down".into()));
    assert_eq!(counter.count(), 5);
    assert_eq!(captured::breaker(), Ok(7));
    assert_eq!(block_on(captured::methods()), Ok(3));
}
