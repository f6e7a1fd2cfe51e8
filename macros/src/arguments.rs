//! A function's arguments, used more than once.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::{FnArg, ItemFn, Pat, PatIdent, Type, spanned::Spanned};

/// One argument.
struct Argument {
    /// Its name, which the pattern may not have had.
    name: Ident,
    kind: Kind,
    span: Span,
}

enum Kind {
    /// `&T`: used again as it is.
    Shared,
    /// `&mut T`: lent for each use.
    Exclusive,
    /// By value: cloned for each use.
    Owned,
}

/// The arguments of a function whose body will run, or be replaced, more than
/// once. Where an argument is a pattern, it gets a name, and the body takes it
/// apart.
pub(crate) struct Arguments {
    all: Vec<Argument>,
    /// Whether the receiver is by value (`self`, `self: Arc<Self>`).
    owned_self: Option<Span>,
    receiver: bool,
}

/// The name of a receiver by value within the body that runs more than once.
fn own_self() -> Ident {
    Ident::new("__fusebox_self", Span::mixed_site())
}

impl Arguments {
    /// Reads the arguments, and names those that have none. `repeated` says
    /// that the body consumes what it is given, each time it runs.
    pub(crate) fn of(function: &mut ItemFn) -> Self {
        let mut all = Vec::new();
        let (mut owned_self, mut receiver) = (None, false);
        let mut unpacked = Vec::new();
        for (at, argument) in function.sig.inputs.iter_mut().enumerate() {
            match argument {
                FnArg::Receiver(it) => {
                    receiver = true;
                    if !matches!(&*it.ty, Type::Reference(_)) {
                        owned_self = Some(it.self_token.span);
                    }
                }
                FnArg::Typed(it) => {
                    let kind = match &*it.ty {
                        Type::Reference(reference) if reference.mutability.is_some() => {
                            Kind::Exclusive
                        }
                        Type::Reference(_) => Kind::Shared,
                        _ => Kind::Owned,
                    };
                    let span = it.ty.span();
                    let name = match &*it.pat {
                        Pat::Ident(PatIdent {
                            by_ref: None,
                            mutability: None,
                            subpat: None,
                            ident,
                            ..
                        }) => ident.clone(),
                        pattern => {
                            let name = format_ident!("__fusebox_{at}", span = Span::mixed_site());
                            unpacked.push(quote!(let #pattern = #name;));
                            *it.pat = syn::parse_quote!(#name);
                            name
                        }
                    };
                    all.push(Argument { name, kind, span });
                }
            }
        }
        if !unpacked.is_empty() {
            let body = &function.block;
            let statements = &body.stmts;
            *function.block = syn::parse_quote!({ #(#unpacked)* #(#statements)* });
        }
        Self { all, owned_self, receiver }
    }

    /// Whether the body must not consume its receiver itself.
    pub(crate) fn renames_self(&self) -> bool {
        self.owned_self.is_some()
    }

    /// Statements that give one run of the body its own arguments.
    pub(crate) fn copies(&self) -> TokenStream {
        let owned_self = self.owned_self.map(|span| {
            let name = own_self();
            quote_spanned!(span=> let #name = ::core::clone::Clone::clone(&self);)
        });
        let copies = self.all.iter().map(|Argument { name, kind, span }| match kind {
            Kind::Shared => quote!(),
            Kind::Exclusive => quote!(let #name = &mut *#name;),
            Kind::Owned => {
                let span = span.resolved_at(Span::mixed_site());
                quote_spanned!(span=> let #name = ::core::clone::Clone::clone(&#name);)
            }
        });
        quote!(#owned_self #(#copies)*)
    }

    /// The arguments as those of a call; with the receiver, if there is one
    /// and `with_self`.
    pub(crate) fn pass(&self, with_self: bool) -> Vec<TokenStream> {
        let receiver = (self.receiver && with_self).then(|| quote!(self));
        receiver
            .into_iter()
            .chain(self.all.iter().map(|argument| {
                let name = &argument.name;
                quote!(#name)
            }))
            .collect()
    }
}

/// The body with `self` replaced by the name of its copy.
pub(crate) fn rename_self(tokens: TokenStream) -> TokenStream {
    let mut renamed = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        renamed.push(match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), rename_self(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            // `self::path` is the module.
            TokenTree::Ident(ident)
                if ident == "self"
                    && !matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == ':') =>
            {
                TokenTree::Ident(own_self())
            }
            other => other,
        });
    }
    renamed.into_iter().collect()
}
