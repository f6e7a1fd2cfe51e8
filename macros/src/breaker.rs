//! `#[with_circuit_breaker]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, ItemFn, LitStr, Path, Result, Token, parse::ParseStream, spanned::Spanned};

use crate::{
    body::{counted, rejected, result_type, spanned, typed_closure, typed_future},
    options::Options,
};

pub(crate) struct WithCircuitBreaker {
    which: Which,
    expect: Option<Path>,
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
        options.finish()?;
        Ok(Self { which: Which::Static(path), expect })
    }

    fn parse_named(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let name: LitStr = input.parse()?;
        if name.value().is_empty()
            || name.value().len() > 40
            || name.value().contains(char::is_control)
        {
            let text = "a breaker's name is 1 to 40 bytes without control characters";
            return Err(Error::new(name.span(), text));
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let mut settings = None;
        let mut set = |setter: TokenStream| {
            let so_far = settings.take().unwrap_or_else(|| quote!(#krate::BreakerConfig::new()));
            settings = Some(quote!(#so_far.#setter));
        };
        if let Some(value) = options.number("failure_threshold", 1..=4_095)? {
            set(quote_spanned!(value.span()=> failure_threshold(#value)));
        }
        if let Some(value) = options.duration("recovery_timeout")? {
            set(quote!(recovery_timeout(#value)));
        }
        if let Some(value) = options.number("probes", 1..=15)? {
            set(quote_spanned!(value.span()=> probes(#value)));
        }
        if let Some(value) = options.number("successes_to_close", 1..=15)? {
            set(quote_spanned!(value.span()=> successes_to_close(#value)));
        }
        if let Some(value) = options.number("doublings", 0..=15)? {
            set(quote_spanned!(value.span()=> doublings(#value)));
        }
        if let Some(value) = options.number("recovery_jitter", 0..=100)? {
            set(quote_spanned!(value.span()=> recovery_jitter(#value)));
        }
        let expect = options.path("expect")?;
        options.finish()?;
        let settings = settings.map(|settings| quote!(#settings.build()));
        Ok(Self { which: Which::Named { name, settings }, expect })
    }

    /// The `static` that finds it, where it is not there already.
    pub(crate) fn declaration(&self, krate: &Path, ident: &Ident) -> Option<TokenStream> {
        let Which::Named { name, settings } = &self.which else { return None };
        let settings = settings.as_ref().map_or_else(
            || quote!(::core::option::Option::None),
            |settings| quote!(::core::option::Option::Some(#settings)),
        );
        Some(quote!(static #ident: #krate::Joined = #krate::Joined::new(#name, #settings);))
    }

    /// The breaker, of which `ident` would be the `static`.
    pub(crate) fn found(&self, krate: &Path, ident: &Ident) -> TokenStream {
        match &self.which {
            Which::Named { .. } => quote!(#ident.get()),
            Which::Static(path) => {
                // What is no breaker is found at the path that was given.
                let krate = &spanned(krate, path.span());
                quote_spanned!(path.span()=> #krate::attributes::found(&#path))
            }
        }
    }

    /// `once` says that all layers around it use it once only, `in_retry` that
    /// one of them is a retry, `declared` that its `static` is there already.
    pub(crate) fn apply(
        &self,
        function: &mut ItemFn,
        krate: &Path,
        once: bool,
        in_retry: bool,
        declared: bool,
    ) -> Result<()> {
        let block = &function.block;
        let (ident, declaration) = if declared {
            (counted(), None)
        } else {
            let own = Ident::new("BREAKER", Span::mixed_site());
            let declaration = self.declaration(krate, &own);
            (own, declaration)
        };
        let breaker = self.found(krate, &ident);
        let expect = self.expect.as_ref().map_or_else(|| quote!(|_| true), |path| quote!(#path));
        let result = result_type(function)?;
        // Moved where nobody needs the arguments afterwards: then the result
        // may borrow from them.
        let by_move = once.then(|| quote!(move));
        let call = if function.sig.asyncness.is_some() {
            let future = typed_future(function, &quote!(#block))?;
            quote!(#breaker.call_async_counting(#expect, async #by_move #future).await)
        } else {
            let closure = typed_closure(function, &quote!(#block))?;
            quote!(#breaker.call_counting(#expect, #by_move #closure))
        };
        // Where the compiler finds no `From<Rejected>`, it points at this type.
        let krate_there = spanned(krate, result.span());
        let own = quote_spanned!(result.span()=> #krate_there::attributes::own);
        let rejected = rejected();
        let tell = in_retry.then(|| quote!(.inspect_err(|error| #rejected.tell(error))));
        *function.block = syn::parse_quote!({
            #declaration
            #own(#call #tell)
        });
        Ok(())
    }
}
