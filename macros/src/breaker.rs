//! `#[with_circuit_breaker]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, ExprPath, LitStr, Path, Result, Token, parse::ParseStream, parse_quote, spanned::Spanned,
};

use crate::{
    body::{Function, shown, spanned},
    options::Options,
};

/// The variable in which a breaker tells the retry around it that it rejected a
/// call: the error that the function returns is its own, and cannot say so.
pub(crate) const REJECTED: &str = "rejected";

/// The variable in which a limit of time tells the breakers around it that the call took
/// too long: the error that comes back is the function's own, and cannot say so.
pub(crate) const TIMED_OUT: &str = "timed_out";

pub(crate) struct WithCircuitBreaker {
    which: Which,
    judge: Judge,
    /// Which failures are an overload: those for which this path's function holds.
    is_overload: Option<ExprPath>,
    /// Whether the breaker keeps the text of the last error.
    notes: bool,
}

/// What says which answers are failures.
enum Judge {
    /// Every error is one.
    Errors,
    /// The errors for which this path's function holds.
    Expect(ExprPath),
    /// This path's function looks at the whole answer.
    Answers(ExprPath),
}

/// Where a breaker stands among the layers.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// All layers around it use it once only.
    pub(crate) once: bool,
    /// One of them is a retry.
    pub(crate) in_retry: bool,
    /// What says that a limit of time inside has passed.
    pub(crate) flag: Flag,
}

/// The flag by which a limit of time tells breakers that it has passed.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flag {
    /// There is no such limit inside.
    Nothing,
    /// The breaker has it, and breakers inside use the same.
    Own,
    /// A breaker around has it.
    Shared,
}

impl Judge {
    /// The judge, and the function that tells an overload from other failures.
    fn parse(options: &mut Options) -> Result<(Self, Option<ExprPath>)> {
        let judge = Self::parse_alone(options)?;
        let is_overload = options.path("is_overload")?;
        match (&judge, &is_overload) {
            (Self::Answers(_), Some(path)) => {
                let text =
                    "`judge` says so itself, by `Outcome::Overload`: leave `is_overload` out";
                Err(Error::new(path.span(), text))
            }
            _ => Ok((judge, is_overload)),
        }
    }

    fn parse_alone(options: &mut Options) -> Result<Self> {
        match (options.path("expect")?, options.path("judge")?) {
            (Some(_), Some(judge)) => {
                Err(Error::new(judge.span(), "`judge` looks at errors, too: leave `expect` out"))
            }
            (Some(expect), None) => Ok(Self::Expect(expect)),
            (None, Some(judge)) => Ok(Self::Answers(judge)),
            (None, None) => Ok(Self::Errors),
        }
    }
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
        let (judge, is_overload) = Judge::parse(&mut options)?;
        let notes = options.boolean("note_errors")?.unwrap_or(false);
        let text = "a `static` has its settings already; beside it there are `expect`, `judge`, \
                    `is_overload` and `note_errors`";
        options.finish(text)?;
        Ok(Self { which: Which::Static(path), judge, is_overload, notes })
    }

    fn parse_named(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let name: LitStr = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let (judge, is_overload) = Judge::parse(&mut options)?;
        let notes = options.boolean("note_errors")?.unwrap_or(false);
        let settings = if options.is_empty() {
            None
        } else {
            options.ratio(krate);
            options.foresight(krate)?;
            let checked = parse_quote!(#krate::attributes::breaker::checked);
            Some(options.settings(quote!(#krate::BreakerConfig::new()), &checked)?)
        };
        Ok(Self { which: Which::Named { name, settings }, judge, is_overload, notes })
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

    /// The body, which has the breaker keep the text of its error.
    fn noted(
        &self,
        function: &Function,
        body: &TokenStream,
        breaker: &TokenStream,
        once: bool,
    ) -> TokenStream {
        if !self.notes {
            return body.clone();
        }
        let [value, error] = ["value", "error"].map(|role| function.names.variable(role));
        let (krate, call) = (&function.krate, function.typed(body, once));
        let call = if function.is_async() { quote!(#call.await) } else { quote!((#call)()) };
        let shown = shown(krate, &quote!(#error));
        quote! {
            let #value = #call;
            if let ::core::result::Result::Err(#error) = &#value {
                #krate::attributes::breaker::note(#breaker, &#shown);
            }
            #value
        }
    }

    /// The call of the body under the breaker.
    fn call(
        &self,
        function: &Function,
        body: &TokenStream,
        breaker: &TokenStream,
        flag: Flag,
    ) -> TokenStream {
        let krate = &function.krate;
        let is_async = function.is_async();
        let awaited = is_async.then(|| quote!(.await));
        let tells = flag != Flag::Nothing && !matches!(self.judge, Judge::Answers(_));
        if tells || self.is_overload.is_some() {
            let [answer, error] = ["answer", "error"].map(|role| function.names.variable(role));
            let method = if is_async { "judge_async" } else { "judge" };
            let method = Ident::new(method, Span::call_site());
            // What does not fit the error is found at the path that was given.
            let asked = |path: &ExprPath| {
                let mut error = error.clone();
                error.set_span(error.span().located_at(path.span()));
                quote_spanned!(path.span()=> #path(#error))
            };
            let is_failure =
                if let Judge::Expect(path) = &self.judge { asked(path) } else { quote!(true) };
            let timed_out = tells.then(|| {
                let timed_out = function.names.variable(TIMED_OUT);
                quote!(#krate::attributes::timeout::TimedOutFlag::is_set(#timed_out))
            });
            let asked = self.is_overload.as_ref().map(asked);
            let is_overload = timed_out.into_iter().chain(asked);
            return quote! {
                #krate::attributes::breaker::#method(#breaker, #body, |#answer| {
                    #krate::attributes::breaker::of_error(
                        #answer, |#error| #is_failure, |#error| #(#is_overload)||*,
                    )
                }) #awaited
            };
        }
        let (method, judge) = match (&self.judge, is_async) {
            (Judge::Errors, false) => ("call", None),
            (Judge::Errors, true) => ("call_async", None),
            (Judge::Expect(path), false) => ("call_counting", Some(path)),
            (Judge::Expect(path), true) => ("call_async_counting", Some(path)),
            (Judge::Answers(path), false) => ("call_judged", Some(path)),
            (Judge::Answers(path), true) => ("call_async_judged", Some(path)),
        };
        let (method, judge) = (Ident::new(method, Span::call_site()), judge.into_iter());
        quote!(#krate::CircuitBreaker::#method(#breaker, #(#judge,)* #body) #awaited)
    }

    /// `ident` is the name of its `static`.
    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        ident: &Ident,
        place: Place,
    ) -> TokenStream {
        function.items.extend(self.declaration(&function.krate, ident));
        let krate = &function.krate;
        let breaker = self.found(krate, ident);
        // Moved where nobody needs the arguments afterwards: then the result
        // may borrow from them.
        let body = &self.noted(function, body, &breaker, place.once);
        let body = function.typed(body, place.once);
        let mut call = self.call(function, &body, &breaker, place.flag);
        if place.in_retry {
            let rejected = function.names.variable(REJECTED);
            call = quote!(#krate::attributes::breaker::told(#call, &#rejected));
        }
        let flag = (place.flag == Flag::Own).then(|| {
            let timed_out = function.names.variable(TIMED_OUT);
            quote! {
                let #timed_out = #krate::attributes::timeout::TimedOutFlag::new();
                let #timed_out = &#timed_out;
            }
        });
        // Where the compiler finds no `From<Rejected>`, it points at this type.
        let span = function.result.span();
        let krate = spanned(krate, span);
        let own = quote_spanned!(span=> #krate::attributes::breaker::own);
        quote!(#flag #own(#call))
    }
}
