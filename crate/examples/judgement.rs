//! Makes `crate/src/judgement/parameters.bin`: the features of a recipe's pictures, then the networks.
//!
//! ```sh
//! cargo run --release -p delineo --no-default-features --features judgement-training --example judgement -- \
//!     crate/recipes/judgement.toml target/judgement.features crate/src/judgement/parameters.bin
//! ```
//!
//! Features that lie there already are used again; delete them after a change of pictures or recipe.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use delineo::judgement::training::{self, Recipe};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [recipe, features, out] = arguments.as_slice() else {
        return Err("Three files are needed: the recipe, the features, the parameters.".into());
    };
    let recipe = Recipe::read(Path::new(recipe))?;
    let seen = match fs::read(features) {
        Ok(file) => training::read(&file),
        Err(_) => {
            let seen =
                training::examples(&recipe, |set, count| eprintln!("{}: {count}", set.name))?;
            fs::write(features, training::write(&seen))?;
            seen
        }
    };
    let file = training::learn(&recipe, &seen, |which| eprintln!("network {which}"));
    fs::write(out, &file)?;
    println!("{} bytes", file.len());
    println!("| set | part | varied | pictures | dermoscopy | breast | thyroid | other |");
    println!("|---|---|---|---|---|---|---|---|");
    for ((name, part, is_copy), row) in training::report(&recipe, &seen, &file).unwrap_or_default()
    {
        let shares = row
            .taken_for
            .map(|count| format!("{:.3}", count as f64 / row.count as f64));
        let varied = if is_copy { "yes" } else { "no" };
        println!(
            "| {name} | {part} | {varied} | {} | {} |",
            row.count,
            shares.join(" | ")
        );
    }
    Ok(())
}
