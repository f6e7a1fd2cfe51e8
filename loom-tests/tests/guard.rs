//! Every defect that can be planted is caught by some model.

use std::{fs, path::Path};

#[test]
fn every_defect_is_planted_in_some_model() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defects = fs::read_to_string(here.join("../src/sync/defects.rs")).unwrap();
    let variants: Vec<_> = defects
        .lines()
        .skip_while(|line| !line.starts_with("pub enum Defect"))
        .take_while(|line| *line != "}")
        .filter_map(|line| line.trim().strip_suffix(','))
        .collect();
    assert!(variants.len() > 8, "the list of defects was not found: {variants:?}");
    let models: String = fs::read_dir(here.join("tests"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for variant in variants {
        let caught = format!("catches(Defect::{variant},");
        assert!(models.contains(&caught), "no model catches {variant}");
    }
}
