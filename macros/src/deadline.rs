//! `#[with_deadline]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, ExprLit, Lit, Path, Result, parse::ParseStream, spanned::Spanned};

use crate::{body::Function, limits::turned_away, options::duration};

pub(crate) struct WithDeadline {
    within: Expr,
}

impl WithDeadline {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let within = input.parse().map_err(|error: Error| {
            Error::new(error.span(), "expected the time, such as \"2s\" or a `Duration`")
        })?;
        if !input.is_empty() {
            return Err(input.error("there is nothing but the time"));
        }
        Ok(Self { within })
    }

    /// One that stands as an option.
    pub(crate) const fn of(within: Expr) -> Self {
        Self { within }
    }

    /// `once` says that all layers around it use it once only, and `in_retry` that one
    /// of them is a retry.
    pub(crate) fn expand(
        &self,
        function: &Function,
        body: &TokenStream,
        once: bool,
        in_retry: bool,
    ) -> Result<TokenStream> {
        let within = duration("deadline", &self.within)?;
        if is_zero(&self.within) {
            let text = "a deadline of no time is over when the call begins";
            return Err(Error::new(self.within.span(), text));
        }
        let krate = &function.krate;
        let (until, scope) = (function.names.variable("until"), function.names.variable("scope"));
        let (limited, away) = turned_away(function, in_retry);
        let begun = quote! {
            let #until = match #krate::attributes::limits::until(#within) {
                ::core::result::Result::Ok(#until) => #until,
                ::core::result::Result::Err(#limited) => { #away }
            };
        };
        Ok(if function.is_async() {
            let call = function.typed(body, once);
            quote!(#begun #krate::layers::Until::scope(#until, #call).await)
        } else {
            quote!(#begun let #scope = #krate::layers::Until::enter(#until); #body)
        })
    }
}

/// Whether it is the text of no time.
fn is_zero(within: &Expr) -> bool {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = within else { return false };
    humantime::parse_duration(&text.value()).is_ok_and(|time| time.is_zero())
}
