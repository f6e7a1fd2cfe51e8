//! Both runs side by side, as an SVG.

use std::path::Path;

use fusebox::State;
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{
    Failure,
    figures::{BUCKET_MS, Figures},
    schedule::{Phase, Schedule},
};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Failure>;

const SIZE: (u32, u32) = (1_240, 720);
const SERVED: RGBColor = RGBColor(27, 120, 86);
/// Answers from the fallback, on top of the fresh ones.
const STALE: RGBColor = RGBColor(120, 170, 214);
const WASTED: RGBColor = RGBColor(191, 80, 24);
const INK: RGBColor = RGBColor(40, 44, 52);

pub fn draw(path: &Path, schedule: &Schedule, runs: &[Figures]) -> Drawn {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (title, rest) = root.split_vertically(48);
    title.draw(&Text::new(
        "The same outage, bare and through a fusebox pipeline",
        (24, 14),
        ("sans-serif", 24).into_font().color(&INK),
    ))?;
    let (charts, legend) = rest.split_vertically(SIZE.1 - 48 - 44);
    // The same scales on both sides.
    let most = |value: &dyn Fn(&Figures) -> f64| runs.iter().map(value).fold(0.1, f64::max) * 1.25;
    let goodput_max =
        most(&|run| fold_max(run.buckets.iter().map(|b| per_second(b.served + b.stale))));
    let wasted_max = most(&|run| fold_max(run.buckets.iter().map(|b| b.wasted_s)));
    for (area, run) in charts.split_evenly((1, 2)).iter().zip(runs) {
        let (upper, lower) = area.split_vertically(330);
        let stale = run.buckets.iter().map(|b| (per_second(b.served), per_second(b.stale), STALE));
        let served = run.buckets.iter().map(|b| (0.0, per_second(b.served), SERVED));
        let bars: Vec<_> = served.zip(stale).map(|(below, above)| [below, above]).collect();
        let heading = format!("{}: answers per second", run.run);
        chart(&upper, schedule, &heading, goodput_max, &bars, &[])?;
        let bars: Vec<_> =
            run.buckets.iter().map(|bucket| [(0.0, bucket.wasted_s, WASTED)]).collect();
        let heading =
            format!("{}: seconds waited for no fresh answer, by the call's start", run.run);
        chart(&lower, schedule, &heading, wasted_max, &bars, &spans(schedule, run))?;
    }
    draw_legend(&legend)?;
    root.present()?;
    Ok(())
}

fn per_second(answers: u32) -> f64 {
    f64::from(answers) * 1e3 / BUCKET_MS as f64
}

fn fold_max(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

/// A breaker's states with their starts and ends, in seconds.
fn spans(schedule: &Schedule, run: &Figures) -> Vec<(f64, f64, State)> {
    if run.changes.is_empty() {
        return Vec::new();
    }
    let mut from = (0, State::Closed);
    let mut spans = Vec::new();
    for next in run.changes.iter().map(|c| (c.at_ms, c.to)).chain([(schedule.end(), State::Closed)])
    {
        spans.push((seconds(from.0), seconds(next.0), from.1));
        from = next;
    }
    spans
}

/// A bar's lower end, its height and its colour.
type Bar = (f64, f64, RGBColor);

fn chart<const PARTS: usize>(
    area: &Area<'_>,
    schedule: &Schedule,
    heading: &str,
    y_max: f64,
    buckets: &[[Bar; PARTS]],
    states: &[(f64, f64, State)],
) -> Drawn {
    let end = seconds(schedule.end());
    let mut chart = ChartBuilder::on(area)
        .margin_right(24)
        .margin_left(10)
        .margin_top(6)
        .caption(heading, ("sans-serif", 17).into_font().color(&INK))
        .x_label_area_size(42)
        .y_label_area_size(54)
        .build_cartesian_2d(0.0..end, 0.0..y_max)?;
    for span in &schedule.spans {
        let (from, to) = (seconds(span.from), seconds(span.to));
        let shade = phase_colour(span.phase);
        chart.draw_series([Rectangle::new([(from, 0.0), (to, y_max)], shade.filled())])?;
        let middle = TextStyle::from(("sans-serif", 13).into_font())
            .color(&INK)
            .pos(Pos::new(HPos::Center, VPos::Top));
        let label = Text::new(span.phase.label(), (f64::midpoint(from, to), y_max * 0.985), middle);
        chart.draw_series([label])?;
    }
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE.mix(0.0))
        .bold_line_style(INK.mix(0.12))
        .x_desc("seconds from the start")
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .x_label_formatter(&|x| format!("{x:.1}"))
        .y_label_formatter(&|y| if y_max < 10.0 { format!("{y:.1}") } else { format!("{y:.0}") })
        .draw()?;
    // One bar a bucket, so that a bucket without answers is seen as empty.
    let width = seconds(BUCKET_MS);
    for (at, bars) in buckets.iter().enumerate() {
        let from = at as f64 * width;
        chart.draw_series(bars.iter().map(|&(low, height, colour)| {
            let bounds = [(from, low), (from + width, low + height)];
            Rectangle::new(bounds, colour.mix(0.75).filled())
        }))?;
    }
    // The breaker's states as a band under the phases' names.
    let band = [y_max * 0.83, y_max * 0.89];
    for &(from, to, state) in states {
        let bounds = [(from, band[0]), (to, band[1])];
        chart.draw_series([Rectangle::new(bounds, state_colour(state).filled())])?;
    }
    Ok(())
}

fn draw_legend(area: &Area<'_>) -> Drawn {
    let phases = [Phase::Answers, Phase::Hangs, Phase::Refuses, Phase::Unavailable]
        .map(|phase| (format!("server {}", phase.label()), phase_colour(phase)));
    let states = [State::Closed, State::Open, State::HalfOpen]
        .map(|state| (format!("breaker {state}"), state_colour(state)));
    let answers = [("fresh answer".into(), SERVED), ("from the fallback".into(), STALE)];
    let mut x = 20;
    for (label, colour) in phases.into_iter().chain(states).chain(answers) {
        area.draw(&Rectangle::new([(x, 12), (x + 20, 28)], colour.filled()))?;
        area.draw(&Rectangle::new([(x, 12), (x + 20, 28)], INK.mix(0.4)))?;
        let style = TextStyle::from(("sans-serif", 14).into_font()).color(&INK);
        area.draw(&Text::new(label.clone(), (x + 28, 13), style))?;
        x += 44 + 7 * i32::try_from(label.len())?;
    }
    Ok(())
}

fn phase_colour(phase: Phase) -> RGBColor {
    match phase {
        Phase::Answers => RGBColor(238, 247, 240),
        Phase::Hangs => RGBColor(252, 226, 205),
        Phase::Refuses => RGBColor(248, 209, 209),
        Phase::Unavailable => RGBColor(236, 219, 243),
    }
}

fn state_colour(state: State) -> RGBColor {
    match state {
        State::Closed => RGBColor(72, 168, 112),
        State::HalfOpen => RGBColor(240, 190, 50),
        _ => RGBColor(204, 52, 52),
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1e3
}
