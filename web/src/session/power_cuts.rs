//! The store on a disk that fails: at every byte of a journal, and at every byte of a day with compactions.

use super::fake_disk::{FakeFile, Power, example};
use super::journal::Kind;
use super::messages::{Fault, Key};
use super::store::{Contents, Store, read_only};
use super::version::VERSION;

const ENOUGH: usize = usize::MAX;

/// A generator of numbers that are the same every time (a 64-bit LCG by Knuth).
pub struct Random(pub u64);

impl Random {
    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn opened(power: &Power, files: [Vec<u8>; 2]) -> (Store<FakeFile>, Contents) {
    let files = files.map(|bytes| FakeFile::new(power, bytes));
    match Store::open(files) {
        Ok(opened) => opened,
        Err(fault) => panic!("{fault}"),
    }
}

/// One order, with what the session holds after it.
fn order(random: &mut Random, contents: &mut Contents, store: &mut Store<FakeFile>) -> bool {
    let key = random.below(6) as u32;
    let body = format!("{{\"n\":\"{}\"}}", "x".repeat(random.below(300)));
    let mut after = contents.clone();
    let done = match random.below(8) {
        0 => {
            after.documents.remove(&Key(key));
            store.remove(Kind::Document, key)
        }
        1 => {
            after.session = Some(body.clone());
            store.put(Kind::Session, 0, body.as_bytes())
        }
        _ => {
            after.documents.insert(Key(key), body.clone());
            store.put(Kind::Document, key, body.as_bytes())
        }
    };
    if done.is_ok() {
        *contents = after;
    }
    done.is_ok()
}

#[test]
fn a_journal_that_is_cut_at_any_byte_holds_what_was_written_whole_before() {
    let mut random = Random(1);
    let power = Power::for_bytes(ENOUGH);
    let (mut store, mut contents) = opened(&power, [vec![], vec![]]);
    let mut states = vec![(store.size(), contents.clone())];
    for _ in 0..40 {
        order(&mut random, &mut contents, &mut store);
        states.push((store.size(), contents.clone()));
    }
    let [first, second] = store.into_files().map(|file| file.after_crash());
    assert!(second.is_empty());
    let from = states[0].0 as usize;
    for cut in from..=first.len() {
        let expected = states.iter().rfind(|(size, _)| *size <= cut as u64);
        let files = [first[..cut].to_vec(), vec![]];
        let read = read_only(&files);
        assert_eq!(read.ok().as_ref(), expected.map(|(_, state)| state));
        // It goes on from there, and what is written next is read again.
        let (mut store, mut contents) = opened(&power, files);
        order(&mut random, &mut contents, &mut store);
        let files = store.into_files().map(|file| file.after_crash());
        assert_eq!(read_only(&files), Ok(contents), "cut at {cut}");
    }
}

/// A day of 150 orders in which the journal is compacted often, ended by `end` after so many bytes.
fn day(seed: u64, bytes: usize) -> (Store<FakeFile>, Contents, bool, Power) {
    let power = Power::for_bytes(bytes);
    let files = [vec![], vec![]].map(|bytes| FakeFile::new(&power, bytes));
    let Ok((mut store, mut contents)) = Store::open(files.clone()) else {
        // Ended before the session had begun.
        let power = Power::for_bytes(ENOUGH);
        return (
            opened(&power, [vec![], vec![]]).0,
            Contents::default(),
            true,
            power,
        );
    };
    store.set_slack(1000);
    let mut random = Random(seed);
    for _ in 0..150 {
        if !order(&mut random, &mut contents, &mut store) {
            return (store, contents, false, power);
        }
    }
    (store, contents, true, power)
}

#[test]
fn the_end_of_the_worker_at_any_byte_loses_nothing_that_was_acknowledged() {
    let used = ENOUGH - day(2, ENOUGH).3.left();
    assert!(used > 20_000, "{used} bytes are no long day");
    for bytes in (0..used).step_by(2) {
        let (store, contents, _, _) = day(2, bytes);
        let files = store.into_files().map(|file| file.after_crash());
        let found = read_only(&files);
        assert!(holds(&found, &contents), "after {bytes} bytes: {found:?}");
    }
}

#[test]
fn the_loss_of_power_at_any_byte_loses_nothing_that_was_acknowledged() {
    let used = ENOUGH - day(3, ENOUGH).3.left();
    let mut random = Random(4);
    for bytes in (0..used).step_by(3) {
        let (store, contents, _, _) = day(3, bytes);
        let files = store
            .into_files()
            .map(|file| file.after_power_cut(|limit| random.below(limit)));
        let found = read_only(&files);
        assert!(holds(&found, &contents), "after {bytes} bytes: {found:?}");
    }
}

/// Whether the session is as it was acknowledged. The order that was being carried out may have been written whole.
fn holds(found: &Result<Contents, Fault>, acknowledged: &Contents) -> bool {
    let Ok(found) = found else { return false };
    let keys = found.documents.keys().chain(acknowledged.documents.keys());
    let changed = keys
        .filter(|key| found.documents.get(*key) != acknowledged.documents.get(*key))
        .collect::<std::collections::BTreeSet<_>>();
    changed.len() + usize::from(found.session != acknowledged.session) <= 1
}

#[test]
fn a_session_of_a_later_version_is_left_alone() {
    let journal = example(VERSION + 1, "document 1 {\"shape\":\"unknown\"}");
    let power = Power::for_bytes(ENOUGH);
    let files = [journal.clone(), vec![]].map(|bytes| FakeFile::new(&power, bytes));
    assert_eq!(Store::open(files).err(), Some(Fault::TooNew));
    assert_eq!(power.left(), ENOUGH, "nothing was written");
    assert_eq!(read_only(&[journal, vec![]]), Err(Fault::TooNew));
}

#[test]
fn a_compaction_leaves_nothing_of_what_was_deleted() {
    let power = Power::for_bytes(ENOUGH);
    let (mut store, _) = opened(&power, [vec![], vec![]]);
    store.set_slack(200);
    let secret = format!("{{\"name\":\"{}\"}}", "secret".repeat(60));
    drop(store.put(Kind::Document, 1, secret.as_bytes()));
    drop(store.remove(Kind::Document, 1));
    let files = store.into_files().map(|file| file.after_crash());
    let all = files.concat();
    assert!(!all.windows(6).any(|window| window == b"secret"));
    assert_eq!(read_only(&files), Ok(Contents::default()));
}

#[test]
fn a_full_disk_costs_the_order_and_nothing_before_it() {
    let power = Power::for_bytes(400);
    let (mut store, _) = opened(&power, [vec![], vec![]]);
    assert_eq!(store.put(Kind::Document, 1, b"{\"kept\":1}"), Ok(()));
    let long = "9".repeat(1000);
    assert!(store.put(Kind::Document, 1, long.as_bytes()).is_err());
    let files = store.into_files().map(|file| file.after_crash());
    let found = read_only(&files);
    let text = found
        .as_ref()
        .ok()
        .and_then(|found| found.documents.get(&Key(1)));
    assert_eq!(text.map(String::as_str), Some("{\"kept\":1}"));
}
