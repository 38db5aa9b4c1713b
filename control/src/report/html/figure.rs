//! A chart of the page with the words and the table that say the same.

use super::page::block;
use crate::report::chart::{Plot, drawn, swatch};
use crate::report::escape::html as escaped;
use crate::report::tables::Table;

/// A chart of the page.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// Its name on the page.
    pub(super) id: &'static str,
    /// What it shows.
    pub(super) title: &'static str,
    /// How it is to be read.
    pub(super) caption: String,
    /// What is drawn; in its stead why there is nothing to draw.
    pub(super) plot: Result<Plot, &'static str>,
    /// The same figures as words.
    pub(super) table: Table,
}

impl Figure {
    /// As a part of the page.
    pub(super) fn html(&self) -> String {
        let Self { id, title, .. } = self;
        let caption = escaped(&self.caption);
        let head =
            format!("<figcaption><h3 id=\"{id}-head\">{title}</h3>\n<p>{caption}</p></figcaption>");
        let shown = match &self.plot {
            Ok(plot) => format!("{}{}{}", legend(plot), drawn(plot, escaped), self.details()),
            Err(reason) => format!("<p class=\"absent\">{}</p>\n", escaped(reason)),
        };
        format!("<figure id=\"{id}\" aria-labelledby=\"{id}-head\">\n{head}\n{shown}</figure>\n")
    }

    fn details(&self) -> String {
        let table = block(&self.table);
        format!("<details><summary>{} as a table</summary>\n{table}</details>\n", self.title)
    }
}

/// The names of the series beside their looks, and what is shaded.
fn legend(plot: &Plot) -> String {
    let series = plot.series.iter().enumerate().map(|(index, series)| {
        let look = swatch(index, series.shape);
        format!("<li>{look}{}</li>", escaped(&series.name))
    });
    let band = "<li><span class=\"shade\" aria-hidden=\"true\"></span>acks stopped</li>".to_owned();
    let band = Some(band).filter(|_| !plot.bands.is_empty());
    let items: String = series.chain(band).collect();
    format!("<ul class=\"legend\">{items}</ul>\n")
}
