//! `map`: which breakers' calls call which others.

use std::{io::Write, path::Path};

use fusebox::Map;

use crate::{
    args::{self, Format, Switch},
    escape::safe,
    failure::{Failure, say},
    saved_map,
    source::Source,
};

/// Draws the map, or does to it what was asked for.
pub(super) fn run(panel: &Path, args: &args::Map, out: &mut impl Write) -> Result<(), Failure> {
    if args.forget || args.learn.is_some() {
        return change(panel, args, out);
    }
    let source = Source::read(panel)?;
    source.warn();
    let mut map = Map::of(source.readings());
    if map.panel() == 0 {
        return Err(Failure::because(
            "the panel has no map yet: `fusebox map --learn on` has its breakers learn who calls \
             them",
        ));
    }
    if let Some(file) = &args.from {
        saved_map::redraw(file, &mut map)?;
    } else if args.format == Format::Text && map.is_learning() && map.edges().next().is_none() {
        say("no call from one breaker's call to another was seen yet; a program learns only \
             where it was built with fusebox's feature `map`");
    }
    let text = match args.format {
        Format::Text => safe(&map.to_string()),
        Format::Dot => map.dot().to_string(),
        Format::Mermaid => map.mermaid().to_string(),
        Format::Json => format!("{}\n", map.json()),
    };
    out.write_all(text.as_bytes())?;
    if map.left_out() > 0 {
        out.flush()?;
        say(&format!(
            "{} breakers are not on the map: it has places for the first 256 slots",
            map.left_out()
        ));
    }
    Ok(())
}

fn change(path: &Path, args: &args::Map, out: &mut impl Write) -> Result<(), Failure> {
    let source = Source::write(path)?;
    let panel = source.panel().expect("it was opened to be changed");
    if args.forget {
        panel.forget_map();
        writeln!(out, "forgotten: who called whom")?;
    }
    match args.learn {
        Some(Switch::On) => {
            panel.set_mapped(true);
            writeln!(out, "breakers learn who calls them, in each program with the feature `map`")?;
        }
        Some(Switch::Off) => {
            panel.set_mapped(false);
            writeln!(out, "breakers learn no more; what they have learned stays")?;
        }
        None => {}
    }
    Ok(())
}
