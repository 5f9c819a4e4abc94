//! Weights as people have them: in whatever file, beside whatever else, against the logits of the authors' network.
//!
//! The files of `shared/cases/checkpoints` are tried as `cases.tsv` says; where they are absent, that is said on standard error.
//! Files of the same kinds are made here, pickle by pickle, from the weights in `recipes/bootstrap-s`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use delineo::intake::{self, Kind};
use delineo::manifest::Manifest;
use delineo::mask::ProbabilityMap;
use delineo::model::Model;
use delineo::network::{Architecture, CpuNetwork};
use delineo::weights::Checkpoint;
use delineo::{Error, device};
use pickles::{Named, Torch, gzip, tar, zip};

mod pickles;

/// Error over the range of the logits that every file must keep.
const MAX_ERROR: f32 = 1e-3;

fn array(path: &Path) -> (Vec<f32>, Vec<usize>) {
    let bytes = fs::read(path).expect("the vector can be read");
    let array = npyz::NpyFile::new(bytes.as_slice()).expect("a NumPy array");
    let shape = array.shape().iter().map(|side| *side as usize).collect();
    (array.into_vec().expect("float32"), shape)
}

fn read(bytes: Vec<u8>) -> Checkpoint {
    Checkpoint::from_bytes(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(bytes: Vec<u8>) -> String {
    Checkpoint::from_bytes(bytes)
        .expect_err("the file is refused")
        .to_string()
}

fn logits(checkpoint: &Checkpoint, input: &[f32], shape: &[usize]) -> Vec<f32> {
    let network = CpuNetwork::new(checkpoint).expect("a network");
    let logits = network.forward(input, [shape[1], shape[2], shape[3]]);
    logits.expect("the shape fits")
}

/// Greatest difference over the range of what is expected.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let range = expected.iter().copied().fold(f32::MIN, f32::max)
        - expected.iter().copied().fold(f32::MAX, f32::min);
    let pairs = found.iter().zip(expected);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / range
}

mod given {
    use super::*;

    /// A file of the cases beside the checkout, which not every checkout has.
    fn folder() -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
        if folder.is_dir() {
            return Some(folder);
        }
        let line = format!("skipped checkpoints: {} is absent", folder.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        None
    }

    /// What the table expects, as far as a program can check it.
    #[derive(Debug, PartialEq)]
    enum Expected {
        Logits,
        SoftmaxOfTwo,
        NearlyEverything,
        Manifest,
        Refused(&'static [&'static str]),
    }

    fn expected(file: &str, expect: &str) -> Expected {
        match file.trim_start_matches("checkpoints/") {
            "git_lfs_pointer.pth" => Expected::Refused(&["pointer", "not the weights"]),
            "web_page.pth" => Expected::Refused(&["web page", "not weights"]),
            "cut_short.pth" => Expected::Refused(&["cut short"]),
            "optimizer_only.pth" => Expected::Refused(&["no weights of a network"]),
            "other_network.pth" => Expected::Refused(&["another network"]),
            "torchscript.pt" => Expected::Refused(&["TorchScript", "state_dict"]),
            "two_classes_background_first.pth" => Expected::SoftmaxOfTwo,
            "same_name/b/best.pth" => Expected::NearlyEverything,
            file if file.ends_with(".json") => Expected::Manifest,
            _ => {
                assert!(expect.starts_with("runs, same logits"), "{file}: {expect}");
                Expected::Logits
            }
        }
    }

    #[test]
    fn every_file_of_the_table_is_read_as_it_says() {
        let Some(folder) = folder() else { return };
        let (input, shape) = array(&folder.join("checkpoints/input_1x3x64x96.npy"));
        let (answer, _) = array(&folder.join("checkpoints/logits_float16_1x1x64x96.npy"));
        let table = fs::read_to_string(folder.join("cases.tsv")).expect("the table");
        let mut count = 0;
        for line in table
            .lines()
            .filter(|line| line.starts_with("checkpoints/"))
        {
            let cells: Vec<_> = line.split('\t').collect();
            let (file, expect) = (cells[0], cells[2]);
            let bytes = fs::read(folder.join(file)).expect(file);
            let head = &bytes[..bytes.len().min(intake::HEAD)];
            let kind = intake::kind(head, file);
            let expected = expected(file, expect);
            count += 1;
            if expected == Expected::Manifest {
                assert_eq!(kind, Kind::Manifest, "{file}");
                let manifest = Manifest::from_json(&bytes).expect(file);
                let weights = fs::read(folder.join("checkpoints/same_name/a/best.pth"));
                let weights = weights.expect("best.pth");
                manifest.check_weights(&weights).expect(file);
                Model::new(manifest, &read(weights), &device::cpu()).expect(file);
                continue;
            }
            assert_eq!(kind, Kind::Checkpoint, "{file}");
            if let Expected::Refused(words) = expected {
                let said = refusal(bytes);
                for word in words {
                    assert!(said.contains(word), "{file}: {said}");
                }
                continue;
            }
            let checkpoint = read(bytes.clone());
            let found = logits(&checkpoint, &input, &shape);
            match expected {
                Expected::Logits => {
                    let error = error(&found, &answer);
                    println!(
                        "{file}: {error:.1e} of the range {:?}",
                        checkpoint.remarks()
                    );
                    assert!(error <= MAX_ERROR, "{file}: {error}");
                }
                Expected::SoftmaxOfTwo => {
                    let Architecture {
                        variant,
                        in_channels,
                        classes,
                    } = checkpoint.architecture();
                    let variant = variant.to_string();
                    let manifest = Manifest::assumed("two", &variant, in_channels, classes, &bytes);
                    assert_eq!(manifest.lesion_class(), 1);
                    assert_eq!(manifest.classes, ["background", "lesion"]);
                    let maps = ProbabilityMap::from_softmax(shape[3], shape[2], &found, 1.0);
                    let one = ProbabilityMap::from_logits(shape[3], shape[2], &answer, 1.0);
                    let pairs = maps[1].values().iter().zip(one.values());
                    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(worst <= 1e-3, "{file}: {worst}");
                }
                Expected::NearlyEverything => {
                    let over = found.iter().filter(|logit| **logit > 0.0).count();
                    assert!(over as f64 > 0.9 * found.len() as f64, "{file}: {over}");
                }
                _ => {}
            }
        }
        assert!(count >= 20, "{count} rows");
    }

    #[test]
    fn of_several_networks_the_better_is_proposed_and_each_can_be_had() {
        let Some(folder) = folder() else { return };
        for (file, names) in [
            ("model_and_ema.pth", ["model", "ema"]),
            ("student_and_teacher.pth", ["teacher", "student"]),
        ] {
            let bytes = fs::read(folder.join("checkpoints").join(file)).expect(file);
            let checkpoint = read(bytes.clone());
            let found: Vec<_> = checkpoint.sets().iter().map(|set| &set.name).collect();
            assert_eq!(found, names, "{file}");
            assert!(checkpoint.remarks()[0].contains(names[1]), "{file}");
            let other = Checkpoint::from_bytes_with(bytes, Some(names[1])).expect(file);
            assert_eq!(other.set().map(|set| set.name.as_str()), Some(names[1]));
        }
    }
}

/// The weights in the repository, by name.
fn own() -> (Checkpoint, Named) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes/bootstrap-s/weights.safetensors");
    let checkpoint = read(fs::read(path).expect("the weights are in the repository"));
    let tensors = checkpoint.tensors().into_iter();
    let named = tensors.map(|(name, shape)| {
        let values = checkpoint.values(&name).expect("listed").to_vec();
        (name, shape, values)
    });
    let named = named.collect();
    (checkpoint, named)
}

/// Other weights of the same shapes.
fn other(named: &Named) -> Named {
    let less = |values: &Vec<f32>| values.iter().map(|value| 0.5 * value).collect();
    let tensors = named.iter();
    tensors
        .map(|(name, shape, values)| (name.clone(), shape.clone(), less(values)))
        .collect()
}

fn below(prefix: &str, named: &Named) -> Named {
    let tensors = named.iter().cloned();
    tensors
        .map(|(name, shape, values)| (format!("{prefix}{name}"), shape, values))
        .collect()
}

#[test]
fn a_state_dict_is_read_in_every_protocol_and_container() {
    let (checkpoint, named) = own();
    let mut files = Vec::new();
    for protocol in 2..=5 {
        for folder in ["archive", "twenty_one_characters", "a", "best model é"] {
            let bytes = Torch { protocol }.archive(folder, &[("", &named)]);
            files.push((format!("protocol {protocol} in {folder}/"), bytes));
        }
        let stream = Torch { protocol }.stream(&[("", &named)]);
        files.push((format!("stream of protocol {protocol}"), stream));
    }
    let plain = Torch::default().archive("best", &[("", &named)]);
    files.push(("ZIP".to_owned(), zip(&[("best.pth", &plain)])));
    let noise = [
        ("__MACOSX/._best.pth", b"x".as_slice()),
        ("best.pth", &plain),
        ("read me.txt", b"x"),
    ];
    files.push(("ZIP with others".to_owned(), zip(&noise)));
    files.push(("gzip".to_owned(), gzip(&plain)));
    files.push(("TAR".to_owned(), tar("best.pth", &plain)));
    files.push(("TAR in gzip".to_owned(), gzip(&tar("best.pth", &plain))));
    for (what, bytes) in files {
        let head = &bytes[..bytes.len().min(intake::HEAD)];
        assert_eq!(
            intake::kind(head, "epoch_10.pth.tar.gz"),
            Kind::Checkpoint,
            "{what}"
        );
        let found = Checkpoint::from_bytes(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        for (name, _) in checkpoint.tensors() {
            let (a, b) = (found.values(&name), checkpoint.values(&name));
            assert_eq!(a.expect("listed"), b.expect("listed"), "{what}: {name}");
        }
        assert!(found.remarks().is_empty(), "{what}");
    }
}

#[test]
fn counters_are_left_out_in_silence_and_extra_heads_with_a_remark() {
    let (_, named) = own();
    let mut list = named.clone();
    for name in ["stem.total_ops", "total_params", "Conv_1x1.__flops__"] {
        list.push((name.to_owned(), vec![1], vec![3.0]));
    }
    let found = read(Torch::default().archive("best", &[("", &list)]));
    assert!(found.remarks().is_empty());
    let heads = [
        ("aux2.weight", vec![1, 16, 1, 1]),
        ("aux2.bias", vec![1]),
        ("out_d4.0.weight", vec![32, 32, 3, 3]),
        ("out_d4.1.running_mean", vec![32]),
        ("out_d4.3.weight", vec![1, 32, 1, 1]),
        ("Conv_1x1_2.weight", vec![1, 64, 1, 1]),
        ("Conv_1x1_2.bias", vec![1]),
        ("classifier.weight", vec![3, 128]),
    ];
    for (name, shape) in heads {
        let count = shape.iter().product();
        list.push((name.to_owned(), shape, vec![0.5; count]));
    }
    let found = read(Torch::default().archive("best", &[("", &list)]));
    let remark = found.remarks().join(" ");
    for head in ["aux2", "out_d4", "Conv_1x1_2", "classifier"] {
        assert!(remark.contains(head), "{remark}");
    }
    // An attention gate has the shape of a head and changes the answer.
    for (name, shape) in [
        ("att3.psi.weight", vec![1, 16, 1, 1]),
        ("Up5.scale", vec![8]),
        ("mixer.weight", vec![16, 16, 1, 1]),
    ] {
        let mut list = named.clone();
        let count = shape.iter().product();
        list.push((name.to_owned(), shape, vec![0.5; count]));
        let found = Checkpoint::from_bytes(Torch::default().archive("best", &[("", &list)]));
        assert!(matches!(found, Err(Error::UnknownTensor { .. })), "{name}");
    }
}

#[test]
fn averages_are_proposed_last_and_named_and_every_set_can_be_had() {
    let (checkpoint, named) = own();
    let other = other(&named);
    let first = |checkpoint: &Checkpoint| {
        let values = checkpoint.values("stem.conv.0.weight");
        values.expect("listed")[0]
    };
    let bytes = Torch::default().archive(
        "best",
        &[
            ("swa_model", &below("module.", &other)),
            ("ema", &other),
            ("net", &below("module.", &named)),
        ],
    );
    let found = read(bytes.clone());
    assert_eq!(first(&found), first(&checkpoint));
    let names: Vec<_> = found.sets().iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["net", "swa_model", "ema"]);
    let remark = &found.remarks()[0];
    assert!(
        remark.contains("“net” was taken") && remark.contains("EMA"),
        "{remark}"
    );
    let ema = Checkpoint::from_bytes_with(bytes.clone(), Some("ema")).expect("it is there");
    assert_eq!(first(&ema), 0.5 * first(&checkpoint));
    let missing = Checkpoint::from_bytes_with(bytes, Some("best")).expect_err("it is not there");
    assert!(missing.to_string().contains("net, swa_model"), "{missing}");
    // The network at the top and an average below a name.
    let mut list = named.clone();
    list.extend(below("ema.", &other));
    let found = read(Torch::default().archive("best", &[("", &list)]));
    assert_eq!(first(&found), first(&checkpoint));
    assert_eq!(found.sets().len(), 2);
}

#[test]
fn a_file_that_is_no_weights_is_told_what_it_is() {
    let (_, named) = own();
    let good = Torch::default().archive("best", &[("", &named)]);
    let stream = Torch::default().stream(&[("", &named)]);
    let onnx = b"\x08\x08\x12\x07pytorch\x1a\x052.9.0\x3a\x10".to_vec();
    let optimiser: Named = vec![("state.0.exp_avg".to_owned(), vec![2], vec![0.0; 2])];
    let adam = Torch::default().archive("adam", &[("", &optimiser)]);
    let linear: Named = vec![("fc.weight".to_owned(), vec![2, 2], vec![0.0; 4])];
    let script = zip(&[
        ("m/data.pkl", b"x".as_slice()),
        ("m/code/__torch__.py", b"x"),
    ]);
    let safetensors = b"\x10\x27\0\0\0\0\0\0{\"a\":{\"dtype\":".to_vec();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec(),
            "pointer of Git LFS",
        ),
        (
            b"\xef\xbb\xbf\n<!doctype HTML><p>Sign in</p>".to_vec(),
            "web page",
        ),
        (b"<html><head></head></html>".to_vec(), "web page"),
        (onnx, "ONNX"),
        (script, "TorchScript"),
        (good[..good.len() - 500].to_vec(), "cut short"),
        (good[..60_000].to_vec(), "cut short"),
        (gzip(&good)[..60_000].to_vec(), "cut short"),
        (stream[..60_000].to_vec(), "cut short"),
        (stream[..9000].to_vec(), "cut short"),
        (safetensors, "cut short"),
        (
            Torch::default().archive("adam", &[("", &optimiser)]),
            "optimiser",
        ),
        (
            Torch::default().archive("empty", &[("", &Vec::new())]),
            "no weights of a network",
        ),
        (
            Torch::default().archive("fc", &[("", &linear)]),
            "another network",
        ),
        (
            zip(&[("a.png", b"x".as_slice())]),
            "archive without weights",
        ),
        (
            zip(&[("a.pth", good.as_slice()), ("b.pth", &good)]),
            "2 files with weights",
        ),
        (b"\x89HDF\r\n\x1a\n".to_vec(), "HDF5"),
        (adam, "save model.state_dict()"),
    ];
    for (bytes, words) in cases {
        let said = refusal(bytes);
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn two_classes_with_the_background_first_show_the_lesion() {
    let (single, mut named) = own();
    for (name, shape, values) in &mut named {
        if name.starts_with("Conv_1x1.") {
            // The background's logit is always zero.
            let mut both = vec![0.0; values.len()];
            both.extend(values.iter());
            (shape[0], *values) = (2, both);
        }
    }
    let double = read(Torch::default().archive("two", &[("", &named)]));
    let image = delineo::phantom::dermoscopy(3, 96, 80).image;
    let maps = |checkpoint: &Checkpoint, classes: usize| {
        let manifest = Manifest::assumed("mine", "S", 3, classes, b"");
        let class = manifest.lesion_class();
        let model = Model::new(manifest, checkpoint, &device::cpu()).expect("it fits");
        let maps = pollster::block_on(model.segment(&image)).expect("it runs");
        let averaged = model.segment_averaged(&image, delineo::tta::Views::Mirror);
        let averaged = pollster::block_on(averaged).expect("it runs");
        [maps[class].clone(), averaged[class].clone()]
    };
    for (one, two) in maps(&single, 1).iter().zip(&maps(&double, 2)) {
        let pairs = one.values().iter().zip(two.values());
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // Probabilities are multiples of 1 / 32 768: the last bits of a logit may decide two of these steps.
        assert!(worst < 7e-5, "{worst}");
    }
}
