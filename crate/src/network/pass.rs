//! The passes of an inference on their own, which is how benches time them.

use std::fmt;

/// One kernel of the GPU, or one pass of the CPU.
pub struct Pass<'a> {
    /// What it does: the block, its channels, the sides of its result.
    pub name: String,
    /// Bytes of the maps that it reads and writes.
    pub bytes: usize,
    /// Does it once on whatever its inputs hold, and returns when that is done.
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
