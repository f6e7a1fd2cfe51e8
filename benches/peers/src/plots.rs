//! The report's pictures.

use std::{error::Error, path::Path};

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{measure::Figure, scaling::Line};

const INK: RGBColor = RGBColor(40, 44, 52);
const OWN: RGBColor = RGBColor(27, 120, 86);
const OTHER: RGBColor = RGBColor(150, 158, 170);
const LINES: [RGBColor; 3] = [OWN, RGBColor(66, 110, 180), RGBColor(191, 80, 24)];
const ROW: i32 = 34;
const NAMES: i32 = 190;
const WIDTH: u32 = 860;

type Drawn = Result<(), Box<dyn Error>>;

/// Bars of ns per call on a logarithmic scale, one group a heading.
pub(crate) fn bars(path: &Path, groups: &[(&str, Vec<&Figure>)]) -> Drawn {
    let rows: usize = groups.iter().map(|(_, figures)| figures.len() + 2).sum();
    let height = u32::try_from(rows)? * ROW.unsigned_abs() * 3 / 4;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let most = groups.iter().flat_map(|(_, figures)| figures).map(|f| f.ns()).fold(1.0, f64::max);
    let (low, high) = (0.2_f64.ln(), (most * 2.0).ln());
    let length_max = f64::from(WIDTH) - f64::from(NAMES) - 90.0;
    let text = ("sans-serif", 15).into_font().color(&INK);
    let right = text.clone().pos(Pos::new(HPos::Right, VPos::Center));
    let left = text.clone().pos(Pos::new(HPos::Left, VPos::Center));
    let step = ROW * 3 / 4;
    let mut y = step;
    for (heading, figures) in groups {
        let bold = ("sans-serif", 17).into_font().style(FontStyle::Bold).color(&INK);
        root.draw(&Text::new((*heading).to_owned(), (12, y - 8), bold))?;
        y += step;
        for figure in figures {
            #[allow(clippy::cast_possible_truncation)] // pixels
            let length = ((figure.ns().ln() - low) / (high - low) * length_max).max(2.0) as i32;
            let color = if figure.name.starts_with("fusebox") { OWN } else { OTHER };
            let bar = [(NAMES, y - 8), (NAMES + length, y + 8)];
            root.draw(&Rectangle::new(bar, color.filled()))?;
            root.draw(&Text::new(figure.name.to_owned(), (NAMES - 8, y), right.clone()))?;
            let value = format!("{:.1} ns", figure.ns());
            root.draw(&Text::new(value, (NAMES + length + 6, y), left.clone()))?;
            y += step;
        }
        y += step / 2;
    }
    root.present()?;
    Ok(())
}

/// Throughput against threads: on one breaker, and each on its own.
pub(crate) fn scaling(path: &Path, lines: &[Line]) -> Drawn {
    let root = SVGBackend::new(path, (WIDTH, 400)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, shared) in root.split_evenly((1, 2)).iter().zip([true, false]) {
        let lines: Vec<_> = lines.iter().filter(|line| line.shared == shared).collect();
        let points = || lines.iter().flat_map(|line| &line.points);
        let threads = points().map(|&(threads, _)| threads).max().unwrap_or(1);
        let most = points().map(|&(_, calls)| calls).fold(1.0, f64::max);
        let least = points().map(|&(_, calls)| calls).fold(most, f64::min);
        let heading = if shared { "all threads on one breaker" } else { "each on its own breaker" };
        let mut chart = ChartBuilder::on(area)
            .caption(heading, ("sans-serif", 17).into_font().color(&INK))
            .margin(14)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(1.0..threads as f64, (least / 2.0..most * 8.0).log_scale())?;
        chart
            .configure_mesh()
            .x_desc("threads")
            .y_desc("million calls a second, logarithmic")
            .x_labels(threads.min(16))
            .x_label_formatter(&|x| if x.fract() == 0.0 { format!("{x}") } else { String::new() })
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .light_line_style(WHITE)
            .draw()?;
        for (line, color) in lines.iter().zip(LINES) {
            let points: Vec<_> = line.points.iter().map(|&(x, y)| (x as f64, y)).collect();
            chart
                .draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?
                .label(line.mix)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 4), (x + 14, y + 4)], color.filled())
                });
            chart.draw_series(points.iter().map(|&at| Circle::new(at, 4, color.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.9))
            .border_style(OTHER)
            .label_font(("sans-serif", 13).into_font().color(&INK))
            .draw()?;
    }
    root.present()?;
    Ok(())
}
