//! `#[with_pressure]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, ExprPath, Path, Result, parse::ParseStream, spanned::Spanned};

use crate::{body::Function, limits::turned_away};

pub(crate) struct WithPressure {
    host: ExprPath,
}

impl WithPressure {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let text = "expected the path to a `static`, such as `HOST`";
        if input.is_empty() {
            return Err(Error::new(Span::call_site(), text));
        }
        let host = input.parse().map_err(|error: Error| Error::new(error.span(), text))?;
        if input.is_empty() { Ok(Self { host }) } else { Err(input.error(text)) }
    }

    /// One that stands as an option.
    pub(crate) const fn of(host: ExprPath) -> Self {
        Self { host }
    }

    /// `in_retry` says that a layer around it is a retry.
    pub(crate) fn expand(
        &self,
        function: &Function,
        body: &TokenStream,
        in_retry: bool,
    ) -> TokenStream {
        let (krate, host) = (&function.krate, &self.host);
        let (limited, away) = turned_away(function, in_retry);
        // What is no pressure is found at the path that was given.
        let host = quote_spanned!(host.span()=> &#host);
        quote! {
            if let ::core::result::Result::Err(#limited) =
                #krate::Pressure::admit_current(#host)
            {
                #away
            }
            #body
        }
    }
}
