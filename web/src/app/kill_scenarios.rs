//! What is left of the work when the page, a worker or the power ends at any moment.

use super::command::Command;
use super::effect::Effect;
use super::event::Event;
use super::keeping_scenarios::{
    Device, draw, page, page_before_the_network, page_with_version, take_order, work,
};
use super::rig::Rig;
use crate::session::messages::Message;
use crate::session::power_cuts::Random;

/// Something that a person does, now and then with another worker than before.
fn act(random: &mut Random, rig: &mut Rig, device: &mut Device) {
    let at = (
        200.0 + random.below(400) as f64,
        150.0 + random.below(300) as f64,
    );
    match random.below(14) {
        // The person rests: others are prepared, and maps are kept.
        12 | 13 => rig.rest(),
        0..=4 => draw(rig, at),
        5 => rig.send(Command::Undo),
        6 => rig.send(Command::Redo),
        7 => rig.send(Command::SetThreshold(0.01 * random.below(90) as f32)),
        8 => rig.send(Command::Accept),
        9 => rig.send(Command::Step([-1, 1][random.below(2)])),
        10 => {
            // The engine's worker, whatever it was asked.
            rig.answer_until(|_| true);
            rig.die();
        }
        // One that ends time and again is not started any more, and the person is told.
        _ if rig.app.keeping.deaths < 2 => {
            device.kill();
            rig.tell(Event::SessionEnded("killed".to_owned()));
        }
        _ => {}
    }
    if random.below(3) > 0 {
        rig.settle();
    }
}

/// Carries out so many orders at most; fewer where the disk fails.
fn serve_some(rig: &mut Rig, device: &mut Device, most: usize) {
    for _ in 0..most {
        match take_order(rig) {
            Some(order @ (Effect::Store { .. } | Effect::StoreMap { .. })) => {
                let message = match order {
                    Effect::Store { order, file } => device.carry_out(order, file),
                    Effect::StoreMap { key, .. } => device.keep_map(key),
                    _ => return,
                };
                if matches!(message, Message::NotKept { .. }) {
                    return;
                }
                let files = Vec::new();
                rig.tell(Event::Session { message, files });
            }
            Some(_) => {}
            None => return,
        }
    }
}

#[test]
fn the_end_of_page_worker_or_power_at_any_moment_loses_at_most_what_was_done_last() {
    let mut kept = 0;
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut device = Device::new();
        let mut rig = page(&mut device);
        rig.open(&["a.png", "b.png", "c-ultrasound.png"]);
        device.serve(&mut rig);
        for _ in 0..random.below(30) {
            act(&mut random, &mut rig, &mut device);
            device.serve(&mut rig);
        }
        if rig.app.is_stopped() {
            // It died too often.
            rig.send(Command::RestartEngine);
        }
        rig.settle();
        device.serve(&mut rig);
        let before = work(&rig);
        // The last act, of which the disk has as much as there was time for.
        draw(&mut rig, (300.0, 200.0));
        let after = work(&rig);
        assert_ne!(before, after);
        let most = random.below(4);
        match seed % 3 {
            0 => {
                serve_some(&mut rig, &mut device, most);
                device.kill();
            }
            1 => {
                device.power.limit(random.below(3000));
                serve_some(&mut rig, &mut device, usize::MAX);
                device.lose_power(&mut random);
            }
            _ => {
                // The store's worker alone: the page is still there and gives the next one what is missing.
                device.power.limit(random.below(3000));
                serve_some(&mut rig, &mut device, usize::MAX);
                device.kill();
                device.power.limit(usize::MAX);
                rig.tell(Event::SessionEnded("killed".to_owned()));
                device.serve(&mut rig);
                device.kill();
                assert_maps_are_there(&device, seed);
                drop(rig);
                assert_eq!(work(&page(&mut device)), after, "seed {seed}");
                assert_maps_are_there(&device, seed);
                continue;
            }
        }
        drop(rig);
        let found = work(&page(&mut device));
        assert!(
            found == before || found == after,
            "seed {seed}: {found:#?} is neither {before:#?} nor {after:#?}"
        );
        assert_maps_are_there(&device, seed);
        kept += device.maps().1.len();
    }
    assert!(kept > 100, "{kept} maps are too few to say anything");
}

/// A record names no copy of a map that is not there.
fn assert_maps_are_there(device: &Device, seed: u64) {
    let (there, named) = device.maps();
    assert!(
        named.is_subset(&there),
        "seed {seed}: {named:?} of {there:?}"
    );
}

#[test]
fn a_model_that_is_another_since_then_is_told_where_work_rests_on_its_border() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png", "b.png", "c.png"]);
    draw(&mut rig, (300.0, 200.0));
    rig.send(Command::Step(1));
    rig.settle();
    rig.send(Command::Step(1));
    rig.settle();
    draw(&mut rig, (300.0, 200.0));
    rig.rest();
    device.serve(&mut rig);
    device.kill();
    drop(rig);

    // Without copies of the maps: the pictures are segmented anew.
    device.lose_maps();
    // The same model: nothing is said.
    let mut rig = page(&mut device);
    rig.rest();
    assert!(!rig.says("Another model"));
    device.serve(&mut rig);
    device.kill();
    drop(rig);

    device.lose_maps();
    let mut rig = page_with_version(&mut device, 2);
    rig.rest();
    assert!(rig.says("under your work on “c.png”, “a.png”."));
    device.serve(&mut rig);
    device.kill();
    drop(rig);

    // It is said once.
    let mut rig = page_with_version(&mut device, 2);
    rig.rest();
    assert!(!rig.says("Another model"));
}

#[test]
fn work_that_waits_for_its_file_or_its_border_keeps_what_its_border_was_made_by() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png"]);
    draw(&mut rig, (300.0, 200.0));
    rig.settle();
    device.serve(&mut rig);
    device.kill();
    drop(rig);
    // Changed and kept before the network has run.
    let mut rig = page_before_the_network(&mut device, 1);
    rig.send(Command::Flag);
    device.serve(&mut rig);
    device.kill();
    drop(rig);
    let mut rig = page_with_version(&mut device, 2);
    rig.rest();
    assert!(rig.says("under your work on “a.png”."));
}
