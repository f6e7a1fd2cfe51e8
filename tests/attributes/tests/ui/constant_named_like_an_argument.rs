//! An argument without a name gets one, and its pattern stands outside of the
//! body: a constant of that name is an error, and never another meaning.

#[allow(non_upper_case_globals)]
const __fusebox_argument_0: u32 = 7;

fn other(_: u32) -> Result<u32, String> {
    Ok(1)
}

#[resilience::with_fallback(other)]
fn f(_: u32) -> Result<u32, String> {
    Err("down".into())
}

fn main() {
    f(__fusebox_argument_0).unwrap();
}
