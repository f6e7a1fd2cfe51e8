//! `#[with_rate_limit]` and `#[with_bulkhead]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Expr, ExprPath, Path, Result, Token, parse::ParseStream, spanned::Spanned};

use crate::{
    body::{Function, spanned},
    breaker::REJECTED,
    options::{Options, duration},
};

/// A limit: a `static` of the user's, or what makes one here.
enum Which<M> {
    Static(ExprPath),
    Here(M),
}

impl<M> Which<M> {
    /// The limit, of which `ident` would be the `static`.
    fn found(&self, ident: &Ident) -> TokenStream {
        match self {
            // What is no limit is found at the path that was given.
            Self::Static(path) => quote_spanned!(path.span()=> &#path),
            Self::Here(_) => quote!(&#ident),
        }
    }
}

pub(crate) struct WithRateLimit {
    which: Which<TokenStream>,
}

/// Constructors of a `RateConfig`: each says the rate.
const RATES: [&str; 3] = ["per_second", "per_minute", "every"];

impl WithRateLimit {
    pub(crate) fn parse(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let text = "expected the rate, such as `per_second = 100`, or the path to a `static`, such \
                    as `QUOTA`";
        if input.is_empty() {
            return Err(Error::new(Span::call_site(), text));
        }
        let ahead = input.fork();
        if ahead.parse::<ExprPath>().is_ok() && !ahead.peek(Token![=]) {
            let path = input.parse()?;
            if !input.is_empty() {
                return Err(input.error("a `static` has its settings already"));
            }
            return Ok(Self { which: Which::Static(path) });
        }
        let start = input.span();
        let mut options = Options::parse(input).map_err(|error| Error::new(error.span(), text))?;
        let mut given = Vec::new();
        for rate in RATES {
            given.extend(options.value(rate).map(|value| (rate, value)));
        }
        if let [_, (rate, value), ..] = &given[..] {
            let text = format!("there is one rate: leave `{rate}` out");
            return Err(Error::new(value.span(), text));
        }
        let own_burst = !options.has("burst");
        let (config, rate) = match given.pop() {
            Some((rate, value)) => {
                let (make, value_of) =
                    (Ident::new(rate, Span::call_site()), duration(rate, &value)?);
                let config = quote_spanned!(value.span()=> #krate::RateConfig::#make(#value_of));
                (config, Some(value.span()))
            }
            None if options.has("interval") => (quote!(#krate::RateConfig::new()), None),
            None => return Err(Error::new(start, text)),
        };
        let checked = syn::parse_quote!(#krate::attributes::limits::checked);
        let mut settings = options.checked(config, &checked)?;
        if let Some(span) = rate {
            // A rate sets the interval, and the burst where nothing else does.
            let checked = spanned(&checked, span);
            settings = quote_spanned!(span=> #checked(#settings, "interval"));
            if own_burst {
                settings = quote_spanned!(span=> #checked(#settings, "burst"));
            }
        }
        Ok(Self { which: Which::Here(quote!(#settings.build())) })
    }

    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        ident: &Ident,
        in_retry: bool,
    ) -> TokenStream {
        let (krate, name) = (function.krate.clone(), function.name());
        if let Which::Here(settings) = &self.which {
            function.items.extend(quote! {
                static #ident: #krate::RateLimit =
                    #krate::attributes::limits::rate_limit(#name, #settings);
            });
        }
        let limit = self.which.found(ident);
        let (limited, away) = turned_away(function, in_retry);
        quote! {
            if let ::core::result::Result::Err(#limited) = #krate::RateLimit::try_acquire(#limit) {
                #away
            }
            #body
        }
    }
}

pub(crate) struct WithBulkhead {
    which: Which<Expr>,
}

impl WithBulkhead {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let text = "expected how many calls may be in flight, such as `32`, or the path to a \
                    `static`, such as `WORKERS`";
        if input.is_empty() {
            return Err(Error::new(Span::call_site(), text));
        }
        let which = match input.parse().map_err(|error| Error::new(error.span(), text))? {
            Expr::Path(path) => Which::Static(path),
            limit => Which::Here(limit),
        };
        if input.is_empty() { Ok(Self { which }) } else { Err(input.error(text)) }
    }

    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        ident: &Ident,
        in_retry: bool,
    ) -> TokenStream {
        let (krate, name) = (function.krate.clone(), function.name());
        if let Which::Here(limit) = &self.which {
            // A limit that cannot be one is found where it stands.
            let there = spanned(&krate, limit.span());
            let made = quote_spanned! {limit.span()=>
                #there::attributes::limits::bulkhead(#name, #limit)
            };
            function.items.extend(quote!(static #ident: #krate::Bulkhead = #made;));
        }
        let bulkhead = self.which.found(ident);
        let (limited, away) = turned_away(function, in_retry);
        let place = function.names.variable("place");
        // Held until the body has ended, whose variables are gone by then.
        quote! {
            let #place = match #krate::Bulkhead::try_acquire(#bulkhead) {
                ::core::result::Result::Ok(#place) => #place,
                ::core::result::Result::Err(#limited) => { #away }
            };
            #body
        }
    }
}

/// What leaves the function's body, with the error of a limit that turned the call
/// away: the variable that has that error, and a statement. `in_retry` says that a retry
/// around it is to hear that nothing was called.
pub(crate) fn turned_away(function: &Function, in_retry: bool) -> (Ident, TokenStream) {
    let limited = function.names.variable("limited");
    let told = in_retry.then(|| {
        let (krate, rejected) = (&function.krate, function.names.variable(REJECTED));
        quote!(#krate::attributes::breaker::RejectedFlag::not_called(&#rejected);)
    });
    // Where the compiler finds no `From<Rejected>`, it points at this type.
    let span = function.result.span();
    let krate = spanned(&function.krate, span);
    let own = quote_spanned!(span=> #krate::attributes::limits::own(#limited));
    let away = quote! {
        #told
        return ::core::result::Result::Err(#own);
    };
    (limited, away)
}
