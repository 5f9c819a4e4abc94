//! What a video codec gives back: planes of luma and chroma.

/// Numbers by which samples become colours (ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    /// `MatrixCoefficients`.
    pub matrix: u16,
    /// Whether black is 0 and white the greatest value; else 16 and 235 of 8 bits.
    pub full_range: bool,
}

/// How the samples of a frame lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Width and height in luma samples.
    pub size: (usize, usize),
    /// Bits of a luma and of a chroma sample, 8 to 16.
    pub bits: (u32, u32),
    /// By how many powers of two chroma is narrower and lower than luma; none for grey.
    pub chroma: Option<(u32, u32)>,
    /// What the codec itself says of colour; the container's word goes first.
    pub coding: Coding,
}

/// A decoded picture.
pub(super) trait Frame {
    fn layout(&self) -> Layout;
    /// Copies the first samples of row `y` of plane 0 (luma), 1 (Cb) or 2 (Cr); both exist.
    fn row(&self, plane: usize, y: usize, out: &mut [u16]);
}
