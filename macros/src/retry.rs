//! `#[with_retry]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ItemFn, Path, Result, parse::ParseStream, spanned::Spanned};

use crate::{
    arguments::{Arguments, rename_self},
    body::{rejected, typed_closure, typed_future},
    options::Options,
};

pub(crate) struct WithRetry {
    settings: TokenStream,
    retry_if: Option<Path>,
    delay_hint: Option<Path>,
    /// Whether there is a limit of time.
    timed: bool,
}

impl WithRetry {
    pub(crate) fn parse(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let mut options = Options::parse(input)?;
        let mut settings = quote!(#krate::RetryConfig::new());
        if let Some(value) = options.number("max_attempts", 1..=u32::MAX)? {
            settings = quote_spanned!(value.span()=> #settings.max_attempts(#value));
        }
        if let Some(value) = options.duration("base_delay")? {
            settings = quote!(#settings.base_delay(#value));
        }
        if let Some(value) = options.duration("max_delay")? {
            settings = quote!(#settings.max_delay(#value));
        }
        if let Some(value) = options.factor("exponential_base")? {
            settings = quote_spanned!(value.span()=> #settings.exponential_base(#value));
        }
        if let Some(value) = options.jitter(krate)? {
            settings = quote!(#settings.jitter(#value));
        }
        let max_elapsed = options.duration("max_elapsed")?;
        let timed = max_elapsed.is_some();
        if let Some(value) = max_elapsed {
            settings = quote!(#settings.max_elapsed(#value));
        }
        let (retry_if, delay_hint) = (options.path("retry_if")?, options.path("delay_hint")?);
        options.finish()?;
        Ok(Self { settings: quote!(#settings.build()), retry_if, delay_hint, timed })
    }

    /// `around_breaker` says that there is a breaker inside.
    pub(crate) fn apply(
        &self,
        function: &mut ItemFn,
        krate: &Path,
        around_breaker: bool,
        tally: &TokenStream,
    ) -> Result<()> {
        let arguments = Arguments::of(function);
        let copies = arguments.copies();
        let (name, settings, block) =
            (function.sig.ident.to_string(), &self.settings, &function.block);
        let mut body = quote!(#block);
        if arguments.renames_self() {
            body = rename_self(body);
        }
        let hint = self.delay_hint.as_ref().map_or_else(
            || quote!(::core::option::Option::None),
            |path| quote_spanned!(path.span()=> #path(&error)),
        );
        let rejected = rejected();
        let flag = around_breaker
            .then(|| quote!(let #rejected = #krate::attributes::RejectedFlag::new();));
        let worth = if let Some(path) = &self.retry_if {
            quote_spanned!(path.span()=> #path(&error))
        } else {
            // A rejection is not retried, whatever error it became.
            let admitted = around_breaker.then(|| quote!(!#rejected.was_rejected() &&));
            quote!(#admitted {
                #[allow(unused_imports)]
                use #krate::attributes::Unasked as _;
                #krate::attributes::Ask(&error).is_retryable()
            })
        };
        let (run, sleep) = if function.sig.asyncness.is_some() {
            let future = typed_future(function, &body)?;
            (
                quote!({ #copies async #future.await }),
                quote!(#krate::attributes::sleep_async(RETRY.sleeper(), delay).await),
            )
        } else {
            let closure = typed_closure(function, &body)?;
            (quote!({ #copies (#closure)() }), quote!(#krate::attributes::sleep(delay)))
        };
        // Begun at the first failure, unless the time counts from the first call.
        let attempts = if self.timed {
            quote!(::core::option::Option::Some(#krate::attributes::attempts(&RETRY, #tally)))
        } else {
            quote!(::core::option::Option::None)
        };
        *function.block = syn::parse_quote!({
            static RETRY: #krate::Retry = #krate::Retry::new(#settings).named(#name);
            #flag
            let mut attempts = #attempts;
            loop {
                match #run {
                    ::core::result::Result::Ok(value) => {
                        break ::core::result::Result::Ok(value);
                    }
                    ::core::result::Result::Err(error) => {
                        let delay = if #worth { #krate::attributes::after(&RETRY, &mut attempts, #tally, #hint, &error) } else { ::core::option::Option::None };
                        match delay {
                            ::core::option::Option::Some(delay) => #sleep,
                            ::core::option::Option::None => {
                                break ::core::result::Result::Err(error);
                            }
                        }
                    }
                }
            }
        });
        Ok(())
    }
}
