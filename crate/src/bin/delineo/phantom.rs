//! `delineo phantom`: made-up pictures with their true masks, for scripts and tests that may not use anybody's.

use std::path::PathBuf;

use delineo::export::{mask_png, png};
use delineo::imaging::{MAX_MEGAPIXELS, MIN_SIDE};
use delineo::modality::Modality;
use delineo::phantom::{Phantom, dermoscopy, ultrasound};

use crate::{Stop, make_folder, write};

#[derive(clap::Args)]
pub struct Arguments {
    /// What the picture looks like: dermoscopy, a pigmented lesion on skin, or ultrasound, a breast with a dark mass.
    #[arg(long)]
    kind: Modality,
    /// The same seed gives the same picture everywhere.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Width and height in pixels.
    #[arg(long, value_name = "WxH", value_parser = size, default_value = "640x480")]
    size: (u32, u32),
    /// Folder for KIND_SEED.png and KIND_SEED_mask.png; made where it is missing.
    #[arg(long)]
    out: PathBuf,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X']);
    let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let (width, height) = sides.ok_or("a size is WIDTHxHEIGHT, such as 640x480")?;
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(format!("each side needs at least {MIN_SIDE} pixels"));
    }
    if u64::from(width) * u64::from(height) > MAX_MEGAPIXELS * 1_000_000 {
        return Err(format!("a picture has up to {MAX_MEGAPIXELS} megapixels"));
    }
    Ok((width, height))
}

pub fn run(arguments: &Arguments) -> Result<(), Stop> {
    let (width, height) = arguments.size;
    let make: fn(u32, u32, u32) -> Phantom = match arguments.kind {
        Modality::Ultrasound => ultrasound,
        Modality::Dermoscopy => dermoscopy,
    };
    let Phantom { image, mask } = make(arguments.seed, width, height);
    let out = &arguments.out;
    make_folder(out)?;
    let name = format!("{}_{}", arguments.kind, arguments.seed);
    let image_file = out.join(format!("{name}.png"));
    write(&image_file, &png(&image)?)?;
    write(&out.join(format!("{name}_mask.png")), &mask_png(&mask)?)?;
    println!("{}", image_file.display());
    Ok(())
}
