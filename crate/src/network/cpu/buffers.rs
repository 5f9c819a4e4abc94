//! Working memory of the passes. It is pooled, so that it is allocated once for each thread of a forward pass and not for
//! each band of rows.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::winograd::Workspace;

/// What one thread needs for any pass.
#[derive(Debug, Default)]
pub struct Buffers {
    pub workspace: Workspace,
    /// The input of a bottleneck.
    pub mixed: Vec<f32>,
    /// The hidden channels of a bottleneck.
    pub hidden: Vec<f32>,
}

/// The buffers that no thread uses at the moment.
#[derive(Debug, Default)]
pub struct BufferPool(Mutex<Vec<Buffers>>);

impl BufferPool {
    /// Buffers of an earlier user, or new ones.
    pub fn take(&self) -> PooledBuffers<'_> {
        PooledBuffers {
            buffers: self.free().pop().unwrap_or_default(),
            pool: self,
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Buffers>> {
        // A panic of another thread cannot leave the list half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Buffers that go back to their pool when they are dropped.
#[derive(Debug)]
pub struct PooledBuffers<'a> {
    buffers: Buffers,
    pool: &'a BufferPool,
}

impl Deref for PooledBuffers<'_> {
    type Target = Buffers;

    fn deref(&self) -> &Buffers {
        &self.buffers
    }
}

impl DerefMut for PooledBuffers<'_> {
    fn deref_mut(&mut self) -> &mut Buffers {
        &mut self.buffers
    }
}

impl Drop for PooledBuffers<'_> {
    fn drop(&mut self) {
        let buffers = std::mem::take(&mut self.buffers);
        self.pool.free().push(buffers);
    }
}

/// The first `length` numbers of a buffer, which grows where it must. Their values are left over from earlier uses.
pub fn at_least(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}
