//! Sweeps: fields that are given several values make a run of every combination.
//!
//! A [`Cell`] is one of these runs: `values` reads lists and ranges, `form` knows where a comma is a part
//! of a value, `given` finds the fields with several values on the command line and in a workload's own
//! `sweep`. A cell is an ordinary order with one value for each field, here and on workers alike.

mod cell;
mod form;
mod given;
mod values;

pub use cell::{Axis, Cell, Sweep};

use std::path::Path;

use super::clients::ShownProperty;
use super::fault::{Fault, Ledger};
use super::files::Files;
use super::given::FieldFlag;
use super::order::Order;
use given::{CommandLine, Swept, Telling};
use values::CELLS_MAX;

/// The cells of an invocation in the order of their runs: those of a workload stay together, and the
/// field that was given first changes last. Without a sweep there is one for each workload.
pub(super) fn cells(order: &Order, files: &mut Files, ledger: &mut Ledger) -> Vec<Cell> {
    let line = CommandLine::read(order, ledger);
    let mut all = Vec::new();
    let mut total = 0_usize;
    for workload in &order.workloads {
        let mut axes = given::of_file(workload, files, ledger);
        axes.retain(|axis| !line.names(&axis.target));
        axes.extend(line.swept.iter().cloned());
        let count = axes.iter().map(|axis| axis.values.len()).fold(1, usize::saturating_mul);
        total = total.saturating_add(count);
        let is_too_many = CELLS_MAX < total && 1 < count;
        // Of too many one is still checked.
        let made = if is_too_many { 1 } else { count };
        all.extend((0..made).map(|nth| cell(order, (workload, &line), &axes, nth)));
        if is_too_many {
            ledger.fault(too_many(workload, &axes, count));
        }
    }
    for (index, cell) in all.iter_mut().enumerate() {
        cell.number = index + 1;
    }
    all
}

fn too_many(workload: &Path, axes: &[Swept], count: usize) -> Fault {
    let factor = |axis: &Swept| format!("{} of {}", axis.values.len(), axis.field);
    let factors: Vec<String> = axes.iter().map(factor).collect();
    let problem = format!(
        "got {}, which makes {count} runs, need at most {CELLS_MAX} in all: leave values out",
        factors.join(" × ")
    );
    Fault::new(workload.display().to_string(), "sweep", problem)
}

/// The cell of this number among those of a workload.
fn cell(
    order: &Order,
    (workload, line): (&Path, &CommandLine),
    axes: &[Swept],
    nth: usize,
) -> Cell {
    let mut cell = Cell {
        number: 0,
        workload: workload.to_owned(),
        driver: order.driver.clone(),
        flags: Vec::new(),
        sets: Vec::new(),
        values: Vec::new(),
        repeat: None,
    };
    let (mut rest, mut told) = (nth, line.given(order));
    for axis in axes.iter().rev() {
        let value = axis.values[rest % axis.values.len()].clone();
        rest /= axis.values.len();
        match &axis.telling {
            Telling::Line(index) => told[*index] = line.telling(order, *index, &value),
            Telling::File { place, written } => cell.flags.push(FieldFlag {
                flag: place.clone(),
                field: written.clone(),
                value: value.clone(),
            }),
        }
        cell.values.push((axis.field.clone(), value));
    }
    cell.values.reverse();
    cell.flags.reverse();
    for given in told {
        match given {
            given::Told::Flag(flag) => cell.flags.push(flag),
            given::Told::Set(set) => cell.sets.push(set),
            given::Told::Nothing => {}
        }
    }
    cell
}

/// Notes swept fields whose values are secrets.
pub(super) fn refuse_secrets(cell: &Cell, shown: &[ShownProperty], ledger: &mut Ledger) {
    for (field, _) in &cell.values {
        let is_own = |name: &str| field == name || field.ends_with(&format!(".{name}"));
        let is_secret = |one: &ShownProperty| {
            one.value == "****"
                && (is_own(&one.name) || one.written_as.as_deref().is_some_and(is_own))
        };
        if shown.iter().any(is_secret) {
            let problem = "is a secret, and a sweep's values stand in every result: give one value";
            ledger.fault(Fault::whole(field, problem));
        }
    }
}
