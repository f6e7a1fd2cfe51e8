//! `#[with_failover]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, Expr, ExprPath, FnArg, Pat, Path, Result, Signature, Token, Type, parse::ParseStream,
    spanned::Spanned,
};

use crate::{
    body::{Function, spanned},
    breaker::REJECTED,
    options::Options,
};

pub(crate) struct WithFailover {
    set: Expr,
    judge: Option<ExprPath>,
    /// The argument that the set gives, with its type.
    member: Option<(Pat, Type)>,
}

impl WithFailover {
    pub(crate) fn parse(input: ParseStream<'_>, _krate: &Path) -> Result<Self> {
        let text = "expected a `FailoverSet`: the path to a `static`, such as `SHOPS`, or an \
                    expression, such as `self.shops`";
        let set: Expr = input.parse().map_err(|error| Error::new(error.span(), text))?;
        if let Expr::Assign(option) = &set {
            return Err(Error::new(option.left.span(), text)); // and no set before it
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut options = Options::parse(input)?;
        let judge = options.path("judge")?;
        options.finish("a set has its settings already; beside it there is `judge`")?;
        Ok(Self { set, judge, member: None })
    }

    /// Takes the first argument out of the signature: the set gives it, and no caller.
    pub(crate) fn take_member(&mut self, signature: &mut Signature) -> Result<()> {
        let text = "a function under `#[with_failover]` takes the member as its first argument, \
                    such as `shop: Chosen<'_, &str>`; its callers leave it out";
        let receivers = usize::from(signature.receiver().is_some());
        let mut arguments: Vec<_> = std::mem::take(&mut signature.inputs).into_iter().collect();
        if arguments.len() <= receivers {
            signature.inputs.extend(arguments);
            return Err(Error::new(signature.ident.span(), text));
        }
        if let FnArg::Typed(member) = arguments.remove(receivers) {
            self.member = Some((*member.pat, *member.ty));
        }
        signature.inputs.extend(arguments);
        Ok(())
    }

    /// `once` says that all layers around it use it once only, and `in_retry` that one of
    /// them is a retry.
    pub(crate) fn expand(
        &self,
        function: &Function,
        body: &TokenStream,
        once: bool,
        in_retry: bool,
    ) -> TokenStream {
        let (krate, set) = (&function.krate, &self.set);
        let there = spanned(krate, set.span());
        let member = function.names.variable("member");
        let is_async = function.is_async();
        // A future that is not moved into cannot borrow the closure's argument: it finds the
        // member again by its place.
        let by_place = is_async && !once;
        let slot = function.names.variable("slot");
        let given = if by_place {
            quote!(#krate::attributes::failover::chosen(&#set, &#slot))
        } else {
            quote!(#member)
        };
        let bound = self.member.iter().map(|(pattern, of)| quote!(let #pattern: #of = #given;));
        let call = function.typed(&quote!(#(#bound)* #body), once);
        let by_move = once.then(|| quote!(move));
        let closure = if by_place {
            quote!(|#member| { #slot.set(#member); #call })
        } else if is_async {
            quote!(#by_move |#member| #call)
        } else {
            quote!(#by_move |#member| (#call)())
        };
        let (method, judge) = match (&self.judge, is_async) {
            (None, false) => ("call", None),
            (None, true) => ("call_async", None),
            (Some(judge), false) => ("call_judged", Some(judge)),
            (Some(judge), true) => ("call_async_judged", Some(judge)),
        };
        let (method, judge) = (Ident::new(method, Span::call_site()), judge.into_iter());
        let awaited = is_async.then(|| quote!(.await));
        let mut call = quote_spanned! {set.span()=>
            #there::FailoverSet::#method(&#set, #(#judge,)* #closure) #awaited
        };
        if in_retry {
            let rejected = function.names.variable(REJECTED);
            call = quote!(#krate::attributes::failover::told(#call, &#rejected));
        }
        let declared =
            by_place.then(|| quote!(let #slot = #krate::attributes::failover::Slot::new();));
        // Where the compiler finds no `From<Rejected>`, it points at this type.
        let span = function.result.span();
        let krate = spanned(krate, span);
        let own = quote_spanned!(span=> #krate::attributes::failover::own);
        quote!(#declared #own(#call))
    }
}
