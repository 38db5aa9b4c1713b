//! The laws of drawn charts.

use super::draw::{HEIGHT, drawn, swatch};
use super::plot::{Axis, Band, Mark, Plot, Series, Shape};
use super::scale::Scale;
use std::str::FromStr;

fn plot(series: Vec<Series>) -> Plot {
    Plot {
        id: "made-up",
        title: "made up".to_owned(),
        words: "a < b".to_owned(),
        height: HEIGHT,
        x: Axis { label: "time (s)".to_owned(), scale: Scale::seconds(0.0, 10.0).0 },
        y: Axis { label: "messages".to_owned(), scale: Scale::counts(100.0) },
        series,
        bands: vec![Band { from: 4.0, to: 4.0 }],
        marks: vec![
            Mark { at: 2.0, number: Some(1), words: "killed <it>".to_owned() },
            Mark { at: 2.1, number: Some(2), words: "again".to_owned() },
            Mark { at: 10.0, number: None, words: String::new() },
        ],
    }
}

fn series(shape: Shape, pieces: &[&[(f64, f64)]]) -> Series {
    let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
    Series { name: "one".to_owned(), shape, pieces, bands: Vec::new() }
}

fn escape(text: &str) -> String {
    text.replace('<', "&lt;")
}

/// The attribute of every element of a class.
fn told(svg: &str, class: &str, attribute: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).expect("a chart is XML");
    let of_class = |node: &roxmltree::Node<'_, '_>| node.attribute("class") == Some(class);
    let nodes = document.descendants().filter(of_class);
    let read = |node: roxmltree::Node<'_, '_>| match attribute {
        "text" => node.text().map(|text| text.trim().to_owned()),
        name => node.attribute(name).map(str::to_owned),
    };
    nodes.filter_map(read).collect()
}

#[test]
fn a_chart_has_a_role_a_title_words_and_no_colour() {
    let svg = drawn(&plot(vec![series(Shape::Line, &[&[(0.0, 0.0), (10.0, 100.0)]])]), escape);
    let document = roxmltree::Document::parse(&svg).expect("a chart is XML");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert_eq!(root.attribute("aria-labelledby"), Some("made-up-title made-up-words"));
    let text = |name: &str| {
        let node = root.children().find(|node| node.has_tag_name(name));
        node.and_then(|node| node.text()).map(str::to_owned)
    };
    assert_eq!(
        (text("title").as_deref(), text("desc").as_deref()),
        (Some("made up"), Some("a < b"))
    );
    assert!(!svg.contains('#') && !svg.contains("font-"), "the page's style says it: {svg}");
}

#[test]
fn a_line_goes_from_corner_to_corner_and_a_gap_parts_it() {
    let line = series(Shape::Line, &[&[(0.0, 0.0), (10.0, 100.0)]]);
    let svg = drawn(&plot(vec![line]), escape);
    assert_eq!(told(&svg, "l0", "points"), ["82,246 618,46"], "the whole height and width");
    let parted =
        series(Shape::Line, &[&[(0.0, 0.0), (1.0, 1.0)], &[(3.0, 1.0), (4.0, 1.0)], &[(5.0, 9.0)]]);
    let parts = drawn(&plot(vec![parted]), escape);
    assert_eq!(told(&parts, "l0", "points").len(), 2, "two pieces: {parts}");
    assert_eq!(told(&parts, "d0", "cx").len(), 1, "a second alone is seen: {parts}");
}

#[test]
fn marks_are_numbered_where_there_is_room_and_bands_are_never_too_thin() {
    let svg = drawn(&plot(Vec::new()), escape);
    assert_eq!(told(&svg, "mark", "points").len(), 2, "both lines");
    assert_eq!(told(&svg, "number", "text"), ["1"], "the second stands too near");
    assert_eq!(told(&svg, "end", "points").len(), 1, "the end of the phase");
    let widths = told(&svg, "band", "width");
    assert!(widths.iter().all(|width| i32::from_str(width).is_ok_and(|w| 2 <= w)), "{widths:?}");
    let mut alone = plot(Vec::new());
    alone.marks.remove(1);
    assert_eq!(told(&drawn(&alone, escape), "words", "text"), ["killed <it>"], "there is room");
}

#[test]
fn a_band_is_filled_below_all_lines() {
    let mut banded = series(Shape::Line, &[&[(0.0, 0.0), (10.0, 100.0)]]);
    banded.bands = vec![vec![(0.0, 0.0), (10.0, 100.0), (10.0, 0.0)]];
    let svg = drawn(&plot(vec![series(Shape::Line, &[&[(0.0, 9.0), (1.0, 9.0)]]), banded]), escape);
    assert_eq!(told(&svg, "f1", "points"), ["82,246 618,46 618,246"]);
    assert!(svg.find("\"f1\"") < svg.find("\"l0\""), "no line of another lies below it: {svg}");
}

#[test]
fn series_are_known_by_their_markers_as_well() {
    let all = (0..4).map(|_| series(Shape::Marked, &[&[(1.0, 1.0), (2.0, 5.0)]])).collect();
    let svg = drawn(&plot(all), escape);
    let kinds = ["circle", "polygon", "rect", "line"];
    let document = roxmltree::Document::parse(&svg).expect("a chart is XML");
    for (index, kind) in kinds.iter().enumerate() {
        let class = format!("d{index}");
        let mut nodes =
            document.descendants().filter(|node| node.attribute("class") == Some(&class));
        assert!(nodes.all(|node| node.has_tag_name(*kind)), "{class}: {svg}");
        assert!(!told(&svg, &class, "class").is_empty(), "{class}: {svg}");
    }
    for shape in [Shape::Line, Shape::Marked, Shape::Dots, Shape::Stems] {
        let swatch = swatch(3, shape);
        assert_eq!(!told(&swatch, "l3", "class").is_empty(), shape != Shape::Dots, "{swatch}");
        assert_eq!(!told(&swatch, "d3", "class").is_empty(), shape != Shape::Line, "{swatch}");
    }
}

#[test]
fn names_stand_one_below_the_other_and_long_ones_are_cut() {
    let names = ["a".to_owned(), "a-very-long-name-of-a-host:9410".to_owned()];
    let stems = series(Shape::Stems, &[&[(5.0, 0.0), (10.0, 1.0)]]);
    let y = Axis { label: String::new(), scale: Scale::names(&names) };
    let svg = drawn(&Plot { y, marks: Vec::new(), ..plot(vec![stems]) }, escape);
    let ticks = told(&svg, "tick", "text");
    assert!(ticks.contains(&"a".to_owned()), "{ticks:?}");
    assert!(ticks.contains(&"a-very-long-name…".to_owned()), "{ticks:?}");
    let lines = told(&svg, "l0", "points");
    assert_eq!(lines.len(), 2, "one each: {svg}");
    assert!(lines.iter().all(|line| line.starts_with("190,")), "from the left: {lines:?}");
}
