//! Training from end to end, on phantoms.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use delineo::dataset::{Dataset, Layout, Part, Split};
use delineo::export::{mask_png, png};
use delineo::network::{Architecture, CmuNext, Variant};
use delineo::phantom;
use delineo::training::{Config, On, Place, mean, train};
use delineo::weights::Checkpoint;
use delineo::{Error, device};
use serde_json::Value;

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// Four phantoms of both kinds to learn from, and the same four again under other names to choose by.
fn phantoms(folder: &Path, side: u32) {
    let images = folder.join("images");
    let masks = folder.join("masks");
    fs::create_dir_all(&images).expect("writable");
    fs::create_dir_all(&masks).expect("writable");
    let mut table = String::from("name\tsplit\tgroup\n");
    for seed in 0..4 {
        let phantom = match seed % 2 {
            0 => phantom::dermoscopy(seed, side, side),
            _ => phantom::ultrasound(seed, side, side),
        };
        for part in ["train", "val"] {
            let name = format!("{part}{seed}");
            let file = format!("{name}.png");
            fs::write(images.join(&file), png(&phantom.image).expect("encodable"))
                .expect("writable");
            fs::write(
                masks.join(&file),
                mask_png(&phantom.mask).expect("encodable"),
            )
            .expect("writable");
            table.push_str(&format!("{name}\t{part}\t{name}\n"));
        }
    }
    fs::write(folder.join("split.tsv"), table).expect("writable");
}

fn config(stages: &str, batch: usize, rate: f64, more: &str) -> String {
    format!(
        r#"
        id = "phantoms"
        name = "Phantoms"
        variant = "S"
        modalities = ["dermoscopy", "ultrasound"]
        [[data]]
        folder = "data"
        [recipe]
        seed = 5
        batch = {batch}
        stages = {stages}
        optimiser = {{ kind = "adamw", weight_decay = 0.01 }}
        learning_rate = {rate}
        schedule = {{ kind = "one-cycle", warmup = 0.2 }}
        loss = {{ bce = 0.5, dice = 1.0 }}
        average = 0.9
        {more}
        "#
    )
}

#[test]
fn four_phantoms_are_learnt_by_heart_within_a_minute() {
    let folder = folder("overfit");
    phantoms(&folder.join("data"), 64);
    let text = config(
        "[{ side = 64, epochs = 70 }]",
        4,
        0.01,
        "validate_every = 10",
    );
    let config = Config::from_toml(&text, &folder).expect("a good configuration");
    let place = Place {
        folder: &folder.join("state"),
        save_every: Duration::from_secs(60),
        until: None,
    };
    let outcome =
        train(&config, None, &On::Burn(device::cpu()), place, &mut |_| ()).expect("it trains");
    let last = outcome.rows.last().expect("there are epochs");
    let best = outcome
        .rows
        .iter()
        .flat_map(|row| &row.validations)
        .map(|v| v.iou)
        .fold(0.0, f64::max);
    assert!(best > 0.95, "IoU {best}");
    assert!(last.seconds < 60.0, "{} s", last.seconds);
    assert!((outcome.score_in_half_precision - outcome.best.0).abs() < 0.01);
}

fn delineo(folder: &Path, state: &str, out: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delineo"));
    command.current_dir(folder);
    command.args(["train", "config.toml", "--state", state, "--out", out]);
    command.args(["--json", "--save-every", "0"]);
    command
}

fn weights(folder: &Path, output: &Output, out: &str) -> Vec<u8> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::read(folder.join(out).join("weights.safetensors")).expect("a model was written")
}

#[test]
fn a_training_that_is_killed_and_started_again_ends_as_if_it_had_not_been() {
    let folder = folder("resume");
    phantoms(&folder.join("data"), 48);
    let varied = "\n[augmentation]\nflip_chance = 0.5\nzoom = 1.3\nnoise = 9\nhair_chance = 0.5";
    // Two sizes, and a batch that does not divide the epoch.
    let text = config(
        "[{ side = 32, epochs = 3 }, { side = 48, epochs = 2 }]",
        3,
        0.01,
        varied,
    );
    fs::write(folder.join("config.toml"), text).expect("writable");

    let whole = delineo(&folder, "state-a", "whole")
        .output()
        .expect("it starts");
    let expected = weights(&folder, &whole, "whole");

    // Killed at the end of the second epoch, then at a moment that the clock decides, then left alone.
    let mut child = delineo(&folder, "state-b", "parts")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let read: Vec<String> = lines.take(2).map(|line| line.expect("text")).collect();
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    assert_eq!(read.len(), 2);
    assert!(
        !folder.join("parts").exists(),
        "it was killed before its end"
    );
    // What it has so far can be had, and changes nothing.
    let early = delineo(&folder, "state-b", "early")
        .arg("--finish")
        .output()
        .expect("it starts");
    assert_ne!(weights(&folder, &early, "early"), expected);
    let mut child = delineo(&folder, "state-b", "parts")
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(400));
    let _ = child.kill();
    child.wait().expect("it ended");
    let rest = delineo(&folder, "state-b", "parts")
        .output()
        .expect("it starts");
    assert_eq!(weights(&folder, &rest, "parts"), expected);

    // Stopped after an epoch on purpose, then taken further.
    let first = delineo(&folder, "state-c", "first")
        .args(["--until", "1"])
        .output()
        .expect("it starts");
    assert_ne!(weights(&folder, &first, "first"), expected);
    let rest = delineo(&folder, "state-c", "rest")
        .output()
        .expect("it starts");
    assert_eq!(weights(&folder, &rest, "rest"), expected);

    let journal = |state: &str| {
        let text = fs::read_to_string(folder.join(state).join("journal.csv")).expect("a journal");
        // All but the seconds.
        let line = |line: &str| {
            let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
            fields.remove(4);
            fields
        };
        text.lines().map(line).collect::<Vec<_>>()
    };
    assert_eq!(journal("state-b"), journal("state-a"));
    assert_eq!(journal("state-a").len(), 1 + 5);
}

#[test]
fn a_trained_model_says_how_it_came_to_be_and_can_be_trained_further() {
    let folder = folder("provenance");
    phantoms(&folder.join("data"), 32);
    fs::write(
        folder.join("config.toml"),
        config("[{ side = 32, epochs = 1 }]", 4, 0.001, ""),
    )
    .expect("writable");
    let first = delineo(&folder, "state-a", "first")
        .output()
        .expect("it starts");
    weights(&folder, &first, "first");
    let manifest: Value =
        serde_json::from_slice(&fs::read(folder.join("first/model.json")).expect("written"))
            .expect("JSON");
    assert_eq!(manifest["id"], "first");
    assert_eq!(manifest["provenance"]["seed"], 5);
    assert_eq!(manifest["provenance"]["data"][0]["train"], 4);
    assert!(
        manifest["provenance"]["command"]
            .as_str()
            .is_some_and(|command| command.contains("train config.toml"))
    );
    assert!(
        manifest["self_test"]["logits"]
            .as_array()
            .is_some_and(|logits| logits.len() == 64)
    );
    assert!(folder.join("state-a/journal.svg").exists());

    let further = delineo(&folder, "state-b", "second")
        .args(["--init", "first"])
        .output()
        .expect("it starts");
    let second = weights(&folder, &further, "second");
    let first = fs::read(folder.join("first/weights.safetensors")).expect("written");
    let [first, second] =
        [first, second].map(|bytes| Checkpoint::from_bytes(bytes).expect("weights"));
    // One epoch at a thousandth moves the weights a little, and from where they were.
    let name = "encoder3.up.conv.0.weight";
    let pairs = first
        .values(name)
        .expect("there")
        .iter()
        .zip(second.values(name).expect("there"));
    let apart = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart > 0.0 && apart < 0.02, "{apart}");
}

#[test]
fn a_data_set_can_be_left_out_by_its_folders_name_but_not_the_last_one() {
    let text = config("[{ side = 32, epochs = 1 }]", 2, 0.01, "");
    let text = text.replace("[[data]]", "[[data]]\nfolder = \"../other\"\n\n[[data]]");
    let mut config = Config::from_toml(&text, Path::new("here")).expect("a good configuration");
    assert_eq!(config.data.len(), 2);
    assert!(matches!(config.leave_out("here"), Err(Error::Training(_))));
    config.leave_out("other").expect("it is there");
    let left: Vec<_> = config.data.iter().flat_map(|data| &data.folder).collect();
    assert_eq!(left, [Path::new("here/data")]);
    assert!(matches!(config.leave_out("data"), Err(Error::Training(_))));
}

#[test]
fn a_training_can_begin_with_the_mean_of_several() {
    let several = config("[{ side = 32, epochs = 1 }]", 2, 0.01, "")
        .replace("[[data]]", "init = [\"a\", \"b.pth\"]\n\n[[data]]");
    let several = Config::from_toml(&several, Path::new("here")).expect("a good configuration");
    assert_eq!(several.init, ["here/a", "here/b.pth"].map(PathBuf::from));

    let network = |variant| {
        let architecture = Architecture {
            variant,
            in_channels: 3,
            classes: 1,
        };
        let network = CmuNext::new(architecture, &device::cpu());
        Checkpoint::from_network(&network, architecture).expect("complete")
    };
    let three = [(); 3].map(|()| network(Variant::S));
    let found = mean(three.clone()).expect("alike").expect("of three");
    let name = "encoder3.up.conv.0.weight";
    let values = |checkpoint: &Checkpoint| checkpoint.values(name).expect("there").to_vec();
    let [a, b, c] = three.each_ref().map(values);
    for (index, value) in values(&found).iter().enumerate() {
        let expected = (a[index] + b[index] + c[index]) / 3.0;
        assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
    }
    assert!(mean([]).expect("nothing is wrong").is_none());
    let [first, ..] = three;
    let error = mean([first, network(Variant::Base)]).expect_err("of two sizes");
    assert!(error.to_string().contains("different networks"), "{error}");
}

#[test]
fn bad_data_are_named_file_by_file_before_anything_is_trained() {
    let folder = folder("bad-data");
    let data = folder.join("data");
    phantoms(&data, 32);
    fs::remove_file(data.join("masks/train0.png")).expect("there");
    fs::write(data.join("images/val1.png"), b"not an image").expect("writable");
    let small = phantom::dermoscopy(9, 40, 30);
    fs::write(
        data.join("masks/train2.png"),
        mask_png(&small.mask).expect("encodable"),
    )
    .expect("writable");
    let text = config("[{ side = 32, epochs = 1 }]", 2, 0.01, "");
    let config = Config::from_toml(&text, &folder).expect("a good configuration");
    let place = Place {
        folder: &folder.join("state"),
        save_every: Duration::ZERO,
        until: None,
    };
    let error = train(&config, None, &On::Burn(device::cpu()), place, &mut |_| {
        panic!("a step was made")
    });
    let Err(Error::Data(faults)) = error else {
        panic!("{error:?}");
    };
    for file in ["train0.png", "val1.png", "train2.png"] {
        assert!(
            faults.iter().any(|fault| fault.contains(file)),
            "{file}: {faults:?}"
        );
    }
    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn a_setting_that_does_not_exist_is_named() {
    let text = config("[{ side = 32, epochs = 1 }]", 2, 0.01, "momentun = 0.9");
    let error = Config::from_toml(&text, Path::new(".")).expect_err("misspelt");
    assert!(error.to_string().contains("momentun"), "{error}");
    let text = config("[{ side = 40, epochs = 1 }]", 2, 0.01, "");
    let error = Config::from_toml(&text, Path::new(".")).expect_err("40 is no multiple of 16");
    assert!(error.to_string().contains("multiple of 16"), "{error}");
}

#[test]
fn the_recipes_can_be_read() {
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    let mut count = 0;
    let entries = fs::read_dir(&recipes).expect("there").flatten();
    for path in entries.map(|entry| entry.path()) {
        let is_of_a_network = path
            .extension()
            .is_some_and(|extension| extension == "toml")
            && path.file_stem().is_some_and(|name| name != "judgement");
        if !is_of_a_network {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable");
        Config::from_toml(&text, &recipes).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn the_example_of_fine_tuning_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/training.md")).expect("readable");
    let (_, rest) = guide.split_once("```toml\n").expect("an example");
    let (text, _) = rest.split_once("```").expect("its end");
    let folder = folder("example");
    phantoms(&folder.join("my-data"), 64);
    let mut config = Config::from_toml(text, &folder).expect("a good configuration");
    // As it stands but for the sizes, which would take minutes.
    for stage in &mut config.recipe.stages {
        (stage.side, stage.epochs) = (64, 1);
    }
    let [init] = config.init.as_slice() else {
        panic!("it starts from a model");
    };
    let init = init.strip_prefix(&folder).expect("relative");
    let init = fs::read(root.join(init).join("weights.safetensors")).expect("published");
    let start = Checkpoint::from_bytes(init).expect("weights");
    let place = Place {
        folder: &folder.join("state"),
        save_every: Duration::from_secs(60),
        until: None,
    };
    let outcome = train(
        &config,
        Some(&start),
        &On::Burn(device::cpu()),
        place,
        &mut |_| (),
    )
    .expect("it trains");
    assert_eq!(outcome.rows.len(), 2);
}

#[test]
fn a_data_set_is_written_again_under_every_condition_with_masks_that_fit() {
    let folder = folder("distort");
    phantoms(&folder.join("data"), 64);
    let output = Command::new(env!("CARGO_BIN_EXE_delineo"))
        .current_dir(&folder)
        .args(["distort", "--data", "data", "--part", "val"])
        .args(["--modality", "dermoscopy"])
        .args(["--side", "48", "--out", "out", "--json"])
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let mut names = Vec::new();
    for line in said.lines() {
        let condition: Value = serde_json::from_str(line).expect("JSON");
        let name = condition["name"].as_str().expect("a name").to_owned();
        let layout = Layout::of_folder(&folder.join("out").join(&name), Split::All(Part::Test));
        let dataset = Dataset::open(&layout.expect("a data set")).expect("readable");
        dataset.check(&[Part::Test]).expect("masks that fit");
        assert_eq!(dataset.pairs.len(), 4, "{name}");
        names.push(name);
    }
    assert_eq!(names[0], "unchanged");
    assert!(names.iter().any(|name| name == "hairs"));
    assert!(!names.iter().any(|name| name == "Doppler"), "not on skin");
}
