//! The export of all documents at once.

use super::command::{Availability, Command};
use super::effect::Effect;
use super::rig::Rig;
use crate::protocol::GatherStep;

fn steps(rig: &Rig) -> Vec<String> {
    let step = |step: &GatherStep| match step {
        GatherStep::Begin { .. } => "begin".to_owned(),
        GatherStep::Add(document) => document.path.clone(),
        GatherStep::Fail { path, .. } => format!("{path} failed"),
        GatherStep::Finish => "finish".to_owned(),
    };
    rig.gathered.iter().map(step).collect()
}

#[test]
fn every_document_comes_into_the_archive_whether_it_was_on_the_stage_or_not() {
    let mut rig = Rig::new();
    rig.broken_files.insert("3.png".to_owned());
    rig.open(&["1.png", "2.png", "3.png", "4.png"]);
    rig.send(Command::ExportAll);
    assert_eq!(
        rig.app.availability(&Command::ExportAll),
        Availability::Disabled
    );
    rig.rest();
    assert_eq!(
        steps(&rig),
        ["begin", "1.png", "2.png", "3.png failed", "4.png", "finish"]
    );
    assert!(rig.saw(|effect| matches!(effect, Effect::SaveParts { .. })));
    assert!(rig.says("One picture could not be exported"));
    assert_eq!(
        rig.app.availability(&Command::ExportAll),
        Availability::Enabled
    );
    assert_eq!(rig.app.gathering, None);
}

#[test]
fn one_document_is_exported_too() {
    let mut rig = Rig::new();
    rig.open(&["1.png"]);
    rig.send(Command::ExportAll);
    rig.rest();
    assert_eq!(steps(&rig), ["begin", "1.png", "finish"]);
}
