//! `key = value` lists, and the values that may stand in them.

use std::ops::RangeInclusive;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, Expr, ExprLit, ExprPath, Ident, Lit, Path, Result, Token,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned,
};

/// `key = value`.
struct Pair {
    key: Ident,
    value: Expr,
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>().map_err(|error| {
            Error::new(error.span(), format!("expected `=` and a value after `{key}`"))
        })?;
        Ok(Self { key, value: input.parse()? })
    }
}

/// Options that are asked for one after another; one that nobody asked for is
/// an error.
pub(crate) struct Options {
    pairs: Vec<Pair>,
    known: Vec<&'static str>,
}

impl Options {
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Self> {
        let pairs: Vec<Pair> =
            Punctuated::<Pair, Token![,]>::parse_terminated(input)?.into_iter().collect();
        for (at, pair) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|earlier| earlier.key == pair.key) {
                return Err(Error::new(pair.key.span(), format!("`{}` is given twice", pair.key)));
            }
        }
        Ok(Self { pairs, known: Vec::new() })
    }

    pub(crate) fn take(&mut self, key: &'static str) -> Option<Expr> {
        self.known.push(key);
        let at = self.pairs.iter().position(|pair| pair.key == key)?;
        Some(self.pairs.remove(at).value)
    }

    /// Whatever is left is unknown.
    pub(crate) fn finish(self) -> Result<()> {
        match self.pairs.first() {
            None => Ok(()),
            Some(pair) => {
                let known: Vec<String> = self.known.iter().map(|key| format!("`{key}`")).collect();
                let text = format!("no such option; there are {}", known.join(", "));
                Err(Error::new(pair.key.span(), text))
            }
        }
    }

    /// A whole number within a range, or an expression that will be one: that
    /// is checked when the settings are built.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<Expr>> {
        let value = self.take(key);
        if let Some(Expr::Lit(ExprLit { lit, .. })) = &value {
            let (low, high) = (range.start(), range.end());
            let number = match lit {
                Lit::Int(number) => number.base10_parse::<u32>().ok(),
                _ => None,
            };
            if !number.is_some_and(|number| range.contains(&number)) {
                let text = format!("`{key}` is a whole number from {low} to {high}");
                return Err(Error::new(lit.span(), text));
            }
        }
        Ok(value)
    }

    /// A number of at least 1, with a point.
    pub(crate) fn factor(&mut self, key: &'static str) -> Result<Option<Expr>> {
        let value = self.take(key);
        if let Some(Expr::Lit(ExprLit { lit, .. })) = &value {
            let number = match lit {
                Lit::Float(number) => number.base10_parse::<f64>().ok(),
                _ => None,
            };
            if !number.is_some_and(|number| number >= 1.0) {
                let text = format!("`{key}` is a number of at least 1 with a point, such as 2.0");
                return Err(Error::new(lit.span(), text));
            }
        }
        Ok(value)
    }

    /// A duration: text for people, or an expression of the type.
    pub(crate) fn duration(&mut self, key: &'static str) -> Result<Option<TokenStream>> {
        match self.take(key) {
            None => Ok(None),
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
                let duration = humantime::parse_duration(&text.value()).map_err(|error| {
                    let wanted = format!("`{key}` is a duration such as \"250ms\" or \"30s\"");
                    Error::new(text.span(), format!("{wanted}: {error}"))
                })?;
                let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
                Ok(Some(quote!(::core::time::Duration::new(#seconds, #nanos))))
            }
            Some(Expr::Lit(ExprLit { lit, .. })) => {
                let text = format!(
                    "`{key}` is a duration: text such as \"250ms\", or a constant of the type"
                );
                Err(Error::new(lit.span(), text))
            }
            Some(value) => Ok(Some(quote!(#value))),
        }
    }

    pub(crate) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>> {
        match self.take(key) {
            None => Ok(None),
            Some(Expr::Lit(ExprLit { lit: Lit::Bool(value), .. })) => Ok(Some(value.value)),
            Some(value) => Err(Error::new(value.span(), format!("`{key}` is `true` or `false`"))),
        }
    }

    /// A path to a function.
    pub(crate) fn path(&mut self, key: &'static str) -> Result<Option<ExprPath>> {
        match self.take(key) {
            None => Ok(None),
            Some(Expr::Path(path)) => Ok(Some(path)),
            Some(value) => {
                Err(Error::new(value.span(), format!("`{key}` is a path to a function")))
            }
        }
    }

    /// How delays are spread.
    pub(crate) fn jitter(&mut self, krate: &Path) -> Result<Option<TokenStream>> {
        let Some(value) = self.take("jitter") else { return Ok(None) };
        let span = value.span();
        let wrong = || {
            let text =
                "`jitter` is `true`, `false`, \"full\", \"equal\", \"decorrelated\" or a `Jitter`";
            Error::new(span, text)
        };
        let kind = match &value {
            Expr::Lit(ExprLit { lit: Lit::Bool(on), .. }) => {
                if on.value {
                    return Ok(None); // as it is anyway
                }
                "None"
            }
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => match text.value().as_str() {
                "full" => "Full",
                "equal" => "Equal",
                "decorrelated" => "Decorrelated",
                _ => return Err(wrong()),
            },
            Expr::Lit(_) => return Err(wrong()),
            _ => return Ok(Some(quote!(#value))),
        };
        let kind = Ident::new(kind, Span::call_site());
        Ok(Some(quote_spanned!(span=> #krate::Jitter::#kind)))
    }
}
