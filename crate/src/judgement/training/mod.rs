//! How the parameters come about: pictures of a recipe to features, features to networks, and what these tell rightly.
//!
//! ```text
//! Recipe ─ examples ─▶ Seen (features of each picture and its copies) ─ learn ─▶ the file ─ report ─▶ figures
//! ```
//!
//! `crate/examples/judgement.rs` is its command.

mod invented;
mod learner;
mod recipe;
mod seen;
mod variation;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use image::RgbImage;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use self::learner::Example;
pub use self::recipe::{Pictures, Recipe, Set};
pub use self::seen::{Seen, read, write};
use super::classifier::Classifier;
use super::sample::Sample;
use super::{Judgement, Kind, features};
use crate::Error;
use crate::dataset::{Dataset, Layout, Part, Split};
use crate::phantom;

/// The features of all pictures of a recipe and of varied copies of them. `progress` is told of each set, with how many
/// pictures and copies it has. Several sets are read at a time.
///
/// # Errors
/// [`Error::File`] and [`Error::Data`] for a folder or a picture that cannot be read.
pub fn examples(
    recipe: &Recipe,
    progress: impl Fn(&Set, usize) + Sync,
) -> Result<Vec<Seen>, Error> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(set) = recipe.sets.get(index) else {
                return Ok(done);
            };
            let seen = of_set(recipe, index)?;
            progress(set, seen.len());
            done.push((index, seen));
        }
    };
    let found: Vec<Result<Vec<_>, Error>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let join = |worker: thread::ScopedJoinHandle<_>| match worker.join() {
            Ok(found) => found,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(join).collect()
    });
    let mut sets = Vec::new();
    for found in found {
        sets.extend(found?);
    }
    sets.sort_by_key(|(index, _)| *index);
    Ok(sets.into_iter().flat_map(|(_, seen)| seen).collect())
}

/// The features of one set.
fn of_set(recipe: &Recipe, index: usize) -> Result<Vec<Seen>, Error> {
    let set = &recipe.sets[index];
    let mut all = Vec::new();
    let mut take = |image: &RgbImage, part: Part, place: usize| {
        // Copies are of the reduced picture, the picture itself as it is.
        let reduced = variation::reduced(image);
        let copies = if part == Part::Train {
            set.copies
        } else {
            set.copies.min(1)
        };
        for copy in 0..=copies {
            let mut random = random(recipe.seed, index, place, copy);
            let sample = match copy {
                0 => Sample::of(image),
                _ => Sample::of(&variation::varied(&reduced, set.kind, &mut random)),
            };
            all.extend(sample.map(|sample| Seen {
                set: index,
                part,
                is_copy: copy > 0,
                features: features::of(&sample),
            }));
        }
    };
    match &set.pictures {
        Pictures::Folder(folder) => {
            for (place, pair) in thinned(pairs(folder, set.part)?, set.limit)
                .iter()
                .enumerate()
            {
                take(&pair.load()?.0, pair.part, place);
            }
        }
        Pictures::Phantoms([first, end]) => {
            for seed in *first..*end {
                let (width, height) = (200 + seed * 37 % 300, 180 + seed * 53 % 300);
                let make = match set.kind {
                    Kind::Dermoscopy => phantom::dermoscopy,
                    _ => phantom::ultrasound,
                };
                take(
                    &make(seed, width, height).image,
                    part_of(set),
                    seed as usize,
                );
            }
        }
        Pictures::Drawings([first, end]) => {
            for seed in *first..*end {
                let drawing = invented::drawing(&mut random(recipe.seed, 0, seed as usize, 0));
                take(&drawing, part_of(set), seed as usize);
            }
        }
        Pictures::Limbs {
            lesions,
            backgrounds,
            seeds: [first, end],
        } => {
            let of_part = pairs(lesions, None)?
                .into_iter()
                .filter(|pair| pair.part == Part::Train);
            let lesions: Vec<_> = of_part.collect();
            let backgrounds = pairs(backgrounds, Some(Part::Train))?;
            for seed in *first..*end {
                let at = seed as usize;
                let (Some(lesion), Some(background)) = (
                    lesions.get(at * 7 % lesions.len().max(1)),
                    backgrounds.get(at % backgrounds.len().max(1)),
                ) else {
                    continue;
                };
                let mut random = random(recipe.seed, 1, at, 0);
                let background = variation::reduced(&background.load()?.0);
                let limb = invented::limb(&lesion.load()?.0, &background, &mut random);
                take(&limb, part_of(set), at);
            }
        }
    }
    Ok(all)
}

fn part_of(set: &Set) -> Part {
    set.part.unwrap_or(Part::Train)
}

fn random(seed: u64, set: usize, place: usize, copy: usize) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, number) in
        key.chunks_exact_mut(8)
            .zip([seed, set as u64, place as u64, copy as u64])
    {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The pictures of a folder, each with its part, by name.
fn pairs(folder: &std::path::Path, part: Option<Part>) -> Result<Vec<crate::dataset::Pair>, Error> {
    let inner = folder.join("images");
    let images = if inner.is_dir() {
        inner
    } else {
        folder.to_owned()
    };
    let split = part.map_or_else(|| Split::File(folder.join("split.tsv")), Split::All);
    let dataset = Dataset::open(&Layout::of_normal(&images, split))?;
    Ok(Part::ALL
        .into_iter()
        .flat_map(|part| dataset.part(part).cloned().collect::<Vec<_>>())
        .collect())
}

/// At most `limit` of them, evenly spread.
fn thinned<T: Clone>(all: Vec<T>, limit: usize) -> Vec<T> {
    if all.len() <= limit {
        return all;
    }
    (0..limit)
        .map(|index| all[index * all.len() / limit].clone())
        .collect()
}

/// Learns from the training part and chooses the limit on the validation part; gives the file of parameters.
pub fn learn(recipe: &Recipe, seen: &[Seen], mut progress: impl FnMut(usize)) -> Vec<u8> {
    let train: Vec<_> = seen.iter().filter(|one| one.part == Part::Train).collect();
    let count = train.len().max(1) as f32;
    let inputs = train.first().map_or(0, |one| one.features.len());
    let mut means = vec![0.0_f32; inputs];
    let mut rates = vec![0.0_f32; inputs];
    for one in &train {
        for (mean, value) in means.iter_mut().zip(&one.features) {
            *mean += value / count;
        }
    }
    for one in &train {
        for ((rate, value), mean) in rates.iter_mut().zip(&one.features).zip(&means) {
            *rate += (value - mean) * (value - mean) / count;
        }
    }
    for rate in &mut rates {
        *rate = 1.0 / rate.sqrt().max(1e-3);
    }
    let mut classifier = Classifier {
        means,
        rates,
        networks: Vec::new(),
        limit: 0.5,
    };
    let weights = weights(recipe, &train);
    let examples: Vec<_> = train
        .iter()
        .map(|one| Example {
            inputs: classifier.standardised(&one.features),
            output: recipe.sets[one.set].kind as usize,
            weight: weights[one.set],
        })
        .collect();
    for which in 0..recipe.networks {
        classifier
            .networks
            .push(learner::train(&examples, recipe, which));
        progress(which);
    }
    // What is chosen is chosen for the rounded weights.
    if let Some(rounded) = Classifier::read(&classifier.write()) {
        classifier = rounded;
    }
    classifier.limit = limit(recipe, seen, &classifier);
    classifier.write()
}

/// Of each set: the kinds of ours count alike and the others as much as all of them; within a kind, sets count by the root
/// of their number and by their own weight.
fn weights(recipe: &Recipe, train: &[&Seen]) -> Vec<f32> {
    let mut counts = vec![0.0_f32; recipe.sets.len()];
    for one in train {
        counts[one.set] += 1.0;
    }
    let wanted = |set: usize| counts[set].sqrt() * recipe.sets[set].weight;
    let of_kind = |kind: Kind| -> f32 {
        let sets = (0..counts.len()).filter(|set| recipe.sets[*set].kind == kind);
        sets.map(wanted).sum()
    };
    (0..counts.len())
        .map(|set| {
            let kind = recipe.sets[set].kind;
            let share = if kind == Kind::Other { 0.5 } else { 0.5 / 3.0 };
            share * wanted(set) / of_kind(kind).max(1.0) * train.len() as f32 / counts[set].max(1.0)
        })
        .collect()
}

/// The least probability of the others that keeps false warnings on each known kind as rare as the recipe says.
fn limit(recipe: &Recipe, seen: &[Seen], classifier: &Classifier) -> f32 {
    let mut of_kinds: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
    for one in seen
        .iter()
        .filter(|one| one.part == Part::Val && !one.is_copy)
    {
        let kind = recipe.sets[one.set].kind;
        if kind != Kind::Other {
            let [.., other] = classifier.probabilities(&one.features);
            of_kinds.entry(kind as usize).or_default().push(other);
        }
    }
    of_kinds.into_values().fold(0.2, |limit: f32, mut others| {
        others.sort_by(|a, b| b.total_cmp(a));
        let allowed = (recipe.false_warnings * others.len() as f64) as usize;
        others
            .get(allowed)
            .map_or(limit, |other| limit.max(other + 0.01))
            .min(0.95)
    })
}

/// What became of the pictures of one set and part.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// How many there are.
    pub count: usize,
    /// How many were taken for each kind, in the order of [`Kind::ALL`].
    pub taken_for: [usize; 4],
}

/// What a file of parameters makes of pictures: a row for each group, part and whether they are varied copies. None where
/// the file is damaged.
pub fn report(
    recipe: &Recipe,
    seen: &[Seen],
    file: &[u8],
) -> Option<BTreeMap<(String, Part, bool), Row>> {
    let classifier = Classifier::read(file)?;
    let mut rows: BTreeMap<_, Row> = BTreeMap::new();
    for one in seen {
        let set = &recipe.sets[one.set];
        let group = match &set.group {
            Some(group) => format!("{group}: {}", set.name),
            None => set.name.clone(),
        };
        let row = rows.entry((group, one.part, one.is_copy)).or_default();
        row.count += 1;
        row.taken_for[Judgement::by(&classifier, &one.features).kind as usize] += 1;
    }
    Some(rows)
}
