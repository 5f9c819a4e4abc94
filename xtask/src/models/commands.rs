//! The commands that make the published models anew, from their recipes and the public data sets.

use serde_json::Value;

use super::data::DATA;

/// The commands for one model, in their order: train, choose temperature and threshold, measure.
///
/// `data` is the folder with the data sets, `manifest` the model's `model.json`, `recipe` the text of a recipe by its id.
pub fn of(
    id: &str,
    manifest: &Value,
    data: &str,
    recipe: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
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
    let command = provenance["command"].as_str().unwrap_or_default();
    let device = command.split_once("--device ").map_or("cpu", |(_, rest)| {
        rest.split_whitespace().next().unwrap_or("cpu")
    });
    let train = |id: &str, out: &str| {
        format!("delineo train crate/recipes/{id}.toml --out {out}/{id} --device {device}")
    };
    let mut commands = vec![train(id, "public/models")];
    // What a recipe begins with, where another recipe makes that.
    let mut first = recipe(id).as_deref().and_then(beginning);
    while let Some(id) = first {
        commands.insert(0, train(&id, BEGINNINGS));
        first = recipe(&id).as_deref().and_then(beginning);
    }
    let sets = folders("--data", &lesions) + &folders("--normal", &normals);
    commands.push(format!(
        "delineo calibrate --model public/models/{id}{sets}"
    ));
    commands.push(format!("cargo xtask models --only {id}"));
    commands
}

/// Where trainings end that others begin with.
const BEGINNINGS: &str = "target/models";

/// The recipe that makes what this one begins with.
fn beginning(recipe: &str) -> Option<String> {
    let init = recipe
        .lines()
        .find_map(|line| line.strip_prefix("init = "))?;
    let path = init.trim().trim_matches('"');
    let id = path.strip_prefix("../../")?.strip_prefix(BEGINNINGS)?;
    Some(id.trim_start_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_is_trained_then_calibrated_on_what_it_learnt_from_then_measured() {
        let command = "delineo train us.toml --out us --device libtorch --json";
        let data = [json!({ "name": "busi" }), json!({ "name": "busi_normal" })];
        let manifest = json!({ "provenance": { "command": command, "data": data } });
        let recipe = |id: &str| match id {
            "us" => Some("init = \"../../target/models/us-first\"".to_owned()),
            _ => Some("init = \"start.safetensors\"".to_owned()),
        };
        let expected = [
            "delineo train crate/recipes/us-first.toml --out target/models/us-first --device libtorch",
            "delineo train crate/recipes/us.toml --out public/models/us --device libtorch",
            "delineo calibrate --model public/models/us --data sets/busi --normal sets/busi_normal",
            "cargo xtask models --only us",
        ];
        assert_eq!(of("us", &manifest, "sets", &recipe), expected);
    }
}
