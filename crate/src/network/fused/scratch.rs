//! Room that threads work in: lent for a while, so that it is allocated once a thread and forward pass, not once a band.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::winograd::Workspace;

/// What one thread needs at a time.
#[derive(Debug, Default)]
pub struct Room {
    pub workspace: Workspace,
    /// What goes into a bottleneck.
    pub mixed: Vec<f32>,
    /// The wide channels of a bottleneck.
    pub hidden: Vec<f32>,
}

/// The rooms that nobody works in just now.
#[derive(Debug, Default)]
pub struct Scratch(Mutex<Vec<Room>>);

impl Scratch {
    /// One that is free, or a new one.
    pub fn take(&self) -> Taken<'_> {
        Taken {
            room: self.rooms().pop().unwrap_or_default(),
            scratch: self,
        }
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, Vec<Room>> {
        // A list of vectors is whole whatever became of the thread that had it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A room that goes back when it is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    room: Room,
    scratch: &'a Scratch,
}

impl Deref for Taken<'_> {
    type Target = Room;

    fn deref(&self) -> &Room {
        &self.room
    }
}

impl DerefMut for Taken<'_> {
    fn deref_mut(&mut self) -> &mut Room {
        &mut self.room
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.room);
        self.scratch.rooms().push(room);
    }
}
