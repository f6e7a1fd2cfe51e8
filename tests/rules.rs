//! `docs/rules.md` has every rule, and what it says of tests, models and planted
//! defects is true.

use std::{
    collections::BTreeSet,
    fmt, fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

/// The rules that there must be: a family's letter and its numbers.
const FAMILIES: [(char, RangeInclusive<u32>); 10] = [
    ('B', 1..=21),
    ('S', 1..=9),
    ('R', 1..=13),
    ('F', 1..=7),
    ('L', 1..=8),
    ('O', 1..=5),
    ('N', 1..=8),
    ('D', 1..=5),
    ('Y', 1..=3),
    ('G', 1..=6),
];

/// One rule, as it is written down.
struct Rule {
    code: String,
    /// What it promises.
    text: String,
    tests: Vec<Named>,
    models: Vec<Model>,
    defects: Vec<String>,
}

/// A function of a file.
#[derive(PartialEq, Eq)]
struct Named {
    file: PathBuf,
    function: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}", self.function, self.file.display())
    }
}

/// One model: of a rule, or of the list in `loom-tests/README.md`.
#[derive(PartialEq, Eq)]
struct Model {
    code: String,
    claim: Named,
}

/// The project's folder, to which all paths here are relative.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files of a folder.
fn rust_files(folder: &str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(Path::new(ROOT).join(folder))
        .unwrap()
        .map(move |entry| Path::new(folder).join(entry.unwrap().file_name()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
}

/// What stands between each `open` and the next `close`.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0)).collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The last of a line's links, relative to `folder`.
fn linked(line: &str, folder: &str) -> PathBuf {
    let target = between(line, "](", ")").pop().unwrap_or_else(|| panic!("no link: {line}"));
    let up = Path::new(folder).parent().unwrap();
    target.strip_prefix("../").map_or_else(|| Path::new(folder).join(target), |path| up.join(path))
}

/// The rules, in the order of the page.
fn rules() -> Vec<Rule> {
    let page = read("docs/rules.md");
    page.split("\n### ").skip(1).map(|entry| rule(entry.split("\n## ").next().unwrap())).collect()
}

fn rule(entry: &str) -> Rule {
    let (code, body) = entry.split_once('\n').unwrap();
    let (items, text): (Vec<_>, Vec<_>) = body.lines().partition(|line| line.starts_with("- "));
    let mut rule = Rule {
        code: code.to_owned(),
        text: text.join(" ").trim().to_owned(),
        tests: Vec::new(),
        models: Vec::new(),
        defects: Vec::new(),
    };
    for item in items {
        let (kind, names) = item.split_once(": ").unwrap_or_else(|| panic!("{code}: {item}"));
        let names = quoted(names).into_iter().map(str::to_owned);
        if kind.starts_with("- Tests") {
            let file = linked(kind, "docs");
            rule.tests.extend(names.map(|function| Named { file: file.clone(), function }));
        } else if kind.starts_with("- Model ") {
            let file = linked(kind, "docs");
            let code = between(kind, "[", "]")[0];
            let model = |function| Named { file: file.clone(), function };
            rule.models.extend(names.map(|n| Model { code: code.to_owned(), claim: model(n) }));
        } else if kind == "- Planted defects" {
            rule.defects.extend(names);
        } else {
            panic!("{code}: neither tests, nor a model, nor defects: {item}");
        }
    }
    rule
}

/// The list of models, each with the defects that it catches.
fn models() -> Vec<(Model, Vec<String>)> {
    let page = read("loom-tests/README.md");
    page.lines()
        .filter(|line| line.starts_with("| M"))
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let &["", code, _claim, place, defects, ""] = &*cells else {
                panic!("not four cells: {line}");
            };
            let claim = Named {
                file: linked(place, "loom-tests"),
                function: quoted(place).pop().expect("a function").to_owned(),
            };
            let defects = quoted(defects).into_iter().map(str::to_owned).collect();
            (Model { code: code.to_owned(), claim }, defects)
        })
        .collect()
}

/// The variants of `pub enum Defect`, wherever it stands.
fn defects() -> BTreeSet<String> {
    let mut folders = vec![Path::new(ROOT).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some((_, rest)) = read(path).split_once("pub enum Defect {\n") {
                return rest
                    .lines()
                    .take_while(|line| *line != "}")
                    .filter_map(|line| Some(line.trim().strip_suffix(',')?.to_owned()))
                    .filter(|name| name.chars().all(char::is_alphanumeric))
                    .collect();
            }
        }
    }
    panic!("no file under src/ has `pub enum Defect`");
}

/// Fails unless it is a test that runs.
fn assert_is_test(named: &Named, whose: &str) {
    let text = read(&named.file);
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let heads = ["fn ", "async fn "].map(|head| format!("{head}{}(", named.function));
    let at = lines
        .iter()
        .position(|line| heads.iter().any(|head| line.starts_with(head)))
        .unwrap_or_else(|| panic!("{whose}: there is no {named}"));
    let attributes: Vec<_> =
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).collect();
    let is = |line: &str, name| line == format!("#[{name}]") || line.contains(&format!("{name}("));
    let by_itself = named.function == "main" && is_without_harness(&named.file);
    assert!(
        by_itself || attributes.iter().any(|line| is(line, "test") || is(line, "tokio::test")),
        "{whose}: {named} is no test"
    );
    assert!(
        !attributes.iter().any(|line| line.starts_with("#[ignore")),
        "{whose}: {named} is ignored"
    );
}

/// Whether the file is a test that is a program of its own.
fn is_without_harness(file: &Path) -> bool {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let package = file.parent().and_then(Path::parent).unwrap();
    read(package.join("Cargo.toml")).contains(&format!("name = \"{name}\"\nharness = false"))
}

/// The codes that a test's name begins with: `R1` and `R5` of `r1_r5_the_last`.
fn codes_of(function: &str) -> Vec<String> {
    let is_code = |part: &String| {
        let numbered = FAMILIES.iter().find_map(|(family, _)| part.strip_prefix(*family));
        numbered.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    function.split('_').map(str::to_uppercase).take_while(is_code).collect()
}

#[test]
fn every_rule_is_written_down_in_its_place() {
    let expected: Vec<_> = FAMILIES
        .into_iter()
        .flat_map(|(family, numbers)| numbers.map(move |number| format!("{family}{number}")))
        .collect();
    let written: Vec<_> = rules().into_iter().map(|rule| rule.code).collect();
    assert_eq!(written, expected);
}

#[test]
fn every_rule_has_words_and_tests_that_run() {
    for Rule { code, text, tests, .. } in rules() {
        assert!(text.ends_with('.') && text.contains(' '), "{code} has no words: {text:?}");
        assert!(!tests.is_empty(), "{code} has no test");
        for test in &tests {
            assert_is_test(test, &code);
            let codes = codes_of(&test.function);
            assert!(codes.is_empty() || codes.contains(&code), "{code}: {test} is another rule's");
        }
    }
}

#[test]
fn every_test_with_a_code_in_its_name_is_named_by_that_rule() {
    let rules = rules();
    let mut found = 0;
    for file in rust_files("tests") {
        for function in between(&read(&file), "fn ", "(") {
            for code in codes_of(function) {
                found += 1;
                let named = Named { file: file.clone(), function: function.to_owned() };
                let rule = rules.iter().find(|rule| rule.code == code);
                let tests = &rule.unwrap_or_else(|| panic!("there is no rule of {named}")).tests;
                assert!(tests.contains(&named), "{code} does not name {named}");
            }
        }
    }
    assert!(found > 50, "the tests were not found: {found}");
}

#[test]
fn every_model_of_a_rule_is_in_the_list_and_catches_its_defects() {
    let (models, variants) = (models(), defects());
    for Rule { code, models: own, defects, .. } in rules() {
        let mut caught = Vec::new();
        for model in &own {
            let listed = models.iter().find(|(listed, _)| listed == model);
            let Model { code: number, claim } = model;
            let (_, defects) = listed.unwrap_or_else(|| panic!("{code}: {number} is not {claim}"));
            caught.extend(defects);
        }
        for defect in &defects {
            assert!(variants.contains(defect), "{code}: nobody can plant {defect}");
            assert!(caught.contains(&defect), "{code}: none of its models catches {defect}");
        }
    }
}

#[test]
fn the_list_of_models_is_that_of_the_files() {
    let variants = defects();
    let models = models();
    for (number, (Model { code, claim }, defects)) in (1..).zip(&models) {
        assert_eq!(*code, format!("M{number}"), "they are numbered in one list");
        assert_is_test(claim, code);
        let text = read(&claim.file);
        let head: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let words: Vec<_> = head.iter().flat_map(|line| line.split([' ', ':', ','])).collect();
        assert!(words.contains(&code.as_str()), "{code}: the head of {claim} does not say so");
        assert!(!defects.is_empty(), "{code} catches nothing");
        for defect in defects {
            assert!(variants.contains(defect), "{code}: nobody can plant {defect}");
            let caught = format!("catches(Defect::{defect},");
            assert!(text.contains(&caught), "{code}: nothing beside {claim} catches {defect}");
        }
    }
}

#[test]
fn every_model_is_in_the_list() {
    let models = models();
    for file in rust_files("loom-tests/tests") {
        for claim in between(&read(&file), "#[test]\nfn ", "\n}") {
            let (function, body) = claim.split_once('(').unwrap();
            let listed = models
                .iter()
                .any(|(model, _)| model.claim.file == file && model.claim.function == function);
            assert!(
                listed || !body.contains(" check("),
                "{function} of {} is not listed",
                file.display()
            );
        }
    }
}

#[test]
fn every_planted_defect_belongs_to_a_rule_or_a_model() {
    let rules = rules().into_iter().flat_map(|rule| rule.defects);
    let models = models().into_iter().flat_map(|(_, defects)| defects);
    let named: BTreeSet<_> = rules.chain(models).collect();
    let variants = defects();
    assert!(variants.len() > 8, "the list of defects was not found: {variants:?}");
    assert_eq!(variants.difference(&named).next(), None, "no rule and no model names it");
}
