//! `#[with_fallback]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Error, ItemFn, Path, Result, Token, parse::ParseStream, spanned::Spanned};

use crate::{
    arguments::{Arguments, rename_self},
    body::{result_type, spanned, typed_closure, typed_future},
    options::Options,
};

pub(crate) struct WithFallback {
    path: Path,
    log_errors: bool,
    error: bool,
    infallible: bool,
}

impl WithFallback {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let path = input.call(Path::parse_mod_style).map_err(|error| {
            Error::new(error.span(), "expected a path to the fallback first, such as `heuristic`")
        })?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let log_errors = options.boolean("log_errors")?.unwrap_or(true);
        let error = options.boolean("error")?.unwrap_or(false);
        let infallible = options.boolean("infallible")?.unwrap_or(false);
        options.finish()?;
        Ok(Self { path, log_errors, error, infallible })
    }

    pub(crate) fn apply(
        &self,
        function: &mut ItemFn,
        krate: &Path,
        tally: &TokenStream,
    ) -> Result<()> {
        let arguments = Arguments::of(function);
        let copies = arguments.copies();
        let (path, name, block) = (&self.path, function.sig.ident.to_string(), &function.block);
        let mut body = quote!(#block);
        if arguments.renames_self() {
            body = rename_self(body);
        }
        // A method of the same type gets the receiver, too.
        let is_method = path.segments.first().is_some_and(|first| first.ident == "Self");
        let mut passed = arguments.pass(is_method);
        if self.error {
            passed.push(quote!(&error));
        }
        let log_errors = self.log_errors;
        let tell = quote!(#krate::attributes::fell_back(#name, #log_errors, #tally, &error););
        let result = result_type(function)?;
        // What does not fit is found at the path that was given.
        let krate = &spanned(krate, path.span());
        let mut asked = quote_spanned!(path.span()=> #path(#(#passed),*));
        if self.infallible {
            asked = quote_spanned!(path.span()=> ::core::result::Result::Ok(#asked));
        }
        let (run, answer) = if function.sig.asyncness.is_some() {
            let future = typed_future(function, &body)?;
            (
                quote!({ #copies async #future.await }),
                quote_spanned!(path.span()=> {
                    #[allow(unused_imports)]
                    use #krate::attributes::AnswerLater as _;
                    let answer: #result = #krate::attributes::Answer(#asked).answer_async().await;
                    answer
                }),
            )
        } else {
            let closure = typed_closure(function, &body)?;
            (
                quote!({ #copies (#closure)() }),
                quote_spanned!(path.span()=> {
                    let answer: #result = #krate::attributes::Answers::answer(#asked);
                    answer
                }),
            )
        };
        *function.block = syn::parse_quote!({
            match #run {
                ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
                ::core::result::Result::Err(error) if #krate::attributes::no_fallback() => {
                    ::core::result::Result::Err(error)
                }
                ::core::result::Result::Err(error) => {
                    #tell
                    #answer
                }
            }
        });
        Ok(())
    }
}
