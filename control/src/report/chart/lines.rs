//! Charts of a few lines as SVG: panels one above the other over one horizontal axis.

use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, LineSeries, PathElement,
    RGBColor, SVGBackend, Text, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Width of a chart and height of each of its panels, in pixels.
const WIDTH: u32 = 860;
const PANEL: u32 = 320;
/// Nearer to the last one a label of the horizontal axis would run into it.
const TICK_GAP: i32 = 46;
/// More names than this hide the lines.
const NAMES_MAX: usize = 10;
/// Colours that people of any sight tell apart (Okabe and Ito), darkest first.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];
const INK: RGBColor = RGBColor(40, 40, 40);

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The horizontal axis with its unit.
    pub x_label: String,
    /// Where on it which value stands; positions ascend.
    pub ticks: Vec<(f64, String)>,
    /// One above the other.
    pub panels: Vec<Panel>,
}

/// Lines over one vertical axis, which begins at 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The axis with its unit.
    pub y_label: String,
    /// At least none.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name; empty where it is the only one.
    pub name: String,
    /// Its points from left to right.
    pub points: Vec<(f64, f64)>,
}

type Area<'text> = DrawingArea<SVGBackend<'text>, Shift>;
type Drawn<T> = Result<T, Box<dyn std::error::Error>>;

/// The chart as an SVG document. It has a ground of its own, so that it reads the same on light and on
/// dark pages.
///
/// # Panics
/// Never: memory takes what is drawn.
#[must_use]
pub fn svg(chart: &Chart) -> String {
    let mut text = String::new();
    let panels = u32::try_from(chart.panels.len()).expect("a few panels");
    let area =
        SVGBackend::with_string(&mut text, (WIDTH, PANEL * panels.max(1))).into_drawing_area();
    draw(chart, &area).expect("memory takes what is drawn");
    drop(area);
    text
}

fn draw(chart: &Chart, area: &Area<'_>) -> Drawn<()> {
    area.fill(&WHITE)?;
    for (part, panel) in area.split_evenly((chart.panels.len().max(1), 1)).iter().zip(&chart.panels)
    {
        draw_panel(chart, panel, part)?;
    }
    area.present()?;
    Ok(())
}

fn draw_panel(chart: &Chart, panel: &Panel, area: &Area<'_>) -> Drawn<()> {
    let small = || ("sans-serif", 13).into_font().color(&INK);
    let mut on = ChartBuilder::on(area)
        .margin(14)
        .margin_right(28)
        .x_label_area_size(52)
        .y_label_area_size(88)
        .build_cartesian_2d(width(&chart.ticks), 0.0..height(&panel.lines))?;
    on.configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .y_labels(6)
        .max_light_lines(1)
        .y_label_formatter(&|value| number(*value))
        .axis_style(INK)
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(222, 222, 222))
        .label_style(small())
        .axis_desc_style(small())
        .x_desc(chart.x_label.as_str())
        .y_desc(panel.y_label.as_str())
        .draw()?;
    let (left, top) = area.get_base_pixel();
    let mut free = i32::MIN;
    for (position, label) in &chart.ticks {
        let (x, y) = on.backend_coord(&(*position, 0.0));
        let (x, y) = (x - left, y - top);
        area.draw(&PathElement::new(vec![(x, y), (x, y + 5)], INK))?;
        if free <= x {
            let style = small().pos(Pos::new(HPos::Center, VPos::Top));
            area.draw(&Text::new(label.clone(), (x, y + 8), style))?;
            free = x + TICK_GAP;
        }
    }
    for (index, line) in panel.lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points = line.points.iter().copied();
        let drawn = on.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        if !line.name.is_empty() && index < NAMES_MAX {
            drawn.label(line.name.as_str()).legend(move |(x, y)| {
                PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2))
            });
        }
        on.draw_series(points.map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    if panel.lines.iter().any(|line| !line.name.is_empty()) {
        on.configure_series_labels()
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(small())
            .draw()?;
    }
    Ok(())
}

/// From a little before the first value to a little behind the last.
fn width(ticks: &[(f64, String)]) -> std::ops::Range<f64> {
    let ends = ticks.first().zip(ticks.last());
    let (first, last) = ends.map_or((0.0, 1.0), |(first, last)| (first.0, last.0));
    let room = if first < last { (last - first) * 0.03 } else { 1.0 };
    first - room..last + room
}

fn height(lines: &[Line]) -> f64 {
    let greatest = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y).fold(0.0, f64::max);
    if 0.0 < greatest { greatest * 1.1 } else { 1.0 }
}

/// A number at a tick, as short as it can be told.
pub(super) fn number(value: f64) -> String {
    let (value, unit) = match value {
        _ if value < 10_000.0 => (value, ""),
        _ if value < 1e6 => (value / 1e3, "k"),
        _ => (value / 1e6, "M"),
    };
    let text = format!("{value:.2}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::{Chart, Line, Panel, number, svg};

    fn texts(chart: &Chart) -> Vec<String> {
        let svg = svg(chart);
        let document = roxmltree::Document::parse(&svg).expect("an SVG document is XML");
        let nodes = document.descendants().filter(|node| node.has_tag_name("text"));
        nodes.filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
    }

    fn line(name: &str, points: &[(f64, f64)]) -> Line {
        Line { name: name.to_owned(), points: points.to_vec() }
    }

    #[test]
    fn a_chart_names_its_axes_its_values_and_its_lines() {
        let ticks = [(0.0, "1"), (1.0, "2"), (2.0, "a<b&c")];
        let lines = vec![line("one", &[(0.0, 1.0), (1.0, 5.0)]), line("two", &[(2.0, 9.5)])];
        let panel = |label: &str| Panel { y_label: label.to_owned(), lines: lines.clone() };
        let chart = Chart {
            x_label: "topics".to_owned(),
            ticks: ticks.map(|(at, label)| (at, label.to_owned())).to_vec(),
            panels: vec![panel("acked (msg/s)"), panel("p99 (ms)")],
        };
        let told = texts(&chart);
        for (text, count) in [
            ("topics", 2),
            ("1", 2),
            ("a<b&c", 2),
            ("one", 2),
            ("p99 (ms)", 1),
            ("acked (msg/s)", 1),
        ] {
            let found = told.iter().filter(|one| *one == text).count();
            assert!(count <= found, "{text}: {told:?}");
        }
    }

    #[test]
    fn a_chart_of_nothing_is_still_a_chart() {
        let panel = Panel { y_label: "msg/s".to_owned(), lines: Vec::new() };
        let empty = Chart { x_label: "x".to_owned(), ticks: Vec::new(), panels: vec![panel] };
        assert!(texts(&empty).contains(&"x".to_owned()), "its axes");
        texts(&Chart { panels: Vec::new(), ..empty });
    }

    #[test]
    fn numbers_at_ticks_are_short() {
        let told = [0.0, 0.25, 1_500.0, 20_000.0, 2_500_000.0].map(number);
        assert_eq!(told, ["0", "0.25", "1500", "20k", "2.5M"]);
    }
}
