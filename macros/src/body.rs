//! What every layer needs to write a function's body anew.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{
    Error, ItemFn, Path, Result, ReturnType, Token, Type,
    visit::{self, Visit},
};

/// Where a breaker tells the retries around it that it rejected a call: the
/// error that the function returns is its own, and cannot say so.
pub(crate) fn rejected() -> Ident {
    Ident::new("fusebox_rejected", Span::mixed_site())
}

/// The breaker on which a function's retries and fallbacks are counted.
pub(crate) fn counted() -> Ident {
    Ident::new("FUSEBOX_BREAKER", Span::mixed_site())
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

/// What the function returns, to be written again.
pub(crate) fn result_type(function: &ItemFn) -> Result<Type> {
    match &function.sig.output {
        ReturnType::Default => {
            let text = "a function that can fail returns a `Result`; this one returns nothing";
            Err(Error::new(function.sig.ident.span(), text))
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

/// The body as a closure, in which `return` and `?` mean what they meant.
pub(crate) fn typed_closure(function: &ItemFn, body: &TokenStream) -> Result<TokenStream> {
    let result = result_type(function)?;
    let result = (!matches!(result, Type::Infer(_))).then(|| quote!(-> #result));
    Ok(quote!(|| #result { #body }))
}

/// The body as an async block, in which `return` and `?` mean what they meant.
pub(crate) fn typed_future(function: &ItemFn, body: &TokenStream) -> Result<TokenStream> {
    let result = result_type(function)?;
    // An async block cannot name its type; a `return` that is never reached
    // tells it.
    let told = (!matches!(result, Type::Infer(_))).then(|| {
        quote! {
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            if false {
                let never: #result = loop {};
                return never;
            }
        }
    });
    Ok(quote!({ #told #body }))
}
