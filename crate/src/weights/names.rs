//! The authors' names for tensors, and ours.
//!
//! | authors' state dict | here |
//! |---|---|
//! | `stem.conv.{0,1}` | `stem.{conv,norm}` |
//! | `encoderN.block.I.{0.fn.0, 0.fn.2, 1, 3, 4, 6}` | `encoderN.layers.I.{depthwise, …, project_norm}` |
//! | `encoderN.up.conv.{0,1}` | `encoderN.widen.{conv,norm}` |
//! | `UpN.up.{1,2}` | `upN.{conv,norm}` |
//! | `Up_convN.conv.{0,2,3,5,6,8}` | `fusionN.{grouped, …, project_norm}` |
//! | `Conv_1x1` | `head` |

/// The path of the parameter in [`crate::network::CmuNext`] for a tensor in the authors' state dict.
///
/// `None` for a name that the authors' network does not have.
pub fn module_path(name: &str) -> Option<String> {
    let (layer, parameter) = name.rsplit_once('.')?;
    let parts: Vec<&str> = layer.split('.').collect();
    let path = match parts.as_slice() {
        ["Conv_1x1"] => "head".to_owned(),
        ["stem", "conv", index] => format!("stem.{}", pick(&["0", "1"], &["conv", "norm"], index)?),
        [encoder, "up", "conv", index] => {
            format!(
                "{encoder}.widen.{}",
                pick(&["0", "1"], &["conv", "norm"], index)?
            )
        }
        [encoder, "block", layer, "0", "fn", index] => {
            format!(
                "{encoder}.layers.{layer}.{}",
                pick(&["0", "2"], &["depthwise", "depthwise_norm"], index)?
            )
        }
        [encoder, "block", layer, index] => {
            format!(
                "{encoder}.layers.{layer}.{}",
                pick(&["1", "3", "4", "6"], &BOTTLENECK, index)?
            )
        }
        [up, "up", index] => {
            format!(
                "up{}.{}",
                up.strip_prefix("Up")?,
                pick(&["1", "2"], &["conv", "norm"], index)?
            )
        }
        [fusion, "conv", index] => {
            let stage = fusion.strip_prefix("Up_conv")?;
            let part = pick(&["0", "2"], &["grouped", "grouped_norm"], index)
                .or_else(|| pick(&["3", "5", "6", "8"], &BOTTLENECK, index))?;
            format!("fusion{stage}.{part}")
        }
        _ => return None,
    };
    let is_norm = path.ends_with("norm");
    let parameter = match parameter {
        "weight" if is_norm => "gamma",
        "bias" if is_norm => "beta",
        other => other,
    };
    Some(format!("{path}.{parameter}"))
}

const BOTTLENECK: [&str; 4] = ["expand", "expand_norm", "project", "project_norm"];

fn pick<'a>(indices: &[&str], names: &[&'a str], index: &str) -> Option<&'a str> {
    indices
        .iter()
        .zip(names)
        .find(|(i, _)| **i == index)
        .map(|(_, name)| *name)
}
