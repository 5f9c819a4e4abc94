//! What goes from one thread of `delineo segment` to the next, and its order.

use std::collections::BTreeMap;
use std::time::Instant;

use delineo::Error;

/// An image on its way.
pub struct Passing<T> {
    /// Number of the job.
    pub job: usize,
    /// When its file began to be read.
    pub start: Instant,
    pub found: Result<T, Error>,
}

/// The images in the order of their jobs, of which none may be left out. No more of them wait than were overtaken.
pub fn in_order<T>(
    received: impl IntoIterator<Item = Passing<T>>,
) -> impl Iterator<Item = Passing<T>> {
    let mut received = received.into_iter();
    let mut early = BTreeMap::new();
    let mut next = 0;
    std::iter::from_fn(move || {
        while !early.contains_key(&next) {
            let passing = received.next()?;
            early.insert(passing.job, passing);
        }
        next += 1;
        early.remove(&(next - 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_were_overtaken_come_before_those_that_overtook_them() {
        let passing = |job| Passing {
            job,
            start: Instant::now(),
            found: Ok(()),
        };
        let jobs = in_order([1, 0, 2, 4, 5, 3].map(passing)).map(|passing| passing.job);
        assert_eq!(jobs.collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        // Where the senders stop early, what waits for a lost one is not passed on.
        let jobs = in_order([0, 2].map(passing)).map(|passing| passing.job);
        assert_eq!(jobs.collect::<Vec<_>>(), [0]);
    }
}
