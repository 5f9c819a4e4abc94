//! A single pass of an inference, as benches time it.

use std::fmt;

/// One kernel of the GPU, or one pass of the CPU.
pub struct Pass<'a> {
    /// What it does: the block, its channels, the sides of its result.
    pub name: String,
    /// Bytes of the maps that it reads and writes.
    pub bytes: usize,
    /// Runs it once, whatever its inputs hold, and returns when it is done.
    pub run: Box<dyn FnMut() + 'a>,
}

impl fmt::Debug for Pass<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pass")
            .field("name", &self.name)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
