//! `#[with_timeout]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Error, Expr, Path, Result, parse::ParseStream, spanned::Spanned};

use crate::{
    body::{Function, spanned},
    breaker::TIMED_OUT,
    options::duration,
};

pub(crate) struct WithTimeout {
    limit: Expr,
}

impl WithTimeout {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let limit = input.parse().map_err(|error: Error| {
            Error::new(error.span(), "expected the time limit, such as \"2s\" or a `Duration`")
        })?;
        if !input.is_empty() {
            return Err(input.error("there is nothing but the time limit"));
        }
        Ok(Self { limit })
    }

    /// One that stands as an option of another layer.
    pub(crate) const fn of(limit: Expr) -> Self {
        Self { limit }
    }

    /// `once` says that all layers around it use it once only, and `in_breaker` that one of
    /// them is a breaker, which is to hear that the call took too long.
    pub(crate) fn expand(
        &self,
        function: &Function,
        body: &TokenStream,
        once: bool,
        in_breaker: bool,
    ) -> Result<TokenStream> {
        let span = self.limit.span();
        if !function.is_async() {
            let text = "a sync function cannot be stopped: a time limit needs an async one";
            return Err(Error::new(span, text));
        }
        let (krate, limit) = (&function.krate, duration("timeout", &self.limit)?);
        let call = function.typed(body, once);
        // Where the compiler finds no `From<TimedOut>`, it points at this type.
        let result = function.result.span();
        let there = spanned(krate, result);
        let within = quote_spanned!(result=> #there::attributes::timeout::within);
        let told = if in_breaker {
            let timed_out = function.names.variable(TIMED_OUT);
            quote!(::core::option::Option::Some(#timed_out))
        } else {
            quote!(::core::option::Option::None)
        };
        Ok(quote!(#within(&#krate::StdSleep, #limit, #call, #told).await))
    }
}
