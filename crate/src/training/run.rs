//! The training itself.

use std::borrow::Cow;
use std::fs;
use std::thread;
use std::time::Instant;

use rayon::prelude::*;

use super::average::{EVERY, follow};
use super::backend::{On, learner};
use super::config::{Config, Data};
use super::curve;
use super::epoch::{Source, order};
use super::exam::{Exam, examine, exams};
use super::journal::{Row, Validation, csv, score};
use super::pictures::Picture;
use super::report::{Outcome, Place, Progress, steps_left};
use super::state::{Position, State, write_whole};
use super::widen::widen;
use crate::Error;
use crate::dataset::{Dataset, Pair, Part};
use crate::manifest::{DataUsed, Input, Manifest, sha256};
use crate::network::Architecture;
use crate::weights::Checkpoint;

/// Trains, or goes on with the training that is found in `place`, exactly as if it had not been stopped.
///
/// `start` are the weights to begin with, [widened](widen) where they are a smaller network's; random ones where there are
/// none. `observe` is called after every step.
///
/// # Errors
/// [`Error::Data`] names every fault of the data before the first step; [`Error::Training`], [`Error::File`] and
/// [`Error::Device`] as they come.
pub fn train(
    config: &Config,
    start: Option<&Checkpoint>,
    on: &On,
    place: Place<'_>,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome, Error> {
    config.check()?;
    let architecture = Architecture {
        variant: config.variant()?,
        in_channels: 3,
        classes: 1,
    };
    let sets = open(config)?;
    let data = used(&sets)?;
    let training = training_id(config, start, &data)?;
    fs::create_dir_all(place.folder).map_err(|source| Error::File {
        path: place.folder.to_owned(),
        source,
    })?;
    let start = start
        .map(|weights| begin(weights, architecture))
        .transpose()?;
    let learner = learner(on, &config.recipe, architecture, start.as_deref())?;
    let fresh = State {
        position: Position {
            training: training.clone(),
            ..Position::default()
        },
        average: learner.weights()?,
        learner,
        best: None,
    };
    let path = place.state();
    let state = if path.exists() {
        State::load(&path, fresh)?
    } else {
        fresh
    };
    let weights = weights_of(config, &sets);
    let mut run = Run {
        config,
        place,
        pairs: sets.iter().flat_map(|set| set.part(Part::Train)).collect(),
        weights,
        sets: &sets,
        state,
        saved: Instant::now(),
        clock: Instant::now(),
        pace: 0.0,
    };
    run.all(observe)?;
    let position = run.state.position;
    let (Some(weights), Some(best)) = (run.state.best, position.best) else {
        return Err(Error::Training("no epoch was validated".to_owned()));
    };
    let side = side_of(config, best.1);
    let input = input(side);
    let rounded = Checkpoint::from_bytes(weights.to_safetensors(true)?)?;
    let validations = examine(&rounded, side, &exams(&sets, &input)?, &sets)?;
    Ok(Outcome {
        weights,
        input,
        best,
        score_in_half_precision: score(&validations),
        rows: position.rows,
        data,
        training,
    })
}

/// The weights to begin with: as they are, or widened where they are a smaller network's.
fn begin(start: &Checkpoint, architecture: Architecture) -> Result<Cow<'_, Checkpoint>, Error> {
    let given = start.architecture();
    let variant = architecture.variant;
    if given == architecture {
        Ok(Cow::Borrowed(start))
    } else if (Architecture { variant, ..given }) == architecture {
        Ok(Cow::Owned(widen(start, variant)?))
    } else {
        Err(Error::Training(format!(
            "it should start from weights with 3 channels and 1 class, not {given:?}"
        )))
    }
}

/// The data sets, all faults named.
fn open(config: &Config) -> Result<Vec<Dataset>, Error> {
    let mut sets = Vec::new();
    let mut faults = Vec::new();
    for data in &config.data {
        let set = data
            .layout(config.recipe.seed)
            .and_then(|layout| Dataset::open(&layout))
            .and_then(|set| set.check(&Data::PARTS).map(|()| set));
        match set {
            Ok(set) => sets.push(set),
            Err(Error::Data(found)) => faults.extend(found),
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() {
        Ok(sets)
    } else {
        Err(Error::Data(faults))
    }
}

fn used(sets: &[Dataset]) -> Result<Vec<DataUsed>, Error> {
    let used = |set: &Dataset| {
        Ok(DataUsed {
            name: set.name.clone(),
            train: set.part(Part::Train).count(),
            val: set.part(Part::Val).count(),
            sha256: set.digest()?,
        })
    };
    sets.iter().map(used).collect()
}

/// Tells this training from every other: settings, weights to start from, bytes of the data. Where files lie is left out.
fn training_id(
    config: &Config,
    start: Option<&Checkpoint>,
    data: &[DataUsed],
) -> Result<String, Error> {
    let start = start
        .map(|weights| weights.to_safetensors(false))
        .transpose()?;
    let settings = serde_json::to_vec(&(&config.variant, &config.recipe, &config.augmentation))
        .map_err(|error| Error::Encode(error.to_string()))?;
    let mut text = sha256(&settings);
    text.push_str(&start.map(|bytes| sha256(&bytes)).unwrap_or_default());
    for (used, data) in data.iter().zip(&config.data) {
        text.push_str(&format!("{}{}", used.sha256, data.weight));
    }
    Ok(sha256(text.as_bytes()))
}

fn weights_of(config: &Config, sets: &[Dataset]) -> Vec<f64> {
    let of = |(set, data): (&Dataset, &Data)| vec![data.weight; set.part(Part::Train).count()];
    sets.iter().zip(&config.data).flat_map(of).collect()
}

/// The input's side in an epoch, counted from 1.
fn side_of(config: &Config, epoch: usize) -> u32 {
    let stages = &config.recipe.stages;
    let sides = stages
        .iter()
        .flat_map(|stage| std::iter::repeat_n(stage.side, stage.epochs));
    sides.take(epoch).last().unwrap_or(256)
}

/// RGB, area-averaged, with the mean and deviation of ImageNet.
fn input(side: u32) -> Input {
    Input {
        width: side,
        height: side,
        ..Manifest::assumed("", "", 3, 1, &[]).input
    }
}

struct Run<'a> {
    config: &'a Config,
    place: Place<'a>,
    pairs: Vec<&'a Pair>,
    weights: Vec<f64>,
    sets: &'a [Dataset],
    state: State,
    saved: Instant,
    clock: Instant,
    /// Seconds a step, smoothed.
    pace: f64,
}

impl Run<'_> {
    fn all(&mut self, observe: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
        let mut first = 0;
        for stage in &self.config.recipe.stages {
            let whole = first..first + stage.epochs;
            first = whole.end;
            let until = self.place.until.unwrap_or(whole.end);
            let epochs = whole.start.max(self.state.position.epoch)..whole.end.min(until);
            if epochs.is_empty() {
                continue;
            }
            let pictures = load(&self.pairs, stage.side)?;
            let exams = exams(self.sets, &input(stage.side))?;
            for epoch in epochs {
                self.epoch(epoch, stage.side, &pictures, &exams, observe)?;
            }
        }
        Ok(())
    }

    fn epochs(&self) -> usize {
        self.config
            .recipe
            .stages
            .iter()
            .map(|stage| stage.epochs)
            .sum()
    }

    fn epoch(
        &mut self,
        epoch: usize,
        side: u32,
        pictures: &[Picture],
        exams: &[Exam],
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Error> {
        let recipe = &self.config.recipe;
        let order = order(&self.weights, recipe.seed, epoch);
        let in_epoch = order.len().div_ceil(recipe.batch);
        let steps = self.epochs() * in_epoch;
        let input = input(side);
        let source = Source {
            pictures,
            augmentation: &self.config.augmentation,
            input: &input,
            batch: recipe.batch,
            side: side as usize,
            seed: recipe.seed,
            epoch,
        };
        let from = self.state.position.step_in_epoch;
        let rate_at = |step: usize| {
            let factor = recipe.schedule.factor(epoch * in_epoch + step, steps);
            recipe.learning_rate * factor
        };
        thread::scope(|scope| -> Result<(), Error> {
            let mut began = Instant::now();
            for batch in source.batches(scope, order, from) {
                let rate = rate_at(self.state.position.step_in_epoch);
                let loss = self.state.learner.step(batch, rate)?;
                if !loss.is_finite() {
                    return Err(Error::Training(format!(
                        "the loss became {loss} in step {}; try a lower learning rate",
                        self.state.position.step + 1
                    )));
                }
                let position = &mut self.state.position;
                position.step += 1;
                position.step_in_epoch += 1;
                position.loss_sum += loss;
                if self.state.position.step.is_multiple_of(EVERY) && recipe.average > 0.0 {
                    self.average()?;
                }
                self.tick();
                if self.saved.elapsed() >= self.place.save_every {
                    self.save()?;
                }
                let took = began.elapsed().as_secs_f64();
                self.pace = if self.pace > 0.0 {
                    0.95 * self.pace + 0.05 * took
                } else {
                    took
                };
                observe(self.progress((epoch, side), in_epoch, None));
                began = Instant::now();
            }
            Ok(())
        })?;
        let last = self.place.until.unwrap_or(self.epochs());
        let is_due = (epoch + 1).is_multiple_of(recipe.validate_every) || epoch + 1 == last;
        let validations = if is_due {
            self.validate(epoch, side, exams)?
        } else {
            Vec::new()
        };
        self.tick();
        let position = &mut self.state.position;
        position.rows.push(Row {
            epoch: epoch + 1,
            side,
            rate: rate_at(in_epoch - 1),
            loss: position.loss_sum / in_epoch as f64,
            seconds: position.seconds,
            validations,
        });
        position.epoch = epoch + 1;
        position.step_in_epoch = 0;
        position.loss_sum = 0.0;
        self.save()?;
        let rows = &self.state.position.rows;
        write_whole(&self.place.folder.join("journal.csv"), csv(rows).as_bytes())?;
        let picture = curve::svg(rows, &self.config.name)?;
        write_whole(&self.place.folder.join("journal.svg"), picture.as_bytes())?;
        observe(self.progress((epoch, side), in_epoch, rows.last()));
        Ok(())
    }

    /// Scores the averaged weights and keeps them when they are the best so far.
    fn validate(
        &mut self,
        epoch: usize,
        side: u32,
        exams: &[Exam],
    ) -> Result<Vec<Validation>, Error> {
        self.average()?;
        let validations = examine(&self.state.average, side, exams, self.sets)?;
        let score = score(&validations);
        // Scores of different input sizes compare, since all are measured at the image's own size.
        if self
            .state
            .position
            .best
            .is_none_or(|(best, _)| score > best)
        {
            self.state.position.best = Some((score, epoch + 1));
            self.state.best = Some(self.state.average.clone());
        }
        Ok(validations)
    }

    /// Brings the averaged weights up to the last step.
    fn average(&mut self) -> Result<(), Error> {
        let State {
            position,
            learner,
            average,
            ..
        } = &mut self.state;
        let passed = position.step - position.averaged;
        position.averaged = position.step;
        let now = learner.weights()?;
        follow(
            average,
            self.config.recipe.average,
            &now,
            position.step,
            passed,
        )
    }

    fn tick(&mut self) {
        self.state.position.seconds += self.clock.elapsed().as_secs_f64();
        self.clock = Instant::now();
    }

    fn save(&mut self) -> Result<(), Error> {
        self.state.save(&self.place.state())?;
        self.saved = Instant::now();
        Ok(())
    }

    fn progress<'r>(
        &self,
        at: (usize, u32),
        in_epoch: usize,
        row: Option<&'r Row>,
    ) -> Progress<'r> {
        let position = &self.state.position;
        let (epoch, side) = at;
        let loss = position.loss_sum / position.step_in_epoch.max(1) as f64;
        Progress {
            epoch: epoch + 1,
            epochs: self.epochs(),
            step: position.step,
            steps: self.epochs() * in_epoch,
            side,
            loss: row.map_or(loss, |row| row.loss),
            remaining: self.pace
                * steps_left(
                    &self.config.recipe.stages,
                    side,
                    (position.epoch, position.step_in_epoch),
                    in_epoch,
                ),
            row,
        }
    }
}

/// All pictures at the size that a stage needs.
fn load(pairs: &[&Pair], side: u32) -> Result<Vec<Picture>, Error> {
    pairs
        .par_iter()
        .map(|pair| Picture::load(pair, side))
        .collect()
}
