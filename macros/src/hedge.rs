//! `#[with_hedge]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, Expr, ExprPath, Path, Result, parse::ParseStream, spanned::Spanned};

use crate::{
    body::{Function, spanned},
    options::{Options, duration},
};

pub(crate) struct WithHedge {
    after: Expr,
    budget: Option<ExprPath>,
}

/// What a hedge must know of the layers beside it.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    /// The breaker of the stack.
    pub(crate) breaker: Option<TokenStream>,
    /// The variable through which something inside tells a retry around it that
    /// nothing was called.
    pub(crate) rejected: Option<Ident>,
    /// The budget of a retry around it.
    pub(crate) budget: Option<&'a ExprPath>,
}

impl WithHedge {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let mut options = Options::parse_words(input)?;
        let after = options.value("after").ok_or_else(|| {
            let text = "expected when the second call starts, such as `after = \"50ms\"`";
            Error::new(Span::call_site(), text)
        })?;
        let budget = options.named("budget")?;
        if !options.boolean("idempotent")?.unwrap_or(false) {
            let text = "a hedge makes a call twice: say that it is `idempotent`, if that does no \
                        harm";
            return Err(Error::new(after.span(), text));
        }
        options.finish("no such option; there are `after`, `budget`, `idempotent`")?;
        Ok(Self { after, budget })
    }

    pub(crate) fn expand(
        &self,
        function: &Function,
        body: &TokenStream,
        beside: Beside<'_>,
    ) -> Result<TokenStream> {
        let Self { after, budget } = self;
        if !function.is_async() {
            let text = "a sync function makes one call at a time: a hedge needs an async one";
            return Err(Error::new(after.span(), text));
        }
        if let Some(span) = function.arguments.exclusive() {
            let text = "two calls at a time cannot both have this: take it by `&`, or a clone";
            return Err(Error::new(span, text));
        }
        let (krate, hedge) = (&function.krate, function.names.variable("hedge"));
        let delay = duration("after", after)?;
        // What is no delay, or no budget, is found at what was given.
        let there = spanned(krate, after.span());
        let mut made = quote_spanned!(after.span()=> #there::Hedge::new(#delay));
        if let Some(path) = budget {
            // A retry around it says how many calls there are.
            let text = |path: &ExprPath| path.to_token_stream().to_string();
            let shared = beside.budget.is_some_and(|it| text(it) == text(path));
            let method = if shared { "budget_of_retry" } else { "budget" };
            let method = Ident::new(method, Span::call_site());
            let there = spanned(krate, path.span());
            made = quote_spanned!(path.span()=> #there::Hedge::#method(#made, &#path));
        }
        if let Some(breaker) = beside.breaker {
            made = quote!(#krate::Hedge::breaker(#made, #breaker));
        }
        // Both calls tell it: each has a reference.
        let rejected = beside.rejected.map(|it| quote!(let #it = &#it;));
        let (copies, call) = (function.arguments.copies(), function.typed(body, true));
        Ok(quote! {
            #rejected
            let #hedge = #made;
            #krate::Hedge::call_async(&#hedge, || { #copies #call }).await
        })
    }
}
