//! `#[with_priority]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Expr, ExprLit, Lit, Path, Result, parse::ParseStream, spanned::Spanned};

use crate::body::{Function, spanned};

const WANTED: &str = "a priority is \"critical\", \"default\", \"sheddable\", \"background\", a \
                      level from 0 to 255, or a `Priority`";

pub(crate) struct WithPriority {
    priority: TokenStream,
}

impl WithPriority {
    pub(crate) fn parse(input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        let priority: Expr = input.parse().map_err(|error: Error| {
            Error::new(error.span(), format!("expected the priority: {WANTED}"))
        })?;
        if !input.is_empty() {
            return Err(input.error("there is nothing but the priority"));
        }
        Self::of(&priority, krate)
    }

    /// One that stands as an option.
    pub(crate) fn of(priority: &Expr, krate: &Path) -> Result<Self> {
        let span = priority.span();
        // What is no priority is found where it stands.
        let there = spanned(krate, span);
        let priority = match priority {
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => {
                let name = match name.value().as_str() {
                    "critical" => "CRITICAL",
                    "default" => "DEFAULT",
                    "sheddable" => "SHEDDABLE",
                    "background" => "BACKGROUND",
                    _ => return Err(Error::new(span, WANTED)),
                };
                let name = Ident::new(name, Span::call_site());
                quote!(#krate::Priority::#name)
            }
            Expr::Lit(ExprLit { lit: Lit::Int(level), .. }) => {
                let level: u8 = level.base10_parse().map_err(|_| Error::new(span, WANTED))?;
                quote!(#krate::Priority::new(#level))
            }
            Expr::Lit(_) => return Err(Error::new(span, WANTED)),
            other => quote_spanned!(span=> #there::attributes::limits::priority(#other)),
        };
        Ok(Self { priority })
    }

    /// `once` says that all layers around it use it once only.
    pub(crate) fn expand(
        &self,
        function: &Function,
        body: &TokenStream,
        once: bool,
    ) -> TokenStream {
        let (krate, priority) = (&function.krate, &self.priority);
        if function.is_async() {
            let call = function.typed(body, once);
            quote!(#krate::Priority::scope(#priority, #call).await)
        } else {
            let scope = function.names.variable("scope");
            quote!(let #scope = #krate::Priority::enter(#priority); #body)
        }
    }
}
