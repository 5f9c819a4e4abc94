//! Versions of the records' JSON, and how a record of an earlier one becomes one of today's. A migration is one function
//! and one line in `STEPS`; it is never changed again.

use serde_json::{Value, json};

use super::journal::Kind;

/// The version that is written.
pub const VERSION: u32 = STEPS.len() as u32;

/// From each version to the next one.
const STEPS: &[fn(Kind, &mut Value)] = &[undo_stacks, map_copies];

/// A record of version `from` in today's form. One that is no JSON stays as it is: whoever reads it says so.
pub fn migrate(kind: Kind, body: &[u8], from: u32) -> Vec<u8> {
    let steps = STEPS.get(from as usize..).unwrap_or_default();
    if steps.is_empty() || body.is_empty() {
        return body.to_vec();
    }
    let Ok(mut value) = serde_json::from_slice(body) else {
        return body.to_vec();
    };
    for step in steps {
        step(kind, &mut value);
    }
    serde_json::to_vec(&value).unwrap_or_else(|_| body.to_vec())
}

/// Version 0 had the strokes of one frame and no undo, and a document was accepted or not.
fn undo_stacks(kind: Kind, record: &mut Value) {
    let Some(record) = record.as_object_mut().filter(|_| kind == Kind::Document) else {
        return;
    };
    let is_accepted = record.remove("accepted") == Some(Value::Bool(true));
    let decision = if is_accepted { "accepted" } else { "undecided" };
    record.insert(
        "review".to_owned(),
        json!({ "decision": decision, "is_flagged": false, "note": "" }),
    );
    let opened = record.get_mut("opened").and_then(Value::as_object_mut);
    if let Some(opened) = opened
        && let Some(Value::Array(strokes)) = opened.remove("strokes")
    {
        let version = strokes.len();
        let done: Vec<Value> = strokes
            .into_iter()
            .map(|stroke| json!({ "stroke": stroke }))
            .collect();
        let frame = opened.get("rendering").and_then(|of| of.get("frame"));
        let frame = frame.and_then(Value::as_u64).unwrap_or(0).to_string();
        let edits = json!({ "done": done, "undone": [], "version": version, "exported": null });
        opened.insert("edits".to_owned(), json!({ frame: edits }));
    }
}

/// Version 1 had a number for a copy of the probability map, of float32, and never made one.
fn map_copies(kind: Kind, record: &mut Value) {
    let opened = record.get_mut("opened").filter(|_| kind == Kind::Document);
    let map = opened.and_then(|opened| opened.get_mut("map"));
    if let Some(map) = map.and_then(Value::as_object_mut) {
        map.remove("copy");
    }
}
