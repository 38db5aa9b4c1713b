//! Draws the charts of a page: axes, bands, marks and series, as SVG without colours of its own.

use super::ink::{Ink, classed};
use super::plot::{Plot, Series, Shape};
use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Cross, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, Rectangle,
    SVGBackend, Text, TriangleMarker,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle};

/// A chart's width in its own units; a page stretches it.
const WIDTH: i32 = 640;
/// The usual height of a chart.
pub const HEIGHT: i32 = 300;
/// Room around what is drawn. A narrow page writes larger, and the words still fit.
const TOP: i32 = 46;
const BOTTOM: i32 = 54;
const RIGHT: i32 = 22;
const LEFT: i32 = 82;
/// Room to the left of an axis of names, and as many letters as fit there.
const LEFT_OF_NAMES: i32 = 190;
const LETTERS_MAX: usize = 17;
/// Width of a letter, and of what parts two words.
const LETTER: i32 = 7;
const GAP: i32 = 8;
const SIZE: i32 = 12;
/// Half the size of a marker.
const MARKER: i32 = 4;
/// Width and height of a series' look in a legend.
const SWATCH: (i32, i32) = (36, 12);

type Area<'text> = DrawingArea<SVGBackend<'text>, Shift>;
type Drawn<T> = Result<T, Box<dyn std::error::Error>>;

/// The chart as an element of a page, with its title and its words for those who do not see it.
///
/// # Panics
/// Never: memory takes what is drawn.
#[must_use]
pub fn drawn(plot: &Plot, escape: fn(&str) -> String) -> String {
    let Plot { id, height, .. } = plot;
    let elements = elements((WIDTH, *height), |area| draw(plot, area));
    let (title, words) = (escape(&plot.title), escape(&plot.words));
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-words\">\n<title id=\"{id}-title\">{title}</title>\n\
         <desc id=\"{id}-words\">{words}</desc>\n{elements}\n</svg>\n"
    )
}

/// The look of a series, for a legend.
///
/// # Panics
/// Never: memory takes what is drawn.
#[must_use]
pub fn swatch(index: usize, shape: Shape) -> String {
    let (width, height) = SWATCH;
    let middle = height / 2;
    let elements = elements(SWATCH, |area| {
        if shape != Shape::Dots {
            line(area, vec![(1, middle), (width - 1, middle)], Ink::Line(index))?;
        }
        match shape {
            Shape::Line => Ok(()),
            Shape::Stems => dot(area, (width - 1 - MARKER, middle), index),
            Shape::Dots | Shape::Marked => dot(area, (width / 2, middle), index),
        }
    });
    format!(
        "<svg class=\"swatch\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">{elements}</svg>"
    )
}

fn elements((width, height): (i32, i32), draw: impl FnOnce(&Area<'_>) -> Drawn<()>) -> String {
    let side = |length: i32| u32::try_from(length).expect("a chart has a size");
    let mut document = String::new();
    let area =
        SVGBackend::with_string(&mut document, (side(width), side(height))).into_drawing_area();
    draw(&area).expect("memory takes what is drawn");
    area.present().expect("memory takes what is drawn");
    drop(area);
    classed(&document)
}

/// Where the drawn part of a chart lies.
struct Frame<'plot> {
    plot: &'plot Plot,
    left: i32,
    bottom: i32,
}

impl Frame<'_> {
    fn x(&self, value: f64) -> i32 {
        self.left + along(self.plot.x.scale.place(value), WIDTH - RIGHT - self.left)
    }

    fn y(&self, value: f64) -> i32 {
        self.bottom - along(self.plot.y.scale.place(value), self.bottom - TOP)
    }
}

/// A part of a length.
#[expect(clippy::cast_possible_truncation, reason = "a place of 0 to 1 on an axis of some hundred")]
fn along(place: f64, length: i32) -> i32 {
    (place * f64::from(length)).round() as i32
}

fn draw(plot: &Plot, area: &Area<'_>) -> Drawn<()> {
    let left = if plot.y.scale.is_of_names() { LEFT_OF_NAMES } else { LEFT };
    let frame = Frame { plot, left, bottom: plot.height - BOTTOM };
    for band in &plot.bands {
        let (from, to) = (frame.x(band.from), frame.x(band.to));
        // What is shorter than a unit is still seen.
        let corners = [(from, TOP), (to.max(from + 2), frame.bottom)];
        area.draw(&Rectangle::new(corners, Ink::Band.colour().filled()))?;
    }
    draw_y_axis(&frame, area)?;
    draw_x_axis(&frame, area)?;
    for (index, series) in plot.series.iter().enumerate() {
        for band in &series.bands {
            let corners: Vec<(i32, i32)> =
                band.iter().map(|(x, y)| (frame.x(*x), frame.y(*y))).collect();
            area.draw(&Polygon::new(corners, Ink::Fill(index).colour().filled()))?;
        }
    }
    for (index, series) in plot.series.iter().enumerate() {
        draw_series(&frame, area, (index, series))?;
    }
    draw_marks(&frame, area)
}

fn draw_y_axis(frame: &Frame<'_>, area: &Area<'_>) -> Drawn<()> {
    let axis = &frame.plot.y;
    for (value, word) in &axis.scale.ticks {
        let y = frame.y(*value);
        line(area, vec![(frame.left, y), (WIDTH - RIGHT, y)], Ink::Grid)?;
        let short = shortened(word);
        write(area, (&short, Ink::Tick), (frame.left - GAP, y), (HPos::Right, VPos::Center))?;
    }
    write(area, (&axis.label, Ink::Label), (GAP, 4), (HPos::Left, VPos::Top))
}

fn draw_x_axis(frame: &Frame<'_>, area: &Area<'_>) -> Drawn<()> {
    let axis = &frame.plot.x;
    let y = frame.bottom;
    line(area, vec![(frame.left, y), (WIDTH - RIGHT, y)], Ink::Axis)?;
    let (mut free, mut is_spare) = (i32::MIN, false);
    for (value, word) in &axis.scale.ticks {
        let x = frame.x(*value);
        line(area, vec![(x, y), (x, y + 4)], Ink::Axis)?;
        let half = width_of(word) / 2;
        if free <= x - half {
            let ink = if is_spare { Ink::Spare } else { Ink::Tick };
            write(area, (word, ink), (x, y + 7), (HPos::Center, VPos::Top))?;
            (free, is_spare) = (x + half + GAP, !is_spare);
        }
    }
    let middle = (frame.left + WIDTH - RIGHT) / 2;
    let place = (middle, frame.plot.height - 4);
    write(area, (&axis.label, Ink::Label), place, (HPos::Center, VPos::Bottom))
}

fn draw_series(frame: &Frame<'_>, area: &Area<'_>, (index, series): (usize, &Series)) -> Drawn<()> {
    for piece in &series.pieces {
        let places: Vec<(i32, i32)> =
            piece.iter().map(|(x, y)| (frame.x(*x), frame.y(*y))).collect();
        // One point alone makes no line, and must be seen.
        let is_alone = places.len() == 1;
        match series.shape {
            Shape::Line | Shape::Marked if !is_alone => {
                line(area, places.clone(), Ink::Line(index))?;
            }
            Shape::Stems => {
                for (x, y) in &places {
                    line(area, vec![(frame.left, *y), (*x, *y)], Ink::Line(index))?;
                }
            }
            Shape::Line | Shape::Marked | Shape::Dots => {}
        }
        if series.shape != Shape::Line || is_alone {
            for place in places {
                dot(area, place, index)?;
            }
        }
    }
    Ok(())
}

fn draw_marks(frame: &Frame<'_>, area: &Area<'_>) -> Drawn<()> {
    let mut marks: Vec<_> = frame.plot.marks.iter().collect();
    marks.sort_by(|one, other| one.at.total_cmp(&other.at));
    let places: Vec<i32> = marks.iter().map(|mark| frame.x(mark.at)).collect();
    let mut free = i32::MIN;
    for (index, (mark, x)) in marks.iter().zip(&places).enumerate() {
        let ink = if mark.number.is_some() { Ink::Mark } else { Ink::End };
        line(area, vec![(*x, TOP - 4), (*x, frame.bottom)], ink)?;
        let number = mark.number.map_or_else(String::new, |number| number.to_string());
        let next = places.get(index + 1).copied().unwrap_or(WIDTH);
        if *x < free {
            continue;
        }
        write(area, (&number, Ink::Number), (*x, TOP - 6), (HPos::Center, VPos::Bottom))?;
        free = x + width_of(&number) + GAP;
        let from = x + width_of(&number) / 2 + GAP / 2;
        let short = shortened(&mark.words);
        if from + width_of(&short) < next {
            write(area, (&short, Ink::Words), (from, TOP - 6), (HPos::Left, VPos::Bottom))?;
        }
    }
    Ok(())
}

fn line(area: &Area<'_>, places: Vec<(i32, i32)>, ink: Ink) -> Drawn<()> {
    area.draw(&PathElement::new(places, ink.colour().stroke_width(1)))?;
    Ok(())
}

/// A point, by whose form a series is known as well.
fn dot(area: &Area<'_>, (x, y): (i32, i32), index: usize) -> Drawn<()> {
    let style: ShapeStyle = Ink::Dot(index).colour().filled();
    match index % 4 {
        0 => area.draw(&Circle::new((x, y), MARKER, style))?,
        1 => area.draw(&TriangleMarker::new((x, y), MARKER + 1, style))?,
        2 => {
            let half = MARKER - 1;
            area.draw(&Rectangle::new([(x - half, y - half), (x + half, y + half)], style))?;
        }
        _ => area.draw(&Cross::new((x, y), MARKER, style))?,
    }
    Ok(())
}

fn write(
    area: &Area<'_>,
    (text, ink): (&str, Ink),
    place: (i32, i32),
    (h_pos, v_pos): (HPos, VPos),
) -> Drawn<()> {
    if text.is_empty() {
        return Ok(());
    }
    let printable: String = text.chars().filter(|c| !c.is_control()).collect();
    let style = ("sans-serif", SIZE).into_font().color(&ink.colour()).pos(Pos::new(h_pos, v_pos));
    area.draw(&Text::new(printable, place, style))?;
    Ok(())
}

/// As many letters as there is room for.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LETTERS_MAX {
        return text.to_owned();
    }
    text.chars().take(LETTERS_MAX - 1).chain(['…']).collect()
}

fn width_of(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX / LETTER).saturating_mul(LETTER)
}
