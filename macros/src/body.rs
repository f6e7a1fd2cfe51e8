//! What every layer knows of the function whose body it writes anew.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, ItemFn, Path, Result, ReturnType, Signature, Token, Type,
    visit::{self, Visit},
};

use crate::{arguments::Arguments, names::Names};

pub(crate) struct Function {
    pub(crate) krate: Path,
    pub(crate) names: Names,
    pub(crate) signature: Signature,
    pub(crate) arguments: Arguments,
    /// What it returns, to be written again.
    pub(crate) result: Type,
    /// Items at the beginning of its body.
    pub(crate) items: TokenStream,
    /// The braces of its body.
    braces: Span,
}

impl Function {
    pub(crate) fn of(function: ItemFn, krate: Path, names: Names) -> Result<(Self, TokenStream)> {
        let ItemFn { sig: mut signature, block, .. } = function;
        let result = result_type(&signature)?;
        let arguments = Arguments::of(&mut signature, &names);
        let (unpacked, statements) = (arguments.unpacked(), &block.stmts);
        let body = quote!(#unpacked #(#statements)*);
        let braces = block.brace_token.span.join();
        let items = TokenStream::new();
        Ok((Self { krate, names, signature, arguments, result, items, braces }, body))
    }

    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }

    pub(crate) fn name(&self) -> String {
        self.signature.ident.to_string()
    }

    /// The body as one expression, in which `return` and `?` mean what they
    /// meant: a closure, or the future of an async block. A closure or a future
    /// that moves what it uses begins with `move`.
    pub(crate) fn typed(&self, body: &TokenStream, by_move: bool) -> TokenStream {
        let (krate, result) = (&self.krate, &self.result);
        let known = !matches!(result, Type::Infer(_));
        let by_move = by_move.then(|| quote!(move));
        if self.is_async() {
            // An async block cannot name its type; a `return` that is never
            // reached tells it.
            let told =
                known.then(|| quote!(if false { return #krate::attributes::never::<#result>(); }));
            let body = self.braced(quote!(#told #body));
            quote!(async #by_move #body)
        } else {
            let result = known.then(|| quote!(-> #result));
            let body = self.braced(body.clone());
            quote!(#by_move || #result #body)
        }
    }

    /// One run of the body with arguments of its own, and what it returns.
    pub(crate) fn run(&self, body: &TokenStream) -> TokenStream {
        let (copies, body) = (self.arguments.copies(), self.typed(body, false));
        if self.is_async() {
            quote!({ #copies #body.await })
        } else {
            quote!({ #copies (#body)() })
        }
    }

    /// The function around a body; `inner` are the attributes that stand in it.
    pub(crate) fn with(&self, inner: &[Attribute], body: &TokenStream) -> TokenStream {
        let shields = self.names.shields(&self.krate);
        let (signature, items) = (&self.signature, &self.items);
        let body = self.braced(quote!(#(#inner)* #shields #items #body));
        quote!(#signature #body)
    }

    /// Within the braces of the function: there the compiler shows that a
    /// result is missing.
    fn braced(&self, body: TokenStream) -> TokenStream {
        let mut group = Group::new(Delimiter::Brace, body);
        group.set_span(self.braces);
        group.into_token_stream()
    }
}

/// How an error is best shown, of which there is a reference: by the first way
/// that its type has, as the compiler takes one `&` after another off.
pub(crate) fn shown(krate: &Path, error: &TokenStream) -> TokenStream {
    quote!({
        #[allow(unused_imports)]
        use #krate::known::{
            ABox as _, ALocalBox as _, AText as _, AnError as _, Anything as _,
        };
        (&&&&&#krate::known::Known(#error)).__fusebox_shown()
    })
}

/// A path that the compiler finds somewhere else.
pub(crate) fn spanned(path: &Path, span: Span) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.ident.set_span(segment.ident.span().located_at(span));
    }
    path.leading_colon = path.leading_colon.map(|_| Token![::](span));
    path
}

fn result_type(signature: &Signature) -> Result<Type> {
    match &signature.output {
        ReturnType::Default => {
            let text = "a function that can fail returns a `Result`; this one returns nothing";
            Err(Error::new(signature.ident.span(), text))
        }
        ReturnType::Type(_, result) if has_impl_trait(result) => Ok(syn::parse_quote!(_)),
        ReturnType::Type(_, result) => Ok((**result).clone()),
    }
}

/// `impl Trait` may stand in a signature, and not in a type within a body.
fn has_impl_trait(result: &Type) -> bool {
    struct Finder(bool);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_type_impl_trait(&mut self, it: &'ast syn::TypeImplTrait) {
            self.0 = true;
            visit::visit_type_impl_trait(self, it);
        }
    }
    let mut finder = Finder(false);
    finder.visit_type(result);
    finder.0
}
