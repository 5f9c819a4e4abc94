//! Checkpoints that a person might drop: good ones in every form, and bad ones that get one clear sentence.

use delineo::device;
use delineo::network::Variant;
use delineo::weights::{Checkpoint, FileFormat};
use safetensors::tensor::{Dtype, TensorView};

type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

/// A valid set of tensors for a variant, with small varied numbers.
fn tensors(variant: Variant, in_channels: usize, classes: usize) -> Tensors {
    let architecture = delineo::network::Architecture {
        variant,
        in_channels,
        classes,
    };
    architecture
        .tensors()
        .into_iter()
        .enumerate()
        .map(|(index, (name, shape))| {
            let count: usize = shape.iter().product();
            let values = (0..count)
                .map(|i| 0.01 + ((i * 31 + index * 7) % 17) as f32 / 64.0)
                .collect();
            (name, shape, values)
        })
        .collect()
}

fn safetensors(tensors: &Tensors) -> Vec<u8> {
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, v)| v.iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&data).map(|((name, shape, _), data)| {
        (
            name.clone(),
            TensorView::new(Dtype::F32, shape.clone(), data).expect("a valid view"),
        )
    });
    safetensors::serialize(views, None).expect("serializable")
}

fn sentence(bytes: Vec<u8>) -> String {
    Checkpoint::from_bytes(bytes)
        .expect_err("the checkpoint is bad")
        .to_string()
}

#[test]
fn variant_channels_and_classes_are_read_off_the_shapes() {
    for variant in Variant::ALL {
        let checkpoint =
            Checkpoint::from_bytes(safetensors(&tensors(variant, 1, 4))).expect("valid");
        let architecture = checkpoint.architecture();
        assert_eq!(
            (
                architecture.variant,
                architecture.in_channels,
                architecture.classes
            ),
            (variant, 1, 4)
        );
        assert_eq!(checkpoint.format(), FileFormat::Safetensors);
    }
}

#[test]
fn keys_below_a_prefix_are_found_and_strangers_beside_it_are_left_alone() {
    let mut list = tensors(Variant::S, 3, 1);
    for (name, _, _) in &mut list {
        *name = format!("state_dict.module.{name}");
    }
    list.push(("optimizer.step".to_owned(), vec![1], vec![1.0]));
    list.push((
        "state_dict.module.stem.conv.1.num_batches_tracked".to_owned(),
        vec![1],
        vec![7.0],
    ));
    assert!(Checkpoint::from_bytes(safetensors(&list)).is_ok());
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both_shapes() {
    let mut list = tensors(Variant::S, 3, 1);
    let entry = list
        .iter_mut()
        .find(|(name, _, _)| name == "encoder3.block.0.0.fn.0.weight")
        .expect("present");
    entry.1 = vec![16, 1, 5, 5];
    entry.2.truncate(16 * 25);
    let text = sentence(safetensors(&list));
    assert!(text.contains("encoder3.block.0.0.fn.0.weight"), "{text}");
    assert!(
        text.contains("[16, 1, 5, 5]") && text.contains("[16, 1, 7, 7]"),
        "{text}"
    );
}

#[test]
fn a_missing_tensor_is_named_with_its_shape() {
    let mut list = tensors(Variant::Base, 3, 1);
    list.retain(|(name, _, _)| name != "Up4.up.1.bias");
    let text = sentence(safetensors(&list));
    assert!(
        text.contains("Up4.up.1.bias") && text.contains("[128]"),
        "{text}"
    );
}

#[test]
fn a_tensor_that_the_network_does_not_have_is_named() {
    let mut list = tensors(Variant::S, 3, 1);
    list.push(("attention.weight".to_owned(), vec![2], vec![0.0, 1.0]));
    let text = sentence(safetensors(&list));
    assert!(
        text.contains("attention.weight") && text.contains("CMUNeXt-S"),
        "{text}"
    );
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let mut list = tensors(Variant::S, 3, 1);
    list[3].2[0] = f32::NAN;
    let text = sentence(safetensors(&list));
    assert!(text.contains(&list[3].0) && text.contains("NaN"), "{text}");
}

#[test]
fn files_that_are_no_checkpoint_get_a_sentence_and_never_a_panic() {
    let good = safetensors(&tensors(Variant::S, 3, 1));
    assert!(sentence(Vec::new()).contains("empty"));
    assert!(
        sentence(b"\x89PNG\r\n\x1a\nnot weights".to_vec()).contains("not a CMUNeXt checkpoint")
    );
    assert!(
        sentence(b"PK\x03\x04 a zip that is none".to_vec()).contains("not a CMUNeXt checkpoint")
    );
    for length in [1, 7, 8, 9, 100, 5000, good.len() - 1] {
        assert!(!sentence(good[..length].to_vec()).is_empty());
    }
    let other = vec![("linear.weight".to_owned(), vec![2, 2], vec![0.0; 4])];
    let text = sentence(safetensors(&other));
    assert!(
        text.contains("linear.weight") && text.contains("stem.conv.0.weight"),
        "{text}"
    );
}

#[test]
fn half_precision_halves_the_file_and_keeps_the_network() {
    let checkpoint =
        Checkpoint::from_bytes(safetensors(&tensors(Variant::S, 3, 1))).expect("valid");
    let half = checkpoint.to_safetensors(true).expect("fits");
    let full = checkpoint.to_safetensors(false).expect("fits");
    assert!(
        half.len() < 900_000 && full.len() > 1_600_000,
        "{} {}",
        half.len(),
        full.len()
    );
    let again = Checkpoint::from_bytes(half).expect("valid");
    assert_eq!(again.stored_as(), "F16");
    assert!(again.load_into(&device::cpu()).is_ok());
}
