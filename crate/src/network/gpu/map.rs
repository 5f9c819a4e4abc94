//! Maps of activations in the GPU's memory, laid out as [`tile`](super::tile) draws them.

use std::collections::BTreeMap;

use cubecl::client::Client;
use cubecl::prelude::{BufferArg, TensorBinding};
use cubecl::server::Handle;
use cubecl::zspace::Tiling;

use super::tile::{COLUMNS, ExtentLaunch, LANES, MARGIN, ROWS};

/// Bytes of a vector.
pub const VECTOR_BYTES: usize = LANES * size_of::<f32>();

/// A map of activations on the GPU.
#[derive(Clone)]
pub struct Map {
    pub height: usize,
    pub width: usize,
    /// Vectors of channels.
    pub blocks: usize,
    pub buffer: Handle,
}

impl Map {
    /// Vectors from a pixel to the one below.
    fn stride(&self) -> usize {
        self.width + 2 * MARGIN
    }

    /// Vectors from a pixel to its next four channels.
    fn plane(&self) -> usize {
        self.stride() * (self.height + 2 * MARGIN)
    }

    /// Vectors of the buffer: the planes, and rows beyond them that the last tile may read where the height is no multiple of a
    /// tile's.
    fn size(&self) -> usize {
        self.blocks * self.plane() + ROWS * self.stride()
    }

    /// Bytes of the pixels themselves.
    pub fn bytes(&self) -> usize {
        self.part(self.blocks)
    }

    /// Bytes of the pixels of so many vectors of channels.
    pub fn part(&self, blocks: usize) -> usize {
        blocks * self.height * self.width * VECTOR_BYTES
    }

    /// Channel-first planes as they lie in the buffer, margin and all.
    pub fn pack(&self, planes: &[f32]) -> Vec<f32> {
        let mut map = vec![0.0; self.size() * LANES];
        for (channel, plane) in planes.chunks_exact(self.height * self.width).enumerate() {
            for (y, row) in plane.chunks_exact(self.width).enumerate() {
                let first = self.first(channel, y);
                for (value, at) in row.iter().zip((first..).step_by(LANES)) {
                    map[at] = *value;
                }
            }
        }
        map
    }

    /// Where a channel's first pixel of a row lies in the buffer, in numbers.
    fn first(&self, channel: usize, y: usize) -> usize {
        let pixel = channel / LANES * self.plane() + (y + MARGIN) * self.stride() + MARGIN;
        pixel * LANES + channel % LANES
    }

    /// The inverse of [`Self::pack`].
    #[cfg(test)]
    pub fn unpack(&self, values: &[f32]) -> Vec<f32> {
        let channels = 0..self.blocks * LANES;
        let rows = channels.flat_map(|channel| (0..self.height).map(move |y| (channel, y)));
        rows.flat_map(|(channel, y)| {
            let first = self.first(channel, y);
            (0..self.width).map(move |x| values[first + x * LANES])
        })
        .collect()
    }

    pub fn extent(&self) -> ExtentLaunch {
        ExtentLaunch::new(self.height, self.width, self.stride(), self.plane())
    }

    pub fn arg(&self) -> BufferArg {
        arg(&self.buffer)
    }

    /// Tiles along x and y.
    pub fn tiles(&self) -> [usize; 2] {
        [self.width.div_ceil(COLUMNS), self.height.div_ceil(ROWS)]
    }
}

/// Allocates maps, and reuses those that were given back for the next map of the same size, whose margin is already zero.
pub struct Maps<'a> {
    pub client: &'a Client,
    pub sides: [usize; 2],
    pub free: BTreeMap<(usize, usize), Vec<Map>>,
}

impl Maps<'_> {
    /// A map of `blocks` vectors of channels at 2^-level of the image's sides.
    pub fn take(&mut self, level: usize, blocks: usize) -> Map {
        if let Some(map) = self.free.get_mut(&(level, blocks)).and_then(Vec::pop) {
            return map;
        }
        let [height, width] = self.sides.map(|side| side >> level);
        let mut map = Map {
            height,
            width,
            blocks,
            buffer: self.client.empty(0),
        };
        map.buffer = self
            .client
            .create_from_slice(&vec![0; map.size() * VECTOR_BYTES]);
        map
    }

    pub fn give(&mut self, level: usize, map: Map) {
        self.free.entry((level, map.blocks)).or_default().push(map);
    }
}

/// A whole buffer as a kernel's argument.
pub fn arg(buffer: &Handle) -> BufferArg {
    TensorBinding {
        handle: buffer.clone().binding(),
        shape: [buffer.size_in_used() as usize].into(),
        strides: [1].into(),
        tiling: Tiling::UNTILED,
    }
    .into_buffer_arg()
}
