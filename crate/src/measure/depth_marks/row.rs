//! Spots one below the other at one distance.

use super::spots::Spot;

/// How far a spot may lie from its place in the row, in pixels: a machine prints at whole pixels, and a copy of its
/// picture that was reduced shifts them once more.
const ASTRAY: f64 = 1.0;
/// Their root mean square distance from their places, likewise.
const SPREAD: f64 = 0.5;

/// Spots at `first`, `first + period`, … of which few are missing.
#[derive(Clone, Debug)]
pub struct Row {
    /// Each with its number, from 0 on.
    pub spots: Vec<(usize, Spot)>,
    /// Where the first one lies, by all of them.
    pub first: f64,
    /// Their distance, by all of them.
    pub period: f64,
}

impl Row {
    /// The longest rows in a column of spots that are sorted by depth, at distances from `periods`.
    pub fn all(column: &[Spot], periods: [f64; 2], least: usize) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        for (place, start) in column.iter().enumerate() {
            for next in &column[place + 1..] {
                let period = next.y - start.y;
                if period < periods[0] {
                    continue;
                }
                if period > periods[1] {
                    break;
                }
                let is_there = |times: f64| nearest(column, start.y + times * period).is_some();
                // A row is found from its first two spots: what goes on above was found before.
                let goes_on = usize::from(is_there(2.0)) + usize::from(is_there(3.0));
                if is_there(-1.0) || goes_on == 0 {
                    continue;
                }
                rows.extend(
                    Self::from(column, *start, *next).filter(|row| row.spots.len() >= least),
                );
            }
        }
        rows
    }

    fn from(column: &[Spot], start: Spot, next: Spot) -> Option<Self> {
        let mut row = Self {
            spots: vec![(0, start), (1, next)],
            first: start.y,
            period: next.y - start.y,
        };
        let mut missing = 0;
        let mut number = 1;
        while missing < 2 {
            number += 1;
            let Some(spot) = nearest(column, row.first + row.period * number as f64) else {
                missing += 1;
                continue;
            };
            missing = 0;
            row.spots.push((number, spot));
            row.fit();
        }
        let distances = || {
            let place = |number: usize| row.first + row.period * number as f64;
            row.spots
                .iter()
                .map(move |(number, spot)| (spot.y - place(*number)).abs())
        };
        let squares: f64 = distances().map(|distance| distance * distance).sum();
        let spread = (squares / row.spots.len() as f64).sqrt();
        let is_straight = distances().all(|distance| distance <= ASTRAY) && spread <= SPREAD;
        is_straight.then_some(row)
    }

    /// The line through number and depth, by least squares.
    fn fit(&mut self) {
        let count = self.spots.len() as f64;
        let (mut number, mut depth) = (0.0, 0.0);
        for (at, spot) in &self.spots {
            number += *at as f64 / count;
            depth += spot.y / count;
        }
        let (mut squares, mut products) = (0.0, 0.0);
        for (at, spot) in &self.spots {
            let across = *at as f64 - number;
            squares += across * across;
            products += across * (spot.y - depth);
        }
        self.period = products / squares;
        self.first = depth - self.period * number;
    }

    /// How many places it has, those of missing spots among them.
    pub fn places(&self) -> usize {
        self.spots.last().map_or(0, |(number, _)| number + 1)
    }

    /// The depths of all places and of the points halfway between.
    pub fn halves(&self) -> Vec<f64> {
        let depth = |half: usize| self.first + self.period * half as f64 / 2.0;
        (0..2 * self.places()).map(depth).collect()
    }

    /// Where the last spot lies.
    pub fn last(&self) -> f64 {
        self.first + self.period * (self.places().max(1) - 1) as f64
    }
}

/// The spot of a sorted column that is nearest to a depth, if it is near.
fn nearest(column: &[Spot], y: f64) -> Option<Spot> {
    let from = column.partition_point(|spot| spot.y < y - ASTRAY);
    let near = column[from..]
        .iter()
        .take_while(|spot| spot.y <= y + ASTRAY);
    near.min_by(|one, other| (one.y - y).abs().total_cmp(&(other.y - y).abs()))
        .copied()
}
