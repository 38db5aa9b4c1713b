//! One of several runs of an invocation, and what all cells of a sweep are together.

use std::path::{Path, PathBuf};

use crate::spec::driver::DriverSource;
use crate::spec::given::FieldFlag;
use crate::spec::order::Order;
use crate::spec::repeat::Repeat;

/// One run: a workload, a driver, and what is given in place of the files' fields, one value for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which of the invocation's runs it is, counted from 1.
    pub number: usize,
    /// The workload's file.
    pub workload: PathBuf,
    /// Against what.
    pub driver: DriverSource,
    /// Flags that stand for fields.
    pub flags: Vec<FieldFlag>,
    /// `--set`.
    pub sets: Vec<String>,
    /// The swept fields with this cell's values as they were written; empty outside a sweep.
    pub values: Vec<(String, String)>,
    /// Which repeat it is, if it is one.
    pub repeat: Option<Repeat>,
}

impl Cell {
    /// The only run of a workload.
    pub fn only(order: &Order, workload: &Path) -> Self {
        Self {
            number: 1,
            workload: workload.to_owned(),
            driver: order.driver.clone(),
            flags: order.flags.clone(),
            sets: order.sets.clone(),
            values: Vec::new(),
            repeat: None,
        }
    }

    /// Which run it is, in words: `cell 3, messageSize=1KiB` or `repeat 2 of B`.
    pub fn title(&self) -> String {
        match self.repeat {
            None => format!("cell {}, {}", self.number, self.words()),
            Some(Repeat { side: None, number }) => format!("repeat {number}"),
            Some(Repeat { side: Some(side), number }) => {
                format!("repeat {number} of {}", side.letter())
            }
        }
    }

    /// Its values in words: `messageSize=1KiB driver.linger.ms=5`.
    pub fn words(&self) -> String {
        let word = |(field, value): &(String, String)| format!("{field}={value}");
        self.values.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// A swept field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Its name: `messageSize`, `driver.linger.ms`.
    pub field: String,
    /// Its values as they were written, in order, each once.
    pub values: Vec<String>,
}

/// The sweep of an invocation, all its workloads together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Its name, unique.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The folder of its run directories.
    pub folder: PathBuf,
    /// Its fields.
    pub axes: Vec<Axis>,
    /// How many runs it has.
    pub of: usize,
}

impl Sweep {
    /// The fields of all cells with their values; `None` where no field has several.
    pub(in crate::spec) fn axes_of(cells: &[Cell]) -> Option<Vec<Axis>> {
        let mut axes: Vec<Axis> = Vec::new();
        for (field, value) in cells.iter().flat_map(|cell| &cell.values) {
            match axes.iter_mut().find(|axis| axis.field == *field) {
                Some(axis) if axis.values.contains(value) => {}
                Some(axis) => axis.values.push(value.clone()),
                None => axes.push(Axis { field: field.clone(), values: vec![value.clone()] }),
            }
        }
        (!axes.is_empty()).then_some(axes)
    }
}
