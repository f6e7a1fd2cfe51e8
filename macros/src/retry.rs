//! `#[with_retry]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Error, ExprPath, Ident, Path, Result, parse::ParseStream, parse_quote, spanned::Spanned,
};

use crate::{
    body::{Function, shown, spanned},
    breaker::REJECTED,
    options::Options,
    timeout::WithTimeout,
};

pub(crate) struct WithRetry {
    settings: TokenStream,
    worth: Asked,
    hint: Asked,
    before: Option<ExprPath>,
    attempt: Option<WithTimeout>,
    budget: Option<ExprPath>,
}

/// What a retry must know of the layers beside it.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    /// Something inside may refuse to make the call.
    pub(crate) refusal: bool,
    /// A breaker is around it.
    pub(crate) in_breaker: bool,
}

/// A function that is asked about an answer.
enum Asked {
    Nothing,
    /// Of the error alone.
    Error(ExprPath),
    /// Of the whole answer.
    Answer(ExprPath),
}

impl Asked {
    fn parse(options: &mut Options, of_error: &str, of_answer: &str) -> Result<Self> {
        match (options.path(of_error)?, options.path(of_answer)?) {
            (Some(_), Some(path)) => {
                let text = format!("`{of_answer}` looks at errors, too: leave `{of_error}` out");
                Err(Error::new(path.span(), text))
            }
            (Some(path), None) => Ok(Self::Error(path)),
            (None, Some(path)) => Ok(Self::Answer(path)),
            (None, None) => Ok(Self::Nothing),
        }
    }

    /// The question about an error, if there is one.
    fn of_error(&self, error: &Ident) -> Option<TokenStream> {
        match self {
            Self::Nothing => None,
            Self::Error(path) => Some(quote_spanned!(path.span()=> #path(&#error))),
            Self::Answer(path) => {
                Some(quote_spanned!(path.span()=> #path(::core::result::Result::Err(&#error))))
            }
        }
    }

    /// The question about a value, if there is one.
    fn of_value(&self, value: &Ident) -> Option<TokenStream> {
        match self {
            Self::Nothing | Self::Error(_) => None,
            Self::Answer(path) => {
                Some(quote_spanned!(path.span()=> #path(::core::result::Result::Ok(&#value))))
            }
        }
    }
}

impl WithRetry {
    pub(crate) fn parse(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let mut options = Options::parse(input)?;
        let worth = Asked::parse(&mut options, "retry_if", "retry_on")?;
        let hint = Asked::parse(&mut options, "delay_hint", "delay_hint_on")?;
        let before = options.path("before_retry")?;
        let attempt = options.value("attempt_timeout").map(WithTimeout::of);
        let budget = options.named("budget")?;
        options.jitter(krate)?;
        options.growth(krate)?;
        let checked = parse_quote!(#krate::attributes::retry::checked);
        let settings = options.settings(quote!(#krate::RetryConfig::new()), &checked)?;
        Ok(Self { settings, worth, hint, before, attempt, budget })
    }

    /// Whether each attempt has a limit of time.
    pub(crate) const fn times_out(&self) -> bool {
        self.attempt.is_some()
    }

    /// The budget that attempts are taken from.
    pub(crate) const fn budget(&self) -> Option<&ExprPath> {
        self.budget.as_ref()
    }

    /// The `static` of the retry.
    fn declaration(&self, krate: &Path, ident: &Ident, name: &str) -> TokenStream {
        let settings = &self.settings;
        let (mut kind, mut made) = (quote!(#krate::Retry), quote!(#krate::Retry::new(#settings)));
        if let Some(path) = &self.budget {
            // What is no budget is found at the path that was given.
            let budget = quote_spanned!(path.span()=> &#path);
            kind = quote!(#krate::attributes::retry::Paid);
            made = quote!(#krate::Retry::budget(#made, #budget));
        }
        quote!(static #ident: #kind = #krate::Retry::named(#made, #name);)
    }

    /// `ident` is the name of its `static`.
    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        ident: &Ident,
        around: Around,
        tally: &TokenStream,
    ) -> Result<TokenStream> {
        let limited = match &self.attempt {
            Some(attempt) => Some(attempt.expand(function, body, false, around.in_breaker)?),
            None => None,
        };
        let body = limited.as_ref().unwrap_or(body);
        let (save, restore) =
            function.arguments.kept_self(&mut function.signature, &function.names);
        let [tries, value, error, delay, previous] =
            ["tries", "value", "error", "delay", "previous"]
                .map(|role| function.names.variable(role));
        let (krate, name) = (&function.krate, function.name());
        let declaration = self.declaration(krate, ident, &name);
        function.items.extend(declaration);
        let none = quote!(::core::option::Option::None);
        let hint = self.hint.of_error(&error).unwrap_or_else(|| none.clone());
        let shown = shown(krate, &quote!(&#error));
        let rejected = around.refusal.then(|| function.names.variable(REJECTED));
        let flag = rejected.as_ref().map(
            |rejected| quote!(let #rejected = #krate::attributes::breaker::RejectedFlag::new();),
        );
        let worth = self.worth.of_error(&error).unwrap_or_else(|| {
            // A rejection is not retried, whatever error it became.
            let admitted = rejected.map(
                |rejected| quote!(!#krate::attributes::breaker::RejectedFlag::was_rejected(&#rejected) &&),
            );
            quote!(#admitted {
                #[allow(unused_imports)]
                use #krate::attributes::retry::Unasked as _;
                #krate::attributes::retry::Ask(&#error).__fusebox_is_retryable()
            })
        });
        // What runs before an attempt sees the error of the one before; otherwise
        // nobody keeps it.
        let before =
            self.before.as_ref().map(|path| self::before(function, path, &tries, &previous));
        let kept = |error: TokenStream| before.as_ref().map(|_| quote!(, #error));
        let (kept_error, kept_nothing) =
            (kept(quote!(::core::option::Option::Some(#error))), kept(none.clone()));
        let previous = kept(quote!(#previous));
        // A value that is refused, where anybody looks at values.
        let refused = self.worth.of_value(&value).map(|refused| {
            let hint = self.hint.of_value(&value).unwrap_or_else(|| none.clone());
            quote! {
                ::core::result::Result::Ok(#value) if #refused => {
                    match #krate::attributes::retry::Tries::after(
                        &mut #tries, &#ident, || #tally, || #hint,
                        &#krate::attributes::retry::refused(),
                    ) {
                        ::core::option::Option::Some(#delay) => (#delay #kept_nothing),
                        ::core::option::Option::None => {
                            break ::core::result::Result::Ok(#value);
                        }
                    }
                }
            }
        });
        let sleep = if function.is_async() {
            quote! {
                #krate::attributes::retry::sleep_async(#krate::Retry::sleeper(&#ident), #delay).await
            }
        } else {
            quote!(#krate::attributes::retry::sleep(#delay))
        };
        // An async function has taken its arguments over already.
        let taken = (!function.is_async()).then(|| function.arguments.taken());
        let run = function.attempt(body, &tries);
        // The error is gone before the delay: a future that waits is `Send`
        // whether the error is or not. Where something sees it, it waits, too.
        Ok(quote! {
            #taken
            #flag
            let mut #tries = #krate::attributes::retry::Tries::begin(&#ident, || #tally);
            loop {
                #save
                let (#delay #previous) = match #run {
                    #refused
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
                        ::core::option::Option::Some(#delay) => (#delay #kept_error),
                        ::core::option::Option::None => {
                            break ::core::result::Result::Err(#error);
                        }
                    },
                };
                #sleep;
                #restore
                #before
            }
        })
    }
}

/// Runs a function before an attempt, which ends the retry with its own error.
fn before(function: &Function, path: &ExprPath, tries: &Ident, previous: &Ident) -> TokenStream {
    let error = function.names.variable("error");
    let (krate, span) = (&function.krate, path.span());
    let there = spanned(krate, span);
    let asked = quote_spanned! {span=>
        #path(#there::attributes::retry::Tries::attempt(
            &#tries, ::core::option::Option::as_ref(&#previous),
        ))
    };
    let answered = if function.is_async() {
        // A function of either kind.
        quote_spanned! {span=> {
            #[allow(unused_imports)]
            use #there::attributes::fallback::AnswerLater as _;
            #there::attributes::fallback::Answer(#asked).__fusebox_answer().await
        }}
    } else {
        quote_spanned!(span=> #there::attributes::fallback::Answers::answer(#asked))
    };
    quote! {
        if let ::core::result::Result::Err(#error) = #answered {
            break ::core::result::Result::Err(#error);
        }
    }
}
