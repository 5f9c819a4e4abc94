//! The commands that make the published models anew, from their recipes and the public data sets.

use serde_json::Value;

use super::data::DATA;

/// The commands for one model, in their order: train, choose temperature and threshold, measure.
///
/// `data` is the folder with the data sets, `manifest` the model's `model.json`.
pub fn of(id: &str, manifest: &Value, data: &str) -> Vec<String> {
    let provenance = &manifest["provenance"];
    let used = provenance["data"].as_array().into_iter().flatten();
    let used = used.filter_map(|set| set["name"].as_str());
    let is_normal = |name: &str| DATA.iter().any(|set| set.normals == Some(name));
    let (normals, lesions): (Vec<&str>, Vec<&str>) = used.partition(|name| is_normal(name));
    let folders = |option: &str, names: &[&str]| {
        let names: String = names.iter().map(|name| format!(" {data}/{name}")).collect();
        if names.is_empty() {
            names
        } else {
            format!(" {option}{names}")
        }
    };
    let train = provenance["command"].as_str().unwrap_or_default();
    let sets = folders("--data", &lesions) + &folders("--normal", &normals);
    vec![
        train.to_owned(),
        format!("delineo calibrate --model public/models/{id}{sets}"),
        format!("cargo xtask models --only {id}"),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_is_trained_then_calibrated_on_what_it_learnt_from_then_measured() {
        let train = "delineo train crate/recipes/us.toml --out public/models/us";
        let data = [json!({ "name": "busi" }), json!({ "name": "busi_normal" })];
        let manifest = json!({ "provenance": { "command": train, "data": data } });
        let calibrate =
            "delineo calibrate --model public/models/us --data sets/busi --normal sets/busi_normal";
        let expected = [train, calibrate, "cargo xtask models --only us"];
        assert_eq!(of("us", &manifest, "sets"), expected);
    }
}
