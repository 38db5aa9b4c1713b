//! Repeats: one run several times, alone or in turns with a candidate that it is compared with.

use std::path::{Path, PathBuf};

use super::document::Document;
use super::driver::{self, DriverSource};
use super::fault::{Fault, Ledger};
use super::files::Files;
use super::identity::Identities;
use super::order::Order;
use super::sweep::{self, Cell, Sweep};

/// How much worse a candidate may be unless a flag says otherwise, as a part: what `kdyno compare` takes.
const TOLERANCE: f64 = 0.01;

/// What the command line asks of repeats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepeatOrder {
    /// How many runs of each variant; `None` for one that is not repeated.
    pub count: Option<usize>,
    /// The candidate: a driver file or a workload file.
    pub against: Option<PathBuf>,
    /// How much worse the candidate may be, as a part.
    pub tolerance: Option<f64>,
}

/// One of two variants that take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the command line names.
    Baseline,
    /// The same with another driver or another workload.
    Candidate,
}

/// Which repeat a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Of which variant; `None` where there is only one.
    pub side: Option<Side>,
    /// Which of the variant's runs, counted from 1.
    pub number: usize,
}

/// All repeats of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeats {
    /// Their name, unique.
    pub id: String,
    /// The folder of everything that they leave.
    pub folder: PathBuf,
    /// How many runs each variant has.
    pub each: usize,
    /// How much worse the candidate may be, as a part; `None` where there is no candidate.
    pub tolerance: Option<f64>,
}

impl Side {
    /// Both, the baseline first.
    pub const BOTH: [Self; 2] = [Self::Baseline, Self::Candidate];

    /// Its name, as comparisons have it.
    pub const fn letter(self) -> char {
        match self {
            Self::Baseline => 'A',
            Self::Candidate => 'B',
        }
    }

    /// The name of the folder of its run directories.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Baseline => "a",
            Self::Candidate => "b",
        }
    }
}

impl Repeats {
    /// The folder of a repeat's run directory.
    pub fn folder_of(&self, repeat: Repeat) -> PathBuf {
        repeat.side.map_or_else(|| self.folder.clone(), |side| self.folder.join(side.folder()))
    }

    /// Those that an order asks for, by the name of their test; `None` where it asks for none.
    pub(super) fn of(
        order: &RepeatOrder,
        (name, results_dir): (&str, &Path),
        identities: &mut Identities,
    ) -> Option<Self> {
        let each = order.count?;
        let id = identities.group("repeat", name)?;
        let tolerance = order.against.as_ref().map(|_| order.tolerance.unwrap_or(TOLERANCE));
        Some(Self { folder: results_dir.join(&id), id, each, tolerance })
    }
}

/// The runs of an order whose own are these: all its repeats in their turns, or these themselves where it asks for
/// none. What does not go together is noted; then everything that is named is still checked.
pub(super) fn cells(
    order: &Order,
    own: Vec<Cell>,
    files: &mut Files,
    ledger: &mut Ledger,
) -> Vec<Cell> {
    let RepeatOrder { count, against, tolerance } = &order.repeat;
    if tolerance.is_some() && against.is_none() {
        let problem =
            "is how much worse a candidate may be: name one with --against, or leave it out";
        ledger.fault(Fault::whole("--tolerance", problem));
    }
    let other = against.as_deref().map(|path| candidate(order, path, files, ledger));
    let other = other.unwrap_or_default();
    let Some(each) = *count else {
        if against.is_some() {
            let problem =
                "is compared by repeats that take turns, and none are asked for: add --repeat 5";
            ledger.fault(Fault::whole("--against", problem));
        }
        return [own, other].concat();
    };
    refuse_several(order, [&own, &other], ledger);
    let turns: Vec<(Repeat, &Cell)> = match (own.as_slice(), other.as_slice()) {
        ([one], []) => alone(each).into_iter().map(|repeat| (repeat, one)).collect(),
        ([one], [other]) => in_turns(each, [one, other]),
        _ => return [own, other].concat(),
    };
    let run = |((repeat, cell), number): ((Repeat, &Cell), usize)| Cell {
        number,
        repeat: Some(repeat),
        ..cell.clone()
    };
    turns.into_iter().zip(1..).map(run).collect()
}

/// The candidate's own cells, one unless it is a sweep: the same with another driver, or another workload.
fn candidate(order: &Order, path: &Path, files: &mut Files, ledger: &mut Ledger) -> Vec<Cell> {
    let Some(document) = Document::read(path, files, ledger) else { return Vec::new() };
    let mut other = order.clone();
    if driver::is_driver(&document) {
        other.driver = DriverSource { file: Some(path.to_owned()), ..other.driver };
    } else {
        other.workloads = vec![path.to_owned()];
    }
    sweep::cells(&other, files, ledger)
}

/// Notes what makes more than one run of a variant.
fn refuse_several(order: &Order, cells: [&[Cell]; 2], ledger: &mut Ledger) {
    let named = order.workloads.len();
    if 1 < named {
        let problem = format!("got {named} workloads, and one is repeated: name one");
        ledger.fault(Fault::whole("--repeat", problem));
    }
    for axis in Sweep::axes_of(&cells.concat()).unwrap_or_default() {
        let problem = format!(
            "{} is given a list or a range, which makes a sweep, and one run is repeated: give it one value",
            axis.field
        );
        ledger.fault(Fault::whole("--repeat", problem));
    }
}

/// The repeats of one variant.
fn alone(each: usize) -> Vec<Repeat> {
    (1..=each).map(|number| Repeat { side: None, number }).collect()
}

/// Those of two, A B B A A B B A: what changes evenly meanwhile, such as a cluster that fills, is on both alike.
fn in_turns(each: usize, [baseline, candidate]: [&Cell; 2]) -> Vec<(Repeat, &Cell)> {
    let repeat = |side: Side, number: usize| Repeat { side: Some(side), number };
    let mut turns = Vec::new();
    for number in 1..=each {
        let mut pair = [
            (repeat(Side::Baseline, number), baseline),
            (repeat(Side::Candidate, number), candidate),
        ];
        if number.is_multiple_of(2) {
            pair.reverse();
        }
        turns.extend(pair);
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::{Cell, Order, Side, in_turns};
    use std::path::Path;

    #[test]
    fn variants_take_turns_so_that_a_drift_favours_neither() {
        let cell = Cell::only(&Order::default(), Path::new("w.yaml"));
        let all = ["AB", "ABBA", "ABBAAB", "ABBAABBA", "ABBAABBAAB", "ABBAABBAABBA"];
        for (each, expected) in (1..).zip(all) {
            let turns = in_turns(each, [&cell, &cell]);
            let sides: Vec<Side> = turns.iter().filter_map(|(repeat, _)| repeat.side).collect();
            let letters: String = sides.iter().map(|side| side.letter()).collect();
            assert_eq!(letters, expected);
            for side in Side::BOTH {
                let own = turns.iter().filter(|(repeat, _)| repeat.side == Some(side));
                let numbers: Vec<usize> = own.map(|(repeat, _)| repeat.number).collect();
                assert_eq!(numbers, (1..=each).collect::<Vec<_>>(), "{each} of {side:?}");
            }
        }
    }

    #[test]
    fn in_pairs_of_turns_an_even_drift_adds_up_to_nothing() {
        let cell = Cell::only(&Order::default(), Path::new("w.yaml"));
        for pairs in [2, 4, 6, 100] {
            let turns = in_turns(pairs, [&cell, &cell]);
            let sum = |side: Side| -> usize {
                let own = turns.iter().enumerate();
                own.filter(|(_, (repeat, _))| repeat.side == Some(side)).map(|(at, _)| at).sum()
            };
            assert_eq!(sum(Side::Baseline), sum(Side::Candidate), "{pairs}: as late on the whole");
        }
    }
}
