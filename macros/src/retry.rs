//! `#[with_retry]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ExprPath, Ident, Path, Result, parse::ParseStream, parse_quote, spanned::Spanned};

use crate::{
    body::{Function, shown},
    breaker::REJECTED,
    options::Options,
};

pub(crate) struct WithRetry {
    settings: TokenStream,
    retry_if: Option<ExprPath>,
    delay_hint: Option<ExprPath>,
}

impl WithRetry {
    pub(crate) fn parse(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let mut options = Options::parse(input)?;
        let (retry_if, delay_hint) = (options.path("retry_if")?, options.path("delay_hint")?);
        options.jitter(krate)?;
        let checked = parse_quote!(#krate::attributes::retry::checked);
        let settings = options.settings(quote!(#krate::RetryConfig::new()), &checked)?;
        Ok(Self { settings, retry_if, delay_hint })
    }

    /// `around_breaker` says that there is a breaker inside, and `ident` is the
    /// name of its `static`.
    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        ident: &Ident,
        around_breaker: bool,
        tally: &TokenStream,
    ) -> TokenStream {
        let (save, restore) =
            function.arguments.kept_self(&mut function.signature, &function.names);
        let [tries, value, error, delay] =
            ["tries", "value", "error", "delay"].map(|role| function.names.variable(role));
        let (krate, settings, name) = (&function.krate, &self.settings, function.name());
        function.items.extend(quote! {
            static #ident: #krate::Retry = #krate::Retry::new(#settings).named(#name);
        });
        let hint = self.delay_hint.as_ref().map_or_else(
            || quote!(::core::option::Option::None),
            |path| quote_spanned!(path.span()=> #path(&#error)),
        );
        let shown = shown(krate, &quote!(&#error));
        let rejected = around_breaker.then(|| function.names.variable(REJECTED));
        let flag = rejected.as_ref().map(
            |rejected| quote!(let #rejected = #krate::attributes::breaker::RejectedFlag::new();),
        );
        let worth = if let Some(path) = &self.retry_if {
            quote_spanned!(path.span()=> #path(&#error))
        } else {
            // A rejection is not retried, whatever error it became.
            let admitted = rejected.map(
                |rejected| quote!(!#krate::attributes::breaker::RejectedFlag::was_rejected(&#rejected) &&),
            );
            quote!(#admitted {
                #[allow(unused_imports)]
                use #krate::attributes::retry::Unasked as _;
                #krate::attributes::retry::Ask(&#error).__fusebox_is_retryable()
            })
        };
        let sleep = if function.is_async() {
            quote! {
                #krate::attributes::retry::sleep_async(#krate::Retry::sleeper(&#ident), #delay).await
            }
        } else {
            quote!(#krate::attributes::retry::sleep(#delay))
        };
        // An async function has taken its arguments over already.
        let taken = (!function.is_async()).then(|| function.arguments.taken());
        let run = function.run(body);
        // The error is gone before the delay: a future that waits is `Send`
        // whether the error is or not.
        quote! {
            #taken
            #flag
            let mut #tries = #krate::attributes::retry::Tries::begin(&#ident, || #tally);
            loop {
                #save
                let #delay = match #run {
                    ::core::result::Result::Ok(#value) => {
                        break ::core::result::Result::Ok(#value);
                    }
                    ::core::result::Result::Err(#error) => match if #worth {
                        #krate::attributes::retry::Tries::after(
                            &mut #tries, &#ident, || #tally, || #hint, &#shown,
                        )
                    } else {
                        ::core::option::Option::None
                    } {
                        ::core::option::Option::Some(#delay) => #delay,
                        ::core::option::Option::None => {
                            break ::core::result::Result::Err(#error);
                        }
                    },
                };
                #sleep;
                #restore
            }
        }
    }
}
