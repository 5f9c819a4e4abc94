//! The library's one error type: every variant is a sentence that a person can act on.

use std::path::PathBuf;

/// What can go wrong, said so that the reader knows what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes carry no signature of a supported image format.
    #[error("This is not an image that Delineo can read. It reads {formats}.")]
    NotAnImage {
        /// The formats that are read, [`crate::imaging::list`].
        formats: String,
    },
    /// The file holds no bytes.
    #[error("The file is empty.")]
    EmptyFile,
    /// The signature is right but the content cannot be decoded.
    #[error("The {format} image is damaged or cut short: {reason}.")]
    DamagedImage {
        /// Format by signature, such as `PNG`.
        format: &'static str,
        /// The decoder's own words.
        reason: String,
    },
    /// A well-formed image of a kind that is refused, such as an animation or a CMYK JPEG.
    #[error("{0}")]
    UnsupportedImage(String),
    /// An image that is decoded only with the feature `rare-formats`: of a format other than PNG and JPEG, of a rare kind of
    /// these, or in colours other than those of sRGB. The page's engines load a decoder for it when they meet one.
    #[error("This program was built without the decoder for this kind of file.")]
    RareFormat,
    /// An image whose codec no decoder of this build knows and every browser does: in wasm, AV1. The page has the
    /// browser decode it.
    #[error("This program has no decoder for {format}. Save the image as PNG or JPEG.")]
    BrowserFormat {
        /// Format by signature, such as `AVIF`.
        format: &'static str,
    },
    /// Too few pixels to hold a lesion.
    #[error("The image is {width}×{height} pixels; Delineo needs at least {minimum} on each side.")]
    ImageTooSmall {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Least side in pixels.
        minimum: u32,
    },
    /// Too many pixels to hold in memory.
    #[error(
        "The image is {width}×{height} pixels; Delineo takes up to {megapixels} megapixels. Reduce it and try again."
    )]
    ImageTooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Limit in millions of pixels.
        megapixels: u64,
    },
    /// The bytes are no copy of probability maps, or not as they were written.
    #[error("The copy of the probability map is damaged: {0}.")]
    DamagedMap(String),
    /// `model.json` cannot be used.
    #[error("The model description (model.json) cannot be used: {0}.")]
    Manifest(String),
    /// The file is no checkpoint.
    #[error("This is not a CMUNeXt checkpoint: {0}.")]
    NotACheckpoint(String),
    /// A file of several networks has none of the name that was asked for.
    #[error("The file holds no weights called “{name}”; it holds {names}.")]
    NoSuchWeights {
        /// What was asked for.
        name: String,
        /// What there is.
        names: String,
    },
    /// A tensor that the network needs is absent.
    #[error("The checkpoint lacks the tensor {tensor} (expected shape {expected:?}).")]
    MissingTensor {
        /// Name in the authors' state dict.
        tensor: String,
        /// Shape that the network needs.
        expected: Vec<usize>,
    },
    /// A tensor that the network does not know.
    #[error(
        "The checkpoint holds the tensor {tensor} (shape {found:?}), which CMUNeXt-{variant} does not have."
    )]
    UnknownTensor {
        /// Name in the file.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Variant inferred from the other tensors.
        variant: String,
    },
    /// A tensor of another shape than the network needs.
    #[error("The tensor {tensor} has shape {found:?}, but CMUNeXt-{variant} needs {expected:?}.")]
    TensorShape {
        /// Name in the authors' state dict.
        tensor: String,
        /// Shape that the network needs.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
        /// Variant inferred from the other tensors.
        variant: String,
    },
    /// A tensor whose numbers cannot be used.
    #[error("The tensor {tensor} cannot be used: {reason}.")]
    TensorData {
        /// Name in the authors' state dict.
        tensor: String,
        /// Why.
        reason: String,
    },
    /// The weights are not the ones that `model.json` names.
    #[error(
        "The weights are damaged or not the ones that model.json names (SHA-256 is {found:.12}…, expected {expected:.12}…). Load the model again."
    )]
    WeightsDigest {
        /// Digest in `model.json`, hexadecimal.
        expected: String,
        /// Digest of the bytes, hexadecimal.
        found: String,
    },
    /// The network cannot take an input of this shape.
    #[error(
        "The network takes {channels} channels and sides that are multiples of 16, not {found:?}."
    )]
    InputShape {
        /// Channels that the network was built for.
        channels: usize,
        /// `[batch, channels, height, width]` that was given.
        found: Vec<usize>,
    },
    /// No device of the wanted kind, or it failed.
    #[error("The {device} cannot be used: {reason}.")]
    Device {
        /// `GPU` or `CPU`.
        device: &'static str,
        /// Why.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// A data set that cannot be used, one line for each fault, with the file it is in.
    #[error("The data cannot be used:\n  {}", .0.join("\n  "))]
    Data(Vec<String>),
    /// A training cannot be started or go on.
    #[error("The training cannot go on: {0}.")]
    Training(String),
    /// A picture was given where a mask is needed.
    #[error(
        "This is a picture and not a mask ({0}); a mask is white on the lesion and black elsewhere."
    )]
    NotAMask(&'static str),
    /// Two masks of different sizes cannot be compared.
    #[error("The masks differ in size: {}×{} and {}×{} pixels.", prediction.0, prediction.1, truth.0, truth.1)]
    MaskSizes {
        /// Width and height of the prediction in pixels.
        prediction: (u32, u32),
        /// Width and height of the truth in pixels.
        truth: (u32, u32),
    },
    /// A ZIP archive cannot be read or written, or a file in it.
    #[error("The ZIP archive cannot be used: {0}.")]
    Archive(String),
    /// A file that says something of images cannot be read: COCO or LabelMe JSON, or a session.
    #[error("These annotations cannot be used: {0}.")]
    Annotations(String),
    /// An image cannot be encoded.
    #[error("The image cannot be encoded: {0}.")]
    Encode(String),
}
