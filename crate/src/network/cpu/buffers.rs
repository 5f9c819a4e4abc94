//! Working memory of the passes and of the maps between them. It is pooled, so that it is allocated once for each thread and not
//! for each band of rows; natively once for a network, since fresh pages would cost a fifth of an inference.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one thread needs for any pass.
#[derive(Debug, Default)]
pub struct Buffers {
    pub workspace: Workspace,
    /// The input of a bottleneck.
    pub mixed: Vec<f32>,
    /// The hidden channels of a bottleneck.
    pub hidden: Vec<f32>,
}

/// Intermediate results of a convolution by Winograd's algorithm.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Six rows of the map, transformed downwards.
    pub rows: Vec<f32>,
    /// `[product][tile][input]`.
    pub columns: Vec<f32>,
    /// `[product][tile][output]`.
    pub products: Vec<f32>,
}

/// What is not in use at the moment.
#[derive(Debug, Default)]
pub struct BufferPool {
    buffers: Mutex<Vec<Buffers>>,
    maps: Mutex<Vec<Vec<f32>>>,
}

impl BufferPool {
    /// Buffers of an earlier user, or new ones.
    pub fn take(&self) -> PooledBuffers<'_> {
        PooledBuffers {
            buffers: lock(&self.buffers).pop().unwrap_or_default(),
            pool: self,
        }
    }

    /// Memory for a map of `length` numbers: that of an earlier one with what is left in it, the smallest that is large enough,
    /// or new and zero.
    pub fn take_map(&self, length: usize) -> Recycled {
        let mut maps = lock(&self.maps);
        let fits = maps
            .iter()
            .enumerate()
            .filter(|(_, map)| map.len() >= length);
        match fits
            .min_by_key(|(_, map)| map.len())
            .map(|(index, _)| index)
        {
            Some(index) => Recycled::Used(maps.swap_remove(index)),
            None => Recycled::Zero(vec![0.0; length]),
        }
    }

    /// Keeps a map's memory for another one. In WebAssembly, whose memory never shrinks, it goes back to the allocator: images need
    /// it too.
    pub fn give_map(&self, map: Vec<f32>) {
        if !cfg!(target_family = "wasm") {
            lock(&self.maps).push(map);
        }
    }
}

/// Memory for a map.
#[derive(Debug)]
pub enum Recycled {
    Zero(Vec<f32>),
    Used(Vec<f32>),
}

/// A panic of another thread cannot leave a list half changed.
fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
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
        lock(&self.pool.buffers).push(buffers);
    }
}

/// The first `length` numbers of a buffer, which grows where it must. Their values are left over from earlier uses.
pub fn at_least(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}
