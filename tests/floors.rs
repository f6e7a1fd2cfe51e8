//! The folders of `src/` stand on floors, as ARCHITECTURE.md lists them, and
//! import only from those below.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    ItemUse, UseTree,
    visit::{self, Visit},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The floor of each folder and file, by its name in a path.
fn floors() -> BTreeMap<String, u32> {
    let page = fs::read_to_string(Path::new(ROOT).join("ARCHITECTURE.md")).unwrap();
    let mut floors = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let Ok(floor) = cells[1].parse() else { continue };
        for name in cells[2].split('`').skip(1).step_by(2) {
            let name = name.trim_end_matches('/').trim_end_matches(".rs");
            assert!(floors.insert(name.to_owned(), floor).is_none(), "{name} stands twice");
        }
    }
    floors
}

/// What a file imports from its crate: the second words of its paths.
#[derive(Default)]
struct Imports(Vec<String>);

impl Visit<'_> for Imports {
    fn visit_item_use(&mut self, item: &ItemUse) {
        if let UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.below(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|it| it.ident == "crate")
            && let Some(second) = segments.next()
        {
            self.0.push(second.ident.to_string());
        }
        visit::visit_path(self, path);
    }
}

impl Imports {
    fn below(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(it) => self.0.push(it.ident.to_string()),
            UseTree::Name(it) => self.0.push(it.ident.to_string()),
            UseTree::Rename(it) => self.0.push(it.ident.to_string()),
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.below(tree)),
            UseTree::Glob(_) => panic!("a glob of the whole crate hides what it imports"),
        }
    }
}

/// Every Rust file of `src/` but its root, with the folder or file that it belongs to.
fn files() -> Vec<(String, PathBuf)> {
    let (src, mut files) = (Path::new(ROOT).join("src"), Vec::new());
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let first = path.strip_prefix(&src).unwrap().iter().next().unwrap();
            let room = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
            if room != "lib" {
                files.push((room, path));
            }
        }
    }
    files
}

#[test]
fn every_folder_has_a_floor_and_is_there() {
    let floors = floors();
    let rooms: std::collections::BTreeSet<_> = files().into_iter().map(|(room, _)| room).collect();
    assert!(rooms.iter().eq(floors.keys()), "{rooms:?}\n{:?}", floors.keys());
}

#[test]
fn no_import_runs_up() {
    let (floors, mut found) = (floors(), 0);
    for (room, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut imports = Imports::default();
        imports.visit_file(&file);
        for import in imports.0.into_iter().filter(|import| *import != room) {
            // What `lib.rs` hands on by another name would hide its floor.
            let Some(below) = floors.get(&import) else {
                panic!("{}: `crate::{import}` is no folder of `src/`", path.display())
            };
            assert!(*below < floors[&room], "{}: `{import}` is not below", path.display());
            found += 1;
        }
    }
    assert!(found > 100, "the imports were not found: {found}");
}
