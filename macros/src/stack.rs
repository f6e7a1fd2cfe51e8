//! The attributes of one function, outermost first, applied from the inside.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::{
    AttrStyle, Attribute, Error, Ident, ItemFn, Meta, Path, Result, Token, parenthesized,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use crate::{
    body::Function,
    breaker::{Place, REJECTED, WithCircuitBreaker},
    deadline::WithDeadline,
    failover::WithFailover,
    fallback::WithFallback,
    hedge::{Beside, WithHedge},
    limits::{WithBulkhead, WithRateLimit},
    names::Names,
    priority::WithPriority,
    retry::{Around, WithRetry},
    timeout::WithTimeout,
};

enum Layer {
    Retry(Box<WithRetry>),
    CircuitBreaker(WithCircuitBreaker),
    Fallback(WithFallback),
    Timeout(WithTimeout),
    RateLimit(WithRateLimit),
    Bulkhead(WithBulkhead),
    Deadline(WithDeadline),
    Hedge(WithHedge),
    Priority(WithPriority),
    Failover(WithFailover),
}

/// The words for layers in `#[resilient(…)]`, and after `with_` those of the other
/// attributes.
const KINDS: [&str; 10] = [
    "retry",
    "circuit_breaker",
    "fallback",
    "timeout",
    "rate_limit",
    "bulkhead",
    "deadline",
    "hedge",
    "priority",
    "failover",
];

impl Layer {
    fn parse(kind: &str, input: ParseStream<'_>, krate: &Path) -> Result<Self> {
        Ok(match kind {
            "retry" => Self::Retry(Box::new(WithRetry::parse(input, krate)?)),
            "circuit_breaker" => Self::CircuitBreaker(WithCircuitBreaker::parse(input, krate)?),
            "timeout" => Self::Timeout(WithTimeout::parse(input, krate)?),
            "rate_limit" => Self::RateLimit(WithRateLimit::parse(input, krate)?),
            "bulkhead" => Self::Bulkhead(WithBulkhead::parse(input, krate)?),
            "deadline" => Self::Deadline(WithDeadline::parse(input, krate)?),
            "hedge" => Self::Hedge(WithHedge::parse(input, krate)?),
            "priority" => Self::Priority(WithPriority::parse(input, krate)?),
            "failover" => Self::Failover(WithFailover::parse(input, krate)?),
            _ => Self::Fallback(WithFallback::parse(input, krate)?),
        })
    }

    /// Whether it uses what it is put around, and its arguments, once only.
    fn once(&self) -> bool {
        !matches!(self, Self::Retry(_) | Self::Fallback(_) | Self::Hedge(_))
    }

    /// Whether it is a limit, and refuses calls for reasons that are not the service's.
    fn limits(&self) -> bool {
        matches!(self, Self::RateLimit(_) | Self::Bulkhead(_) | Self::Deadline(_))
    }

    /// Whether it may refuse to make the call at all.
    fn refuses(&self) -> bool {
        self.limits() || self.is_breaker() || matches!(self, Self::Failover(_))
    }

    fn is_breaker(&self) -> bool {
        matches!(self, Self::CircuitBreaker(_))
    }

    /// Whether it has a limit of time.
    fn times_out(&self) -> bool {
        match self {
            Self::Timeout(_) => true,
            Self::Retry(retry) => retry.times_out(),
            _ => false,
        }
    }

    /// The name of its `static`, where it has one.
    fn ident(&self, names: &Names, at: usize) -> Ident {
        let role = match self {
            Self::Retry(_) => "retry",
            Self::RateLimit(_) => "rate_limit",
            Self::Bulkhead(_) => "bulkhead",
            _ => "breaker",
        };
        names.item(role, at)
    }

    /// Puts the layer at this place among all of them around the body.
    fn expand(
        layers: &[Self],
        at: usize,
        function: &mut Function,
        body: &TokenStream,
        tally: &TokenStream,
    ) -> Result<TokenStream> {
        let (around, inside) = (&layers[..at], &layers[at + 1..]);
        let ident = layers[at].ident(&function.names, at);
        let once = around.iter().all(Self::once);
        let in_retry = around.iter().any(|it| matches!(it, Self::Retry(_)));
        let in_breaker = around.iter().any(Self::is_breaker);
        let refusal = inside.iter().any(Self::refuses);
        Ok(match &layers[at] {
            Self::Retry(layer) => {
                let around = Around { refusal, in_breaker };
                layer.expand(function, body, &ident, around, tally)?
            }
            Self::CircuitBreaker(layer) => {
                let place = Place {
                    once,
                    in_retry,
                    times_out: inside.iter().any(Self::times_out),
                    outermost: !around.iter().any(Self::is_breaker),
                };
                layer.expand(function, body, &ident, place)
            }
            Self::Fallback(layer) => {
                let in_deadline = around.iter().any(|it| matches!(it, Self::Deadline(_)));
                layer.expand(function, body, tally, in_deadline)
            }
            Self::Timeout(layer) => layer.expand(function, body, once, in_breaker)?,
            Self::RateLimit(layer) => layer.expand(function, body, &ident, in_retry),
            Self::Bulkhead(layer) => layer.expand(function, body, &ident, in_retry),
            Self::Deadline(layer) => layer.expand(function, body, once, in_retry)?,
            Self::Priority(layer) => layer.expand(function, body, once),
            Self::Failover(layer) => layer.expand(function, body, once, in_retry),
            Self::Hedge(layer) => {
                let beside = Beside {
                    breaker: breaker(layers, function),
                    rejected: (in_retry && refusal).then(|| function.names.variable(REJECTED)),
                    budget: around.iter().rev().find_map(|it| match it {
                        Self::Retry(retry) => retry.budget(),
                        _ => None,
                    }),
                };
                layer.expand(function, body, beside)?
            }
        })
    }
}

/// The layers of one attribute.
fn layers_of(attribute: &str, options: TokenStream, krate: &Path) -> Result<Vec<Layer>> {
    if let Some(kind) = attribute.strip_prefix("with_") {
        let layer = |input: ParseStream<'_>| Layer::parse(kind, input, krate);
        return Ok(vec![layer.parse2(options)?]);
    }
    let list = |input: ParseStream<'_>| {
        let mut layers = Vec::new();
        while !input.is_empty() {
            let kind: Ident = input.parse()?;
            let name = kind.to_string();
            if !KINDS.contains(&name.as_str()) {
                let text = "no such layer; there are `fallback(…)`, `priority = …`, \
                            `deadline = …`, `rate_limit(…)`, `bulkhead(…)`, \
                            `circuit_breaker(…)`, `retry(…)`, `hedge(…)`, `failover(…)`, \
                            `timeout = …`";
                return Err(Error::new(kind.span(), text));
            }
            if input.is_empty() || input.peek(Token![,]) {
                let empty = |input: ParseStream<'_>| Layer::parse(&name, input, krate);
                layers.push(empty.parse2(TokenStream::new())?);
            } else if name == "timeout" && input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                layers.push(Layer::Timeout(WithTimeout::of(input.parse()?)));
            } else if name == "deadline" && input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                layers.push(Layer::Deadline(WithDeadline::of(input.parse()?)));
            } else if name == "priority" && input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                layers.push(Layer::Priority(WithPriority::of(&input.parse()?, krate)?));
            } else {
                let options;
                parenthesized!(options in input);
                layers.push(Layer::parse(&name, &options, krate)?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(layers)
    };
    let layers = list.parse2(options)?;
    if layers.is_empty() {
        let text = "expected layers, outermost first, such as `fallback(heuristic), retry(max_attempts = 3)`";
        return Err(Error::new(Span::call_site(), text));
    }
    Ok(layers)
}

/// The name of one of our attributes, if this is one.
fn own(attribute: &Attribute) -> Option<String> {
    let name = attribute.path().segments.last()?.ident.to_string();
    let kind = name.strip_prefix("with_");
    let ours = kind.map_or(name == "resilient", |kind| KINDS.contains(&kind));
    ours.then_some(name)
}

pub(crate) fn expand(attribute: &str, options: TokenStream, item: TokenStream) -> TokenStream {
    // Where it goes wrong, the function stays as it was: one error, not many.
    let untouched = item.clone();
    try_expand(attribute, options, item).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #untouched)
    })
}

fn try_expand(attribute: &str, options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let names = Names::beside(&options, &item);
    let mut item: ItemFn = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[{attribute}]` stands on a function with a body"))
    })?;
    if let Some(token) = &item.sig.constness {
        return Err(Error::new(
            token.span(),
            "a `const fn` cannot wait, nor ask a circuit breaker",
        ));
    }
    let (mut krate, options) = crate_option(options)?;
    // The first attribute is expanded first. Left alone, those after it would
    // be put around it; so it takes them along, in the order in which they read.
    let (ours, others): (Vec<_>, Vec<_>) =
        item.attrs.drain(..).partition(|attribute| own(attribute).is_some());
    let (inner, outer): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|it| matches!(it.style, AttrStyle::Inner(_)));
    let mut all = vec![(attribute.to_owned(), options)];
    for attribute in &ours {
        let options = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        if let Some(name) = own(attribute) {
            let (given, options) = crate_option(options)?;
            krate = krate.or(given);
            all.push((name, options));
        }
    }
    let krate = krate.map_or_else(fusebox, Ok)?;
    let mut layers = Vec::new();
    for (name, options) in all {
        layers.extend(layers_of(&name, options, &krate)?);
    }
    let breaker = layers.iter().position(Layer::is_breaker);
    if breaker.is_some_and(|at| layers[at..].iter().any(Layer::limits)) {
        // The error that comes back is the function's own, and the breaker could not tell.
        let text = "a breaker would take what a limit inside it turns away for failures of the \
                    service: put the limit before the breaker";
        return Err(Error::new(Span::call_site(), text));
    }
    if breaker.is_some_and(|at| layers[at..].iter().any(|it| matches!(it, Layer::Priority(_)))) {
        let text = "a breaker asks for the priority before it admits a call, and cannot see one \
                    inside it: put the priority before the breaker";
        return Err(Error::new(Span::call_site(), text));
    }
    let failover = layers.iter().position(|it| matches!(it, Layer::Failover(_)));
    if failover.is_some_and(|at| layers[at + 1..].iter().any(Layer::refuses)) {
        let text = "a failover set would take what a layer inside it turns away for failures of \
                    the member: put that layer before the set";
        return Err(Error::new(Span::call_site(), text));
    }
    for layer in &mut layers {
        if let Layer::Failover(layer) = layer {
            layer.take_member(&mut item.sig)?;
        }
    }
    let visibility = item.vis.clone();
    let (mut function, mut body) = Function::of(item, krate, names)?;
    let tally = tally(&layers, &function);
    for at in (0..layers.len()).rev() {
        body = Layer::expand(&layers, at, &mut function, &body, &tally)?;
    }
    // Nobody expands those any more: without this their imports are unused.
    let used = ours.iter().map(Attribute::path);
    function.items.extend(quote!(#(#[allow(unused_imports)] use #used as _;)*));
    let function = function.with(&inner, &body);
    Ok(quote!(#(#outer)* #visibility #function))
}

/// The outermost breaker.
fn breaker(layers: &[Layer], Function { krate, names, .. }: &Function) -> Option<TokenStream> {
    layers.iter().enumerate().find_map(|(at, layer)| match layer {
        Layer::CircuitBreaker(breaker) => Some(breaker.found(krate, &layer.ident(names, at))),
        _ => None,
    })
}

/// The tally of the outermost breaker, on which the other layers are counted.
fn tally(layers: &[Layer], function: &Function) -> TokenStream {
    let krate = &function.krate;
    breaker(layers, function).map_or_else(
        || quote!(::core::option::Option::None),
        |it| quote!(::core::option::Option::Some(#krate::CircuitBreaker::tally(#it))),
    )
}

/// `crate = path` among options, and the others: where the crate is found that is
/// not in the user's `Cargo.toml`, as another one re-exports it.
fn crate_option(options: TokenStream) -> Result<(Option<Path>, TokenStream)> {
    let (mut found, mut others) = (None, TokenStream::new());
    let mut tokens = options.into_iter().peekable();
    while tokens.peek().is_some() {
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ',');
        let mut option = Vec::new();
        while let Some(token) = tokens.next_if(|token| !is_comma(token)) {
            option.push(token);
        }
        let comma = tokens.next();
        match option.as_slice() {
            [TokenTree::Ident(key), TokenTree::Punct(sign), path @ ..]
                if key == "crate" && sign.as_char() == '=' =>
            {
                let text = "`crate` is the path of the crate `fusebox`, such as `facade::fusebox`";
                let path = path.iter().cloned().collect();
                let path = Path::parse_mod_style
                    .parse2(path)
                    .map_err(|error| Error::new(error.span(), text))?;
                if found.replace(path).is_some() {
                    return Err(Error::new(key.span(), "`crate` is given twice"));
                }
            }
            _ => {
                others.extend(option);
                others.extend(comma);
            }
        }
    }
    Ok((found, others))
}

/// The crate under the name that its user gave it.
fn fusebox() -> Result<Path> {
    let name = match crate_name("fusebox") {
        Ok(FoundCrate::Name(name)) => name,
        // Its own tests and examples: they see it by its name.
        Ok(FoundCrate::Itself) => "fusebox".into(),
        Err(error) => return Err(Error::new(Span::call_site(), error)),
    };
    let name = Ident::new(&name, Span::call_site());
    Ok(syn::parse_quote!(::#name))
}
