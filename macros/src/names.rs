//! Every identifier that an expansion introduces is made here, and meets none
//! of the user's.
//!
//! - It begins with a prefix that occurs nowhere in the function or in its
//!   attributes, so the body cannot mean it, nor hide it.
//! - A variable has the span `mixed_site`, so that a user's macro in the body
//!   cannot mean it either. Items have no such hygiene: the prefix must do.
//! - A constant outside the function may still have the name of a variable, and
//!   a pattern that meets a constant binds nothing: it compares. So each
//!   variable has a *shield*: an import of a function under the same name,
//!   nearer than the constant. A pattern may bind the name of a function.
//!
//! An argument that had no name of its own has no shield, as its pattern stands
//! in the signature. There a constant of that name is a compile error.

use std::{cell::RefCell, collections::BTreeSet};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, Path};

pub(crate) struct Names {
    prefix: String,
    variables: RefCell<BTreeSet<Ident>>,
}

impl Names {
    /// Names that do not occur in a function, nor in its attributes.
    pub(crate) fn beside(options: &TokenStream, item: &TokenStream) -> Self {
        // As text: a format string holds identifiers, too.
        let input = format!("{options} {item}").to_lowercase();
        let mut prefix = String::from("__fusebox_");
        for number in 1.. {
            if !input.contains(&prefix) {
                break;
            }
            prefix = format!("__fusebox{number}_");
        }
        Self { prefix, variables: RefCell::default() }
    }

    /// A variable within the body.
    pub(crate) fn variable(&self, role: &str) -> Ident {
        let name = self.unseen(role);
        self.variables.borrow_mut().insert(name.clone());
        name
    }

    /// A `static` at the body's beginning.
    pub(crate) fn item(&self, role: &str, layer: usize) -> Ident {
        let name = format!("{}{role}_{layer}", self.prefix).to_uppercase();
        Ident::new(&name, Span::mixed_site())
    }

    /// An argument that had no name.
    pub(crate) fn argument(&self, at: usize) -> Ident {
        self.unseen(&format!("argument_{at}"))
    }

    fn unseen(&self, role: &str) -> Ident {
        Ident::new(&format!("{}{role}", self.prefix), Span::mixed_site())
    }

    /// What keeps constants from the variables made so far.
    pub(crate) fn shields(&self, krate: &Path) -> Option<TokenStream> {
        let variables = self.variables.borrow();
        let variables = variables.iter();
        (variables.len() > 0).then(|| {
            quote! {
                #[allow(unused_imports)]
                use #krate::attributes::{#(shield as #variables),*};
            }
        })
    }
}
