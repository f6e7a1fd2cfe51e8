//! Pictures, as SVG.

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

/// A line of a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
    /// Dots in place of a line: for what others have measured.
    pub dots: bool,
}

/// A diagram with its lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plot {
    /// Its heading.
    pub title: String,
    /// What goes from left to right.
    pub x: String,
    /// What goes up.
    pub y: String,
    /// The spans from left to right that are shaded: where something goes wrong.
    pub shaded: Vec<(f64, f64)>,
    /// The lines.
    pub lines: Vec<Line>,
}

const WIDTH: u32 = 1_000;
const LEAST_HEIGHT: u32 = 420;
const LEGEND: u32 = 300;
/// Where the legend begins, and how far its lines are apart.
const LEGEND_FROM: i32 = 50;
const LEGEND_STEP: u16 = 24;
const INK: RGBColor = RGBColor(40, 44, 52);
const SHADE: RGBColor = RGBColor(244, 236, 226);
/// Paul Tol's bright colours, which colour-blind readers tell apart, and darker ones.
const COLOURS: [RGBColor; 10] = [
    RGBColor(68, 119, 170),
    RGBColor(238, 102, 119),
    RGBColor(34, 136, 51),
    RGBColor(204, 187, 68),
    RGBColor(102, 204, 238),
    RGBColor(170, 51, 119),
    RGBColor(120, 120, 120),
    RGBColor(153, 79, 0),
    RGBColor(0, 0, 0),
    RGBColor(0, 158, 115),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

impl Plot {
    /// The picture.
    ///
    /// # Panics
    /// Never: text takes all that is drawn into it.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut text = String::new();
        {
            let root =
                SVGBackend::with_string(&mut text, (WIDTH, self.height())).into_drawing_area();
            self.draw(&root).expect("a picture in memory");
        }
        text
    }

    /// So high that the legend has room.
    fn height(&self) -> u32 {
        let lines = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        lines
            .saturating_mul(LEGEND_STEP.into())
            .saturating_add(LEGEND_FROM.unsigned_abs())
            .max(LEAST_HEIGHT)
    }

    fn draw(&self, root: &Area<'_>) -> Drawn {
        root.fill(&WHITE)?;
        let (chart, legend) = root.split_horizontally(WIDTH - LEGEND);
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
        let least = points().map(|it| it.0).fold(f64::INFINITY, f64::min).min(most(|it| it.0));
        let (right, top) = (most(|it| it.0).max(least + 1e-9), most(|it| it.1).max(1e-9) * 1.08);
        let mut context = ChartBuilder::on(&chart)
            .margin(14)
            .caption(&self.title, ("sans-serif", 19, &INK))
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(least..right, 0.0..top)?;
        let shades = self.shaded.iter().map(|&(from, to)| {
            Rectangle::new([(from.max(least), 0.0), (to.min(right), top)], SHADE.filled())
        });
        context.draw_series(shades)?;
        context
            .configure_mesh()
            .x_desc(&self.x)
            .y_desc(&self.y)
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.12))
            .axis_style(INK.mix(0.6))
            .label_style(("sans-serif", 13, &INK))
            .draw()?;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let points = line.points.iter().copied();
            if line.dots {
                let dots = points.map(|point| Circle::new(point, 3, colour.filled()));
                context.draw_series(dots)?;
            } else {
                let line = LineSeries::new(points, colour.stroke_width(2));
                context.draw_series(line)?;
            }
        }
        self.draw_legend(&legend)?;
        root.present()?;
        Ok(())
    }

    fn draw_legend(&self, area: &Area<'_>) -> Drawn {
        let style =
            ("sans-serif", 14).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
        for (line, (colour, y)) in self
            .lines
            .iter()
            .zip(COLOURS.iter().cycle().zip((LEGEND_FROM..).step_by(LEGEND_STEP.into())))
        {
            if line.dots {
                area.draw(&Circle::new((16, y), 4, colour.filled()))?;
            } else {
                let stroke = PathElement::new([(4, y), (28, y)], colour.stroke_width(3));
                area.draw(&stroke)?;
            }
            area.draw(&Text::new(line.name.clone(), (38, y), style.clone()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_shows_its_title_its_lines_and_their_names() {
        let line = |name: &str, dots| Line {
            name: name.into(),
            points: vec![(0.0, 1.0), (5.0, 2.0)],
            dots,
        };
        let plot = Plot {
            title: "A storm".into(),
            x: "seconds".into(),
            y: "answers".into(),
            shaded: vec![(1.0, 2.0)],
            lines: vec![line("ours", false), line("theirs", true)],
        };
        let svg = plot.svg();
        for text in ["A storm", "seconds", "answers", "ours", "theirs", "<polyline", "<circle"] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(svg, plot.svg());
        // Nothing to draw is no reason to fail.
        assert!(Plot::default().svg().contains("<svg"));
    }
}
