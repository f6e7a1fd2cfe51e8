//! The three runs side by side, as an SVG.

use std::path::Path;

use plotters::{coord::Shift, prelude::*};

use crate::show::{
    Failure,
    figures::{BUCKET_MS, Figures},
    outage::Run,
    schedule::Schedule,
};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Failure>;

const SIZE: (u32, u32) = (1_240, 640);
const WELL: RGBColor = RGBColor(238, 247, 240);
const DOWN: RGBColor = RGBColor(248, 209, 209);
const REDIS_DEAD: RGBColor = RGBColor(122, 92, 160);
const FAILED: RGBColor = RGBColor(191, 80, 24);
const OPEN: RGBColor = RGBColor(204, 52, 52);
const INK: RGBColor = RGBColor(40, 44, 52);

pub fn draw(path: &Path, schedule: Schedule, processes: u16, runs: &[Figures]) -> Drawn {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (title, rest) = root.split_vertically(48);
    title.draw(&Text::new(
        format!("The same outage, seen by {processes} processes"),
        (24, 14),
        ("sans-serif", 24).into_font().color(&INK),
    ))?;
    let (charts, legend) = rest.split_vertically(SIZE.1 - 48 - 44);
    // The same scales in all runs.
    let most = runs.iter().flat_map(|run| &run.buckets).max().copied().unwrap_or(0);
    let most = f64::from(most.max(1)) * 1.25;
    for (area, run) in charts.split_evenly((1, runs.len())).iter().zip(runs) {
        let (upper, lower) = area.split_vertically(280);
        let heading = format!("{}: calls that reached the dead server", run.run.label());
        let width = BUCKET_MS as f64 / 1e3;
        let bars = run.buckets.iter().enumerate().map(|(at, &calls)| {
            let from = at as f64 * width;
            [(from, 0.0), (from + width, f64::from(calls))]
        });
        chart(&upper, schedule, run, &heading, most, FAILED, bars)?;
        let heading = format!("{}: breakers that are not closed", run.run.label());
        chart(
            &lower,
            schedule,
            run,
            &heading,
            f64::from(processes) * 1.25,
            OPEN,
            steps(schedule, run),
        )?;
    }
    draw_legend(&legend)?;
    root.present()?;
    Ok(())
}

type Bounds = [(f64, f64); 2];

/// How many breakers are not closed, from change to change.
fn steps(schedule: Schedule, run: &Figures) -> impl Iterator<Item = Bounds> {
    let ends = run.open.iter().skip(1).map(|&(at, _)| at).chain([schedule.end]);
    let spans = run.open.iter().zip(ends);
    spans.map(|(&(from, open), to)| [(seconds(from), 0.0), (seconds(to), f64::from(open))])
}

fn chart(
    area: &Area<'_>,
    schedule: Schedule,
    run: &Figures,
    heading: &str,
    y_max: f64,
    colour: RGBColor,
    bars: impl Iterator<Item = Bounds>,
) -> Drawn {
    let end = seconds(schedule.end);
    let mut chart = ChartBuilder::on(area)
        .margin_right(16)
        .margin_left(8)
        .margin_top(6)
        .caption(heading, ("sans-serif", 16).into_font().color(&INK))
        .x_label_area_size(42)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..end, 0.0..y_max)?;
    let (outage, recovery) = (seconds(schedule.outage), seconds(schedule.recovery));
    for (from, to, shade) in [(0.0, outage, WELL), (outage, recovery, DOWN), (recovery, end, WELL)]
    {
        chart.draw_series([Rectangle::new([(from, 0.0), (to, y_max)], shade.filled())])?;
    }
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE.mix(0.0))
        .bold_line_style(INK.mix(0.12))
        .x_desc("seconds from the start")
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .x_label_formatter(&|x| format!("{x:.1}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    chart.draw_series(bars.map(|bounds| Rectangle::new(bounds, colour.mix(0.75).filled())))?;
    if run.run == Run::RedisKilled {
        let (from, to) = (seconds(schedule.kill), seconds(schedule.revive));
        let band = [(from, y_max * 0.9), (to, y_max)];
        chart.draw_series([Rectangle::new(band, REDIS_DEAD.filled())])?;
    }
    Ok(())
}

fn draw_legend(area: &Area<'_>) -> Drawn {
    let parts = [
        ("the service answers", WELL),
        ("the service is down", DOWN),
        ("calls that reached it", FAILED),
        ("breakers that are not closed", OPEN),
        ("Redis is dead", REDIS_DEAD),
    ];
    let mut x = 20;
    for (label, colour) in parts {
        area.draw(&Rectangle::new([(x, 12), (x + 20, 28)], colour.filled()))?;
        area.draw(&Rectangle::new([(x, 12), (x + 20, 28)], INK.mix(0.4)))?;
        let style = TextStyle::from(("sans-serif", 14).into_font()).color(&INK);
        area.draw(&Text::new(label, (x + 28, 13), style))?;
        x += 52 + 7 * i32::try_from(label.len())?;
    }
    Ok(())
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1e3
}
