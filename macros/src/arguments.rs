//! A function's arguments, used more than once.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, FnArg, Pat, PatIdent, Signature, Type, parse_quote,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::names::Names;

/// One argument.
struct Argument {
    /// Its attributes: `#[cfg(…)]` holds wherever the argument is named.
    attributes: Vec<Attribute>,
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
/// once.
pub(crate) struct Arguments {
    all: Vec<Argument>,
    receiver: bool,
    /// Where the receiver is by value (`self`, `self: Arc<Self>`).
    owned_self: Option<Span>,
    /// What two calls at a time could not both have: a receiver that is not `&self`, or
    /// an argument by `&mut`.
    exclusive: Option<Span>,
    /// Statements with which the body takes its arguments apart.
    unpacked: TokenStream,
}

impl Arguments {
    /// Reads the arguments, and gives each of them a name: the body takes a
    /// pattern apart. So it does with `mut name`, which is then a variable of
    /// the body's own, wherever the body was moved to.
    pub(crate) fn of(signature: &mut Signature, names: &Names) -> Self {
        let mut all = Vec::new();
        let (mut owned_self, mut receiver, mut exclusive) = (None, false, None);
        let mut unpacked = TokenStream::new();
        for (at, argument) in signature.inputs.iter_mut().enumerate() {
            match argument {
                FnArg::Receiver(it) => {
                    receiver = true;
                    match &*it.ty {
                        Type::Reference(of) if of.mutability.is_none() => {}
                        Type::Reference(_) => exclusive = Some(it.self_token.span),
                        _ => {
                            owned_self = Some(it.self_token.span);
                            exclusive = owned_self;
                        }
                    }
                }
                FnArg::Typed(it) => {
                    let kind = match &*it.ty {
                        Type::Reference(reference) if reference.mutability.is_some() => {
                            exclusive = exclusive.or(Some(it.ty.span()));
                            Kind::Exclusive
                        }
                        Type::Reference(_) => Kind::Shared,
                        _ => Kind::Owned,
                    };
                    let (attributes, pattern) = (&it.attrs, &it.pat);
                    let name = if let Some(name) = plain(pattern) {
                        name.clone()
                    } else {
                        let name = first_name(pattern).unwrap_or_else(|| names.argument(at));
                        unpacked.extend(quote!(#(#attributes)* let #pattern = #name;));
                        *it.pat = parse_quote!(#name);
                        name
                    };
                    let (attributes, span) = (it.attrs.clone(), it.ty.span());
                    all.push(Argument { attributes, name, kind, span });
                }
            }
        }
        Self { all, receiver, owned_self, exclusive, unpacked }
    }

    /// Where two calls at a time could not both have all arguments.
    pub(crate) const fn exclusive(&self) -> Option<Span> {
        self.exclusive
    }

    pub(crate) fn unpacked(&self) -> &TokenStream {
        &self.unpacked
    }

    /// Statements that give one run of the body its own arguments.
    pub(crate) fn copies(&self) -> TokenStream {
        let copies = self.all.iter().map(|Argument { attributes, name, kind, span }| {
            let copy = match kind {
                Kind::Shared => return quote!(),
                Kind::Exclusive => quote!(&mut *#name),
                Kind::Owned => {
                    let span = span.resolved_at(Span::mixed_site());
                    quote_spanned!(span=> ::core::clone::Clone::clone(&#name))
                }
            };
            quote!(#(#attributes)* let #name = #copy;)
        });
        quote!(#(#copies)*)
    }

    /// Statements that take the arguments by value over: a function that only
    /// cloned them would be told that it needs references.
    pub(crate) fn taken(&self) -> TokenStream {
        let owned = self.all.iter().filter(|argument| matches!(argument.kind, Kind::Owned));
        let taken = owned
            .map(|Argument { attributes, name, .. }| quote!(#(#attributes)* let #name = #name;));
        quote!(#(#taken)*)
    }

    /// A receiver by value, which a run of the body may consume: a statement
    /// before the run that saves it, and one after it that puts it back. So
    /// `self` stays `self`, also in macros and in nested items.
    pub(crate) fn kept_self(
        &self,
        signature: &mut Signature,
        names: &Names,
    ) -> (TokenStream, TokenStream) {
        let Some(span) = self.owned_self else { return Default::default() };
        if let Some(FnArg::Receiver(receiver)) = signature.inputs.first_mut() {
            receiver.mutability.get_or_insert_default();
        }
        let saved = names.variable("self");
        (
            quote_spanned!(span=> let #saved = ::core::clone::Clone::clone(&self);),
            quote_spanned!(span=> self = #saved;),
        )
    }

    /// The arguments as those of a call; with the receiver, if there is one
    /// and `with_self`.
    pub(crate) fn pass(&self, with_self: bool) -> Vec<TokenStream> {
        let receiver = (self.receiver && with_self).then(|| quote!(self));
        receiver
            .into_iter()
            .chain(self.all.iter().map(|Argument { attributes, name, .. }| {
                let attributes = attributes.iter().filter(|it| it.path().is_ident("cfg"));
                quote!(#(#attributes)* #name)
            }))
            .collect()
    }
}

/// The name of an argument that is nothing else.
fn plain(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(PatIdent { by_ref: None, mutability: None, subpat: None, ident, .. }) => {
            Some(ident)
        }
        _ => None,
    }
}

/// The first variable that a pattern binds: it may as well be the name of the
/// whole until then. What begins with a capital may be a constant.
fn first_name(pattern: &Pat) -> Option<Ident> {
    struct First(Option<Ident>);
    impl<'ast> Visit<'ast> for First {
        fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
            if !it.ident.to_string().starts_with(char::is_uppercase) {
                self.0.get_or_insert(it.ident.clone());
            }
            visit::visit_pat_ident(self, it);
        }
    }
    let mut first = First(None);
    first.visit_pat(pattern);
    first.0
}
