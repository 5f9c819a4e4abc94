//! The pictures that are open, in the order in which they came. One is shown at a time; each keeps what the person
//! chose and drew.

use delineo_web::protocol::Settings;

use crate::history::History;
use crate::sight::Sight;
use crate::tuning::Tuning;

/// How far a picture has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has looked at it yet.
    Waiting,
    /// It has been shown.
    Seen,
}

/// What a picture keeps while another one is shown.
#[derive(Clone, Debug)]
pub struct Keepsake {
    /// Threshold and cleaning.
    pub settings: Settings,
    /// The model that these were made for.
    pub tuning: Option<Tuning>,
    /// Corrections.
    pub history: History,
    /// Zoom and place.
    pub sight: Sight,
}

/// A picture in the queue. `F` is its file, which is never read into the page's memory.
#[derive(Clone, Debug)]
pub struct Picture<F> {
    /// The number that the engine knows it by.
    pub id: u32,
    /// The file's name.
    pub name: String,
    /// The file itself, so that a new engine can be given it again.
    pub file: F,
    /// Whether it was shown.
    pub progress: Progress,
    /// How often the engine stopped over this picture.
    pub crashes: u32,
    /// What the person did with it; nothing before it was shown.
    pub keepsake: Option<Keepsake>,
}

/// All open pictures.
#[derive(Clone, Debug)]
pub struct Queue<F> {
    pictures: Vec<Picture<F>>,
    next: u32,
}

impl<F> Default for Queue<F> {
    fn default() -> Self {
        Self {
            pictures: Vec::new(),
            next: 1,
        }
    }
}

impl<F> Queue<F> {
    /// Appends files and returns the number of the first.
    pub fn append(&mut self, files: impl IntoIterator<Item = (String, F)>) -> Option<u32> {
        let first = self.next;
        for (name, file) in files {
            let id = self.next;
            self.next += 1;
            self.pictures.push(Picture {
                id,
                name,
                file,
                progress: Progress::Waiting,
                crashes: 0,
                keepsake: None,
            });
        }
        (self.next > first).then_some(first)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Picture<F>> {
        self.pictures.iter()
    }

    /// Where a picture stands, from 0.
    pub fn position(&self, id: u32) -> Option<usize> {
        self.pictures.iter().position(|picture| picture.id == id)
    }

    /// A picture by its number.
    pub fn get(&self, id: u32) -> Option<&Picture<F>> {
        self.pictures.iter().find(|picture| picture.id == id)
    }

    /// A picture by its number.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Picture<F>> {
        self.pictures.iter_mut().find(|picture| picture.id == id)
    }

    /// The picture so many places after this one (before it where negative), if there is one.
    pub fn beside(&self, id: u32, step: isize) -> Option<u32> {
        let place = self.position(id)?.checked_add_signed(step)?;
        self.pictures.get(place).map(|picture| picture.id)
    }

    /// The next picture after this one that nobody has looked at.
    pub fn next_waiting(&self, id: u32) -> Option<u32> {
        let place = self.position(id)?;
        self.pictures
            .iter()
            .skip(place + 1)
            .find(|picture| picture.progress == Progress::Waiting)
            .map(|picture| picture.id)
    }

    /// Takes a picture out.
    pub fn remove(&mut self, id: u32) {
        self.pictures.retain(|picture| picture.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Queue<()> {
        let mut queue = Queue::default();
        let first = queue.append(["a.png", "b.png", "c.png"].map(|name| (name.to_owned(), ())));
        assert_eq!(first, Some(1));
        queue
    }

    #[test]
    fn files_are_taken_in_the_order_they_came() {
        let mut queue = three();
        assert_eq!(queue.append([("d.png".to_owned(), ())]), Some(4));
        let names: Vec<_> = queue.iter().map(|picture| picture.name.as_str()).collect();
        assert_eq!(names, ["a.png", "b.png", "c.png", "d.png"]);
        assert_eq!(queue.append([]), None);
    }

    #[test]
    fn the_ends_have_no_neighbour() {
        let queue = three();
        assert_eq!(queue.beside(1, -1), None);
        assert_eq!(queue.beside(1, 1), Some(2));
        assert_eq!(queue.beside(3, 1), None);
        assert_eq!(queue.beside(9, 1), None);
    }

    #[test]
    fn the_next_one_to_take_is_one_that_nobody_saw() {
        let mut queue = three();
        if let Some(picture) = queue.get_mut(2) {
            picture.progress = Progress::Seen;
        }
        assert_eq!(queue.next_waiting(1), Some(3));
        queue.remove(3);
        assert_eq!(queue.next_waiting(1), None);
    }

    #[test]
    fn numbers_are_never_used_twice() {
        let mut queue = three();
        queue.remove(3);
        assert_eq!(queue.append([("d.png".to_owned(), ())]), Some(4));
    }
}
