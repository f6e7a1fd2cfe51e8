//! `#[with_circuit_breaker]`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, ExprPath, LitStr, Path, Result, Token, parse::ParseStream, parse_quote, spanned::Spanned,
};

use crate::{
    body::{Function, spanned},
    options::Options,
};

/// The variable in which a breaker tells the retry around it that it rejected a
/// call: the error that the function returns is its own, and cannot say so.
pub(crate) const REJECTED: &str = "rejected";

pub(crate) struct WithCircuitBreaker {
    which: Which,
    expect: Option<ExprPath>,
}

/// Which breaker is asked.
enum Which {
    /// That of this name; without settings it joins one as it is.
    Named { name: LitStr, settings: Option<TokenStream> },
    /// That of a `static` of the user's.
    Static(Path),
}

impl WithCircuitBreaker {
    pub(crate) fn parse(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        if input.peek(LitStr) {
            return Self::parse_named(input, krate);
        }
        let text = "expected the breaker first: its name, such as \"ai_provider\", or the path to a \
                    `static`, such as `AI`";
        let path =
            input.call(Path::parse_mod_style).map_err(|error| Error::new(error.span(), text))?;
        if input.peek(Token![=]) {
            return Err(Error::new(path.span(), text)); // an option, and no breaker before it
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let expect = options.path("expect")?;
        options.finish("a `static` has its settings already; beside it there is only `expect`")?;
        Ok(Self { which: Which::Static(path), expect })
    }

    fn parse_named(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let name: LitStr = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let expect = options.path("expect")?;
        let settings = if options.is_empty() {
            None
        } else {
            let checked = parse_quote!(#krate::attributes::breaker::checked);
            Some(options.settings(quote!(#krate::BreakerConfig::new()), &checked)?)
        };
        Ok(Self { which: Which::Named { name, settings }, expect })
    }

    /// The `static` that finds the breaker, where it is not there already.
    pub(crate) fn declaration(&self, krate: &Path, ident: &Ident) -> Option<TokenStream> {
        let Which::Named { name, settings } = &self.which else { return None };
        let settings = settings.as_ref().map_or_else(
            || quote!(::core::option::Option::None),
            |settings| quote!(::core::option::Option::Some(#settings)),
        );
        // A name that cannot be one is found where it stands.
        let there = spanned(krate, name.span());
        let joined = quote_spanned!(name.span()=> #there::GlobalBreaker::new(#name, #settings));
        Some(quote!(static #ident: #krate::GlobalBreaker = #joined;))
    }

    /// The breaker, of which `ident` would be the `static`.
    pub(crate) fn found(&self, krate: &Path, ident: &Ident) -> TokenStream {
        match &self.which {
            Which::Named { .. } => quote!(#krate::GlobalBreaker::get(&#ident)),
            Which::Static(path) => {
                // What is no breaker is found at the path that was given.
                let krate = &spanned(krate, path.span());
                quote_spanned!(path.span()=> #krate::attributes::breaker::found(&#path))
            }
        }
    }

    /// `once` says that all layers around it use it once only, `in_retry` that
    /// one of them is a retry, and `ident` is the name of its `static`.
    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        ident: &Ident,
        once: bool,
        in_retry: bool,
    ) -> TokenStream {
        let krate = &function.krate;
        function.items.extend(self.declaration(krate, ident));
        let breaker = self.found(krate, ident);
        let expect = self.expect.as_ref().map_or_else(|| quote!(|_| true), |path| quote!(#path));
        // Moved where nobody needs the arguments afterwards: then the result
        // may borrow from them.
        let body = function.typed(body, once);
        let mut call = if function.is_async() {
            quote!(#krate::CircuitBreaker::call_async_counting(#breaker, #expect, #body).await)
        } else {
            quote!(#krate::CircuitBreaker::call_counting(#breaker, #expect, #body))
        };
        if in_retry {
            let rejected = function.names.variable(REJECTED);
            call = quote!(#krate::attributes::breaker::told(#call, &#rejected));
        }
        // Where the compiler finds no `From<Rejected>`, it points at this type.
        let span = function.result.span();
        let krate = spanned(krate, span);
        let own = quote_spanned!(span=> #krate::attributes::breaker::own);
        quote!(#own(#call))
    }
}
