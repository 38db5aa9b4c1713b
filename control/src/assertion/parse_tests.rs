//! What is an assertion, what is none and why, and that printing one and reading it gives the same.

use super::literal::{BARE, UNITS};
use super::{Assertion, Dimension, Expression, Literal, Metric, Operation, Relation, Right, Unit};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof, proptest};
use std::fmt::Write;
use std::path::PathBuf;

#[test]
fn an_assertion_reads_with_and_without_blanks_and_needless_parentheses() {
    let check = |text: &str, expected: &str| {
        let read = Assertion::parse(text).map(|assertion| assertion.to_string());
        assert_eq!(read, Ok(expected.to_owned()), "{text}");
    };
    check("publish.p99 < 10ms", "publish.p99 < 10ms");
    check("publish.p99<10 ms", "publish.p99 < 10ms");
    check("publish.p99.9 <= 1.5\u{b5}s", "publish.p99.9 <= 1.5\u{b5}s");
    check("rate >= 0.99*target", "rate >= 0.99 * target");
    check("rate >= 49_500", "rate >= 49500");
    check("rate >= 50k/s", "rate >= 50k/s");
    check("acked.bytes > 1MiB", "acked.bytes > 1MiB");
    check("acked.mib_per_second >= 10MB/s", "acked.mib_per_second >= 10MB/s");
    check(
        "search.sustainable_messages_per_second >= 50k/s",
        "search.sustainable_messages_per_second >= 50k/s",
    );
    check("sustainable >= 0.9 * 50_000", "sustainable >= 0.9 * 50000");
    check("search.confirmed == true", "search.confirmed == true");
    check("lost == 0", "lost == 0");
    check("error_rate < 0.1%", "error_rate < 0.1%");
    check("publish.p99 < (2*service.p99)", "publish.p99 < 2 * service.p99");
    check("publish.p99 < 2*(service.p99+1ms)", "publish.p99 < 2 * (service.p99 + 1ms)");
    check("publish.p99 < service.p99-(1ms-2us)", "publish.p99 < service.p99 - (1ms - 2us)");
    check("publish.p99 < service.p99-1ms-2us", "publish.p99 < service.p99 - 1ms - 2us");
    check("engine.clock.drift_ppm > -5", "engine.clock.drift_ppm > -5");
    check("acked == rate * produced.duration_s", "acked == rate * produced.duration_s");
    check("publish.p50 < publish.count / rate", "publish.p50 < publish.count / rate");
    check("valid == true", "valid == true");
    check("consumed.subscriptions.0.drained != false", "consumed.subscriptions.0.drained != false");
    check("workload.topics == 3", "workload.topics == 3");
    check("tasks.0.latency.publish.p99_us < 1s", "tasks.0.latency.publish.p99_us < 1s");
}

/// What is wrong with each, as users are told.
const BAD: [&str; 40] = [
    "",
    "publish.p99",
    "publish.p99 <",
    "publish.p99 < 10",
    "publish.p99 < 0",
    "publish.p99 < 10parsecs",
    "publish.p99 < 10MiB",
    "publish.p99 < 10ms extra",
    "publish.p99 < 10ms < 20ms",
    "publish.p99 = 10ms",
    "publish.p99 =< 10ms",
    "publish.p98 < 10ms",
    "publish < 10ms",
    "10ms > publish.p99",
    "rate >= 0.99 target",
    "rate >= 0.99*taget",
    "rate >= 99%*due",
    "rate >= 10ms",
    "rate >= target + 100",
    "rate >= (target",
    "rate >= target)",
    "rate >= ",
    "rate >= 5%/s",
    "rate >= 1..2",
    "acked.mib_per_second > 10",
    "acked.bytes > 1s",
    "lost == 0ms",
    "lost == false",
    "lost == none",
    "cpu < 3s",
    "valid",
    "valid == 1",
    "valid > true",
    "valid == maybe",
    "rate > valid",
    "verdict.limited_by == nothing",
    "produced.errors_by_code._NO_SUCH_CODE == 0",
    "lsot == 0 && rate > 1",
    "lsot == 0*taget + 1ms",
    "lost == ((((((((((((((((((((((1))))))))))))))))))))))",
];

#[test]
fn every_slip_is_told_with_its_place_and_what_is_allowed() {
    let mut told = String::new();
    for text in BAD {
        let problems = Assertion::parse(text).expect_err(text);
        assert!(!problems.is_empty(), "{text}: something is wrong with it");
        writeln!(told, "{text}\n  {}", problems.join("\n  ")).expect("a string takes everything");
    }
    let long = format!("lost == {}", "1+".repeat(300));
    let problems = Assertion::parse(&long).expect_err("it is too long");
    assert_eq!(problems, ["608 characters are more than 500"], "bounded");
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "src/golden/assertion-faults.txt"].iter().collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &told).expect("the folder of golden files is there");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(told, expected, "UPDATE_GOLDEN=1 rewrites it");
}

const DIMENSIONS: [Dimension; 5] =
    [Dimension::BARE, Dimension::TIME, Dimension::BYTES, Dimension::RATE, Dimension::BYTE_RATE];

fn choice<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> BoxedStrategy<T> {
    (0..all.len()).prop_map(move |index| all[index].clone()).boxed()
}

fn metric(dimension: Dimension) -> BoxedStrategy<Metric> {
    let names: &[&str] = match dimension {
        Dimension::TIME => &["publish.p99", "service.p99.9", "engine.cpu_seconds"],
        Dimension::BYTES => &["memory", "acked.bytes"],
        Dimension::RATE => &["target", "rate"],
        Dimension::BYTE_RATE => &["acked.mib_per_second", "produced.bytes_per_second"],
        _ => &["lost", "publish.count", "error_rate", "intervals.0.backlog"],
    };
    let metrics = names.iter().map(|name| Metric::named(name).expect(name));
    choice(metrics.collect())
}

fn literal(dimension: Dimension) -> BoxedStrategy<Literal> {
    let all: Vec<Unit> = UNITS.into_iter().chain([BARE]).collect();
    let whole = if dimension == Dimension::RATE || dimension == Dimension::BYTE_RATE {
        dimension.times(Dimension::TIME)
    } else {
        dimension
    };
    let is_rate = whole != dimension;
    let fits = |unit: &Unit| unit.dimension == whole && !(is_rate && unit.word == "%");
    let units: Vec<Unit> = all.into_iter().filter(fits).collect();
    let digits = prop_oneof![
        (0_u32..1_000_000).prop_map(|number| number.to_string()),
        (0_u32..1_000, 0_u32..1_000).prop_map(|(ones, part)| format!("{ones}.{part}")),
    ];
    (digits, choice(units))
        .prop_map(move |(digits, unit)| Literal { digits, unit, is_rate })
        .boxed()
}

fn leaf(dimension: Dimension) -> BoxedStrategy<Expression> {
    prop_oneof![
        literal(dimension).prop_map(Expression::Literal),
        metric(dimension).prop_map(Expression::Metric),
    ]
    .boxed()
}

fn joined(left: Expression, operation: Operation, right: Expression) -> Expression {
    Expression::Joined { left: Box::new(left), operation, right: Box::new(right) }
}

/// Calculations of one dimension.
fn expression(dimension: Dimension) -> BoxedStrategy<Expression> {
    let deeper = move |inner: BoxedStrategy<Expression>| {
        let sums = choice(vec![Operation::Add, Operation::Subtract]);
        let products = choice(vec![Operation::Multiply, Operation::Divide]);
        let bare = leaf(Dimension::BARE);
        prop_oneof![
            (inner.clone(), sums, inner.clone()).prop_map(|(one, by, two)| joined(one, by, two)),
            (inner.clone(), products, bare.clone()).prop_map(|(one, by, two)| joined(one, by, two)),
            (bare, inner.clone()).prop_map(|(one, two)| joined(one, Operation::Multiply, two)),
            inner.prop_map(|inner| Expression::Negative(Box::new(inner))),
        ]
        .boxed()
    };
    leaf(dimension).prop_recursive(3, 12, 2, deeper).boxed()
}

fn assertion() -> BoxedStrategy<Assertion> {
    let numbers = choice(DIMENSIONS.to_vec()).prop_flat_map(|dimension| {
        let relation = choice(Relation::ALL.to_vec());
        (metric(dimension), relation, expression(dimension).prop_map(Right::Number))
    });
    let boolean = Just(Metric::named("valid").expect("a boolean"));
    let equality = choice(vec![Relation::Equal, Relation::Unequal]);
    let booleans = (boolean, equality, any::<bool>().prop_map(Right::Truth));
    prop_oneof![9 => numbers, 1 => booleans]
        .prop_map(|(metric, relation, right)| Assertion { metric, relation, right })
        .boxed()
}

proptest! {
    #[test]
    fn printing_an_assertion_and_reading_it_gives_the_same(made in assertion()) {
        let text = made.to_string();
        assert_eq!(Assertion::parse(&text), Ok(made), "{text}");
    }
}
