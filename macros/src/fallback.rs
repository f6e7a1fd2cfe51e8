//! `#[with_fallback]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Error, ExprPath, Path, Result, Token, Type, parse::ParseStream, spanned::Spanned};

use crate::{
    body::{Function, shown, spanned},
    options::Options,
};

pub(crate) struct WithFallback {
    path: ExprPath,
    log_errors: bool,
    error: bool,
    infallible: bool,
    when: Option<ExprPath>,
}

impl WithFallback {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let path = input.parse::<ExprPath>().map_err(|error| {
            Error::new(error.span(), "expected a path to the fallback first, such as `heuristic`")
        })?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let log_errors = options.boolean("log_errors")?.unwrap_or(true);
        let error = options.boolean("error")?.unwrap_or(false);
        let infallible = options.boolean("infallible")?.unwrap_or(false);
        let when = options.path("when")?;
        options.finish("no such option; there are `log_errors`, `error`, `infallible`, `when`")?;
        if let (Some(when), true) = (&when, error) {
            let text = "a value that `when` refuses has no error to pass: leave `error` out";
            return Err(Error::new(when.span(), text));
        }
        Ok(Self { path, log_errors, error, infallible, when })
    }

    /// `in_deadline` says that a deadline is one of the layers around it.
    pub(crate) fn expand(
        &self,
        function: &mut Function,
        body: &TokenStream,
        tally: &TokenStream,
        in_deadline: bool,
    ) -> TokenStream {
        // A method of the same type gets the receiver, too.
        let is_method = is_method(&self.path);
        let (save, restore) = if is_method {
            function.arguments.kept_self(&mut function.signature, &function.names)
        } else {
            Default::default()
        };
        let (value, error) = (function.names.variable("value"), function.names.variable("error"));
        let mut passed = function.arguments.pass(is_method);
        if self.error {
            passed.push(quote!(&#error));
        }
        let (krate, path, result) = (&function.krate, &self.path, &function.result);
        let (name, log_errors) = (function.name(), self.log_errors);
        let run = function.run(body);
        // What does not fit is found at the path that was given.
        let (span, there) = (path.span(), &spanned(krate, path.span()));
        let mut asked = quote_spanned!(span=> #path(#(#passed),*));
        if self.infallible {
            asked = quote_spanned!(span=> ::core::result::Result::Ok(#asked));
        }
        let answer = function.names.variable("answer");
        let answered = if function.is_async() {
            quote_spanned! {span=>
                #[allow(unused_imports)]
                use #there::attributes::fallback::AnswerLater as _;
                let #answer: #result = #there::attributes::fallback::Answer(#asked).__fusebox_answer().await;
            }
        } else {
            quote_spanned!(span=> let #answer: #result = #there::attributes::fallback::Answers::answer(#asked);)
        };
        let shown = shown(krate, &quote!(#error));
        // Which answers want another in their place, the beginning of a guard,
        // and what such an answer is.
        let (wants, own) = match &self.when {
            None => (
                quote!(::core::result::Result::Err(#error) if),
                quote!(::core::result::Result::Err(#error)),
            ),
            Some(when) => {
                let asked = quote_spanned! {when.span()=>
                    #when(::core::result::Result::as_ref(&#value))
                };
                (quote!(#value if #asked &&), quote!(#value))
            }
        };
        // A sync function whose own layers have no deadline does not look for one: to
        // keep its registers over that call would cost every call that succeeds.
        let none = if in_deadline || function.is_async() {
            quote!(no_fallback_any_more)
        } else {
            quote!(no_fallback)
        };
        quote! {
            #save
            match #run {
                #wants !#krate::attributes::fallback::#none() => {
                    #restore
                    #answered
                    #krate::attributes::fallback::fell_back(
                        #name, #log_errors, #tally, #own, #answer, |#error| #shown,
                    )
                }
                #value => #value,
            }
        }
    }
}

/// Whether a path leads to an associated function of the same type.
fn is_method(path: &ExprPath) -> bool {
    let begins = |path: &Path| path.segments.first().is_some_and(|it| it.ident == "Self");
    match &path.qself {
        None => begins(&path.path),
        Some(of) => matches!(&*of.ty, Type::Path(it) if it.qself.is_none() && begins(&it.path)),
    }
}
