//! `delineo logits`: the network alone, NumPy array in, NumPy array out.

use std::io;
use std::path::{Path, PathBuf};

use delineo::Error;
use delineo::manifest::Manifest;
use delineo::model::Model;
use npyz::WriterBuilder;
use serde_json::json;

use crate::{DeviceArgument, Stop, print_json, read, read_weights, write};

#[derive(clap::Args)]
pub struct Arguments {
    /// Checkpoint: .pth or .safetensors with the authors' names.
    #[arg(long)]
    weights: PathBuf,
    /// Which network of a file that holds several, such as model or ema.
    #[arg(long, value_name = "NAME")]
    weights_set: Option<String>,
    /// Normalised input, float32 `[batch, channels, height, width]`.
    #[arg(long)]
    input: PathBuf,
    /// Logits, float32 `[batch, classes, height, width]`.
    #[arg(long)]
    output: PathBuf,
    /// Where to run.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceArgument,
    /// A JSON object with the shapes and the time on standard output.
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let bytes = read(&arguments.weights)?;
    let checkpoint = read_weights(bytes.clone(), arguments.weights_set.as_deref())?;
    let architecture = checkpoint.architecture();
    let manifest = Manifest::assumed(
        "weights",
        &architecture.variant.to_string(),
        architecture.in_channels,
        architecture.classes,
        &bytes,
    );
    let (values, shape) = read_array(&arguments.input)?;
    let device = arguments.device.open()?;
    let model = Model::new(manifest, &checkpoint, &device)?;
    let start = std::time::Instant::now();
    let logits = model.logits(values, shape).await?;
    let seconds = start.elapsed().as_secs_f64();
    let output = [shape[0], architecture.classes, shape[2], shape[3]];
    write(
        &arguments.output,
        &write_array(&logits, output).map_err(|error| Error::Encode(error.to_string()))?,
    )?;
    if arguments.json {
        print_json(&json!({ "input": shape, "output": output, "seconds": seconds }));
    }
    Ok(())
}

fn read_array(path: &Path) -> Result<(Vec<f32>, [usize; 4]), Error> {
    let file = |source: io::Error| Error::File {
        path: path.to_owned(),
        source,
    };
    let invalid = |text: &str| file(io::Error::new(io::ErrorKind::InvalidData, text.to_owned()));
    let bytes = read(path)?;
    let array = npyz::NpyFile::new(bytes.as_slice()).map_err(file)?;
    let shape: Vec<usize> = array.shape().iter().map(|side| *side as usize).collect();
    let shape = <[usize; 4]>::try_from(shape)
        .map_err(|_| invalid("the array must be [batch, channels, height, width]"))?;
    if array.order() != npyz::Order::C {
        return Err(invalid("the array must be in C order"));
    }
    let values = array.into_vec::<f32>().map_err(file)?;
    Ok((values, shape))
}

fn write_array(values: &[f32], shape: [usize; 4]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape = shape.map(|side| side as u64);
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut bytes)
        .begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}
