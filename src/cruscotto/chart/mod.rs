//! Figures as pictures, made on the server: SVG without styles or scripts in it, beside the table that says the same.

mod axis;
mod bar;
mod curve;

pub(super) use self::{
    bar::Bar,
    curve::{Months, YearChart, YearFigures},
};
