//! `key = value` lists, and the values that may stand in them.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, Expr, ExprLit, ExprPath, Ident, Lit, Path, Result, Token,
    parse::{Parse, ParseStream},
    parse_quote_spanned,
    punctuated::Punctuated,
    spanned::Spanned,
};

use crate::body::spanned;

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

/// Options that are asked for one after another; those that nobody asked for
/// are settings, or an error.
pub(crate) struct Options {
    pairs: Vec<Pair>,
}

impl Options {
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Self> {
        Self::parse_by(input, Pair::parse)
    }

    /// Options that may stand alone, and are `true` then.
    pub(crate) fn parse_words(input: ParseStream<'_>) -> Result<Self> {
        Self::parse_by(input, |input| {
            let ahead = input.fork();
            if ahead.parse::<Ident>().is_err() || ahead.peek(Token![=]) {
                return input.parse();
            }
            let key: Ident = input.parse()?;
            let value = parse_quote_spanned!(key.span()=> true);
            Ok(Pair { key, value })
        })
    }

    fn parse_by(input: ParseStream<'_>, pair: fn(ParseStream<'_>) -> Result<Pair>) -> Result<Self> {
        let pairs = Punctuated::<Pair, Token![,]>::parse_terminated_with(input, pair)?;
        let pairs: Vec<Pair> = pairs.into_iter().collect();
        for (at, pair) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|earlier| earlier.key == pair.key) {
                return Err(Error::new(pair.key.span(), format!("`{}` is given twice", pair.key)));
            }
        }
        Ok(Self { pairs })
    }

    fn take(&mut self, key: &str) -> Option<Expr> {
        let at = self.pairs.iter().position(|pair| pair.key == key)?;
        Some(self.pairs.remove(at).value)
    }

    /// A value of any kind.
    pub(crate) fn value(&mut self, key: &str) -> Option<Expr> {
        self.take(key)
    }

    /// Whether this one is among those that are left.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.pairs.iter().any(|pair| pair.key == key)
    }

    /// Whether any are left.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whatever is left is an error: there is nothing to set.
    pub(crate) fn finish(self, text: &str) -> Result<()> {
        self.pairs.first().map_or(Ok(()), |pair| Err(Error::new(pair.key.span(), text)))
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Result<Option<bool>> {
        match self.take(key) {
            None => Ok(None),
            Some(Expr::Lit(ExprLit { lit: Lit::Bool(value), .. })) => Ok(Some(value.value)),
            Some(value) => Err(Error::new(value.span(), format!("`{key}` is `true` or `false`"))),
        }
    }

    /// A path to a function.
    pub(crate) fn path(&mut self, key: &str) -> Result<Option<ExprPath>> {
        match self.take(key) {
            None => Ok(None),
            Some(Expr::Path(path)) => Ok(Some(path)),
            Some(value) => {
                Err(Error::new(value.span(), format!("`{key}` is a path to a function")))
            }
        }
    }

    /// A path to a `static`.
    pub(crate) fn named(&mut self, key: &str) -> Result<Option<ExprPath>> {
        match self.take(key) {
            None => Ok(None),
            Some(Expr::Path(path)) => Ok(Some(path)),
            Some(value) => {
                Err(Error::new(value.span(), format!("`{key}` is the path to a `static`")))
            }
        }
    }

    /// How delays are spread, in a word: left among the settings as a `Jitter`.
    pub(crate) fn jitter(&mut self, krate: &Path) -> Result<()> {
        let Some(at) = self.pairs.iter().position(|pair| pair.key == "jitter") else {
            return Ok(());
        };
        let Expr::Lit(ExprLit { lit, .. }) = &self.pairs[at].value else { return Ok(()) };
        let kind = match lit {
            Lit::Bool(on) if on.value => {
                self.pairs.remove(at); // as it is anyway
                return Ok(());
            }
            Lit::Bool(_) => Some("None"),
            Lit::Str(text) => match text.value().as_str() {
                "full" => Some("Full"),
                "equal" => Some("Equal"),
                "decorrelated" => Some("Decorrelated"),
                _ => None,
            },
            _ => None,
        };
        let Some(kind) = kind else {
            let text =
                "`jitter` is `true`, `false`, \"full\", \"equal\", \"decorrelated\" or a `Jitter`";
            return Err(Error::new(lit.span(), text));
        };
        let kind = Ident::new(kind, Span::call_site());
        self.pairs[at].value = parse_quote_spanned!(lit.span()=> #krate::Jitter::#kind);
        Ok(())
    }

    /// What a breaker does about trouble that it foresees, in a word: left among the
    /// settings as a `Foresight`.
    pub(crate) fn foresight(&mut self, krate: &Path) -> Result<()> {
        let pair = self.pairs.iter_mut().find(|pair| pair.key == "foresight");
        let Some(Pair { value, .. }) = pair else { return Ok(()) };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &*value else { return Ok(()) };
        let kind = match text.value().as_str() {
            "off" => "Off",
            "watch" => "Watch",
            "prime" => "Prime",
            "shed" => "Shed",
            "open" => "Open",
            _ => {
                let wanted = "`foresight` is \"off\", \"watch\", \"prime\", \"shed\", \
                              \"open\" or a `Foresight`";
                return Err(Error::new(text.span(), wanted));
            }
        };
        let kind = Ident::new(kind, Span::call_site());
        *value = parse_quote_spanned!(text.span()=> #krate::Foresight::#kind);
        Ok(())
    }

    /// How delays grow, in a word: left among the settings as a `Growth`.
    pub(crate) fn growth(&mut self, krate: &Path) -> Result<()> {
        let pair = self.pairs.iter_mut().find(|pair| pair.key == "growth");
        let Some(Pair { value, .. }) = pair else { return Ok(()) };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &*value else { return Ok(()) };
        let kind = match text.value().as_str() {
            "exponential" => "Exponential",
            "constant" => "Constant",
            "linear" => "Linear",
            "fibonacci" => "Fibonacci",
            _ => {
                let wanted = "`growth` is \"exponential\", \"constant\", \"linear\", \
                              \"fibonacci\" or a `Growth`";
                return Err(Error::new(text.span(), wanted));
            }
        };
        let kind = Ident::new(kind, Span::call_site());
        *value = parse_quote_spanned!(text.span()=> #krate::Growth::#kind);
        Ok(())
    }

    /// The share of failures that opens, as a number: left among the settings as a
    /// `Ratio`.
    pub(crate) fn ratio(&mut self, krate: &Path) {
        if let Some(Pair { value, .. }) =
            self.pairs.iter_mut().find(|pair| pair.key == "failure_ratio")
            && let Expr::Lit(ExprLit { lit: lit @ Lit::Float(_), .. }) = &*value
        {
            *value = parse_quote_spanned!(lit.span()=> #krate::Ratio::above(#lit));
        }
    }

    /// Whatever is left are settings, of which the macro knows nothing: each is
    /// given to the setter of its name on `config`, then `checked` by itself,
    /// so that a value out of its range is found where it stands. Then they are built.
    pub(crate) fn settings(self, config: TokenStream, checked: &Path) -> Result<TokenStream> {
        let settings = self.checked(config, checked)?;
        Ok(quote!(#settings.build()))
    }

    /// Whatever is left are settings, each given to the setter of its name, and checked.
    pub(crate) fn checked(self, config: TokenStream, checked: &Path) -> Result<TokenStream> {
        let mut settings = config;
        for Pair { key, value } in &self.pairs {
            let value = duration(&key.to_string(), value)?;
            settings = quote_spanned!(key.span()=> #settings.#key(#value));
        }
        for Pair { key, value } in &self.pairs {
            let (key, checked) = (key.to_string(), spanned(checked, value.span()));
            settings = quote_spanned!(value.span()=> #checked(#settings, #key));
        }
        Ok(settings)
    }
}

/// A setting's value: text is a duration as people write it, and anything else
/// is what it is.
pub(crate) fn duration(key: &str, value: &Expr) -> Result<TokenStream> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else { return Ok(quote!(#value)) };
    let duration = humantime::parse_duration(&text.value()).map_err(|error| {
        let wanted = "text is a duration here, such as \"250ms\" or \"30s\"";
        Error::new(text.span(), format!("`{key}`: {wanted}: {error}"))
    })?;
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    Ok(quote_spanned!(text.span()=> ::core::time::Duration::new(#seconds, #nanos)))
}
