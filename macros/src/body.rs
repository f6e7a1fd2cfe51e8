//! What every layer knows of the function whose body it writes anew.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Block, Error, Expr, ExprAsync, GenericArgument, Ident, ItemFn, Local, LocalInit,
    Path, PathArguments, PathSegment, Result, ReturnType, Signature, Stmt, Token, Type,
    punctuated::Pair,
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
    /// How it waits, if it does.
    form: Form,
    /// Items at the beginning of its body.
    pub(crate) items: TokenStream,
    /// The braces of its body.
    braces: Span,
}

impl Function {
    pub(crate) fn of(function: ItemFn, krate: Path, names: Names) -> Result<(Self, TokenStream)> {
        let ItemFn { sig: mut signature, block, .. } = function;
        let braces = block.brace_token.span.join();
        let (form, statements, result) = form_of(&signature, *block)?;
        let arguments = Arguments::of(&mut signature, &names);
        let unpacked = arguments.unpacked();
        let body = quote!(#unpacked #(#statements)*);
        let items = TokenStream::new();
        Ok((Self { krate, names, signature, arguments, result, form, items, braces }, body))
    }

    pub(crate) fn is_async(&self) -> bool {
        !matches!(self.form, Form::Sync)
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

    /// The same, as an attempt of a retry that has these tries.
    pub(crate) fn attempt(&self, body: &TokenStream, tries: &Ident) -> TokenStream {
        let (copies, body) = (self.arguments.copies(), self.typed(body, false));
        let krate = &self.krate;
        let path = quote!(#krate::attributes::retry::Tries);
        if self.is_async() {
            quote!({ #copies #path::run_async(&#tries, #body).await })
        } else {
            quote!({ #copies #path::run(&#tries, #body) })
        }
    }

    /// The function around a body; `inner` are the attributes that stand in it.
    pub(crate) fn with(&self, inner: &[Attribute], body: &TokenStream) -> TokenStream {
        let shields = self.names.shields(&self.krate);
        let (signature, items) = (&self.signature, &self.items);
        let body = match &self.form {
            Form::Sync | Form::Async => body.clone(),
            Form::Future { made_by } => {
                let body = self.braced(body.clone());
                let future = quote!(async move #body);
                made_by.as_ref().map_or_else(|| future.clone(), |pin| quote!(#pin(#future)))
            }
        };
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

/// How a function waits.
enum Form {
    Sync,
    /// An `async fn`.
    Async,
    /// It returns a future of an async block, which is its whole body. Other
    /// attributes write such functions: `#[async_trait]`, `#[async_recursion]`.
    Future {
        /// What the block is given to, where it is: `Box::pin`.
        made_by: Option<Expr>,
    },
}

/// The form of a function, its statements, and the result of its call.
fn form_of(signature: &Signature, block: Block) -> Result<(Form, Vec<Stmt>, Type)> {
    if signature.asyncness.is_some() {
        return Ok((Form::Async, block.stmts, result_type(signature, None)?));
    }
    let output = match &signature.output {
        ReturnType::Type(_, output) => output_of_future(output),
        ReturnType::Default => None,
    };
    match (output, <[Stmt; 1]>::try_from(block.stmts)) {
        (Some(output), Ok([Stmt::Expr(future, None)])) => match taken_apart(future) {
            Ok((made_by, ExprAsync { block, .. })) => {
                let mut statements = block.stmts;
                if is_exclusive_method(signature) {
                    statements.iter_mut().for_each(lend_self);
                }
                let result = result_type(signature, Some(output))?;
                Ok((Form::Future { made_by }, statements, result))
            }
            Err(other) => {
                let statements = vec![Stmt::Expr(*other, None)];
                Ok((Form::Sync, statements, result_type(signature, None)?))
            }
        },
        (_, Ok([statement])) => Ok((Form::Sync, vec![statement], result_type(signature, None)?)),
        (_, Err(statements)) => Ok((Form::Sync, statements, result_type(signature, None)?)),
    }
}

/// An async block, and what it is given to; or the expression, if it is neither.
fn taken_apart(future: Expr) -> std::result::Result<(Option<Expr>, ExprAsync), Box<Expr>> {
    match future {
        Expr::Async(block) => Ok((None, block)),
        Expr::Call(mut call) if is_pin(&call.func) && call.args.len() == 1 => {
            match call.args.pop().map(Pair::into_value) {
                Some(Expr::Async(block)) => Ok((Some(*call.func), block)),
                other => {
                    call.args.extend(other);
                    Err(Box::new(Expr::Call(call)))
                }
            }
        }
        other => Err(Box::new(other)),
    }
}

/// `Box::pin`, by any path.
fn is_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    path.path.segments.last().is_some_and(|it| it.ident == "pin")
}

fn is_exclusive_method(signature: &Signature) -> bool {
    let receiver = signature.receiver();
    receiver.is_some_and(|it| matches!(&*it.ty, Type::Reference(of) if of.mutability.is_some()))
}

/// `let name = self;` of `&mut self` lends it, so that another attempt has it, too.
/// `#[async_trait]` writes this.
fn lend_self(statement: &mut Stmt) {
    if let Stmt::Local(Local { init: Some(LocalInit { expr, .. }), .. }) = statement
        && matches!(&**expr, Expr::Path(path) if path.path.is_ident("self"))
    {
        **expr = syn::parse_quote!(&mut *self);
    }
}

/// `T` of a `Future<Output = T>`, wherever that stands in a type; or of a
/// `BoxFuture<'_, T>`.
fn output_of_future(result: &Type) -> Option<Type> {
    struct Finder(Option<Type>);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_path_segment(&mut self, it: &'ast PathSegment) {
            if let PathArguments::AngleBracketed(arguments) = &it.arguments {
                let boxed = ["BoxFuture", "LocalBoxFuture"].iter().any(|name| it.ident == name);
                for argument in &arguments.args {
                    match argument {
                        GenericArgument::AssocType(of)
                            if it.ident == "Future" && of.ident == "Output" =>
                        {
                            self.0.get_or_insert(of.ty.clone());
                        }
                        GenericArgument::Type(of) if boxed => {
                            self.0.get_or_insert(of.clone());
                        }
                        _ => {}
                    }
                }
            }
            visit::visit_path_segment(self, it);
        }
    }
    let mut finder = Finder(None);
    finder.visit_type(result);
    finder.0
}

/// What a call returns in the end; `output` is that of a future that the function
/// returns.
fn result_type(signature: &Signature, output: Option<Type>) -> Result<Type> {
    let result = match (output, &signature.output) {
        (Some(output), _) => output,
        (None, ReturnType::Type(_, result)) => (**result).clone(),
        (None, ReturnType::Default) => {
            let text = "a function that can fail returns a `Result`; this one returns nothing";
            return Err(Error::new(signature.ident.span(), text));
        }
    };
    if let Type::Path(path) = &result
        && path.path.segments.last().is_some_and(|it| it.ident == "Option")
    {
        let text = "an `Option` does not say why there is nothing: return a `Result`, which \
                    `ok_or(…)` makes of one";
        return Err(Error::new_spanned(&result, text));
    }
    Ok(if has_impl_trait(&result) { syn::parse_quote!(_) } else { result })
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
