//! What the engine needs of its surroundings.

use delineo::RgbImage;
use delineo::device::Device;
use delineo::export::Stamp;

use crate::contents::Contents;
use crate::decoder::{EncodeOrder, Order};
use crate::engine::error::EngineError;
use crate::protocol::{DeviceKind, DeviceReport, ImageFacts};

/// A device that can be computed on.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// For models.
    pub device: Device,
    /// For the page.
    pub report: DeviceReport,
}

/// Files, devices and a clock.
pub trait Platform {
    /// What comes with a request: a person's file, or numbers.
    type Attachment;

    /// Takes a device.
    ///
    /// # Errors
    /// [`EngineError::NoDevice`] where there is none of this kind that works.
    fn open_device(
        &self,
        kind: DeviceKind,
    ) -> impl Future<Output = Result<OpenDevice, EngineError>>;

    /// Fetches a file of this site, named relative to its root, and says after each part how many bytes have come.
    ///
    /// # Errors
    /// [`EngineError::Download`].
    fn site_file(
        &self,
        file: &str,
        received: impl FnMut(u64),
    ) -> impl Future<Output = Result<Vec<u8>, EngineError>>;

    /// Reads a person's file; `name` is for the sentences about it.
    ///
    /// # Errors
    /// [`EngineError::Unreadable`] or [`EngineError::TooLarge`].
    fn bytes(
        &self,
        attachment: &Self::Attachment,
        name: &str,
    ) -> impl Future<Output = Result<Vec<u8>, EngineError>>;

    /// Has a person's file decoded whose format this program does not read, see [`crate::decoder`].
    ///
    /// # Errors
    /// [`EngineError::Decoder`], also where there is no decoder.
    fn decode(
        &self,
        attachment: &Self::Attachment,
        order: Order,
    ) -> impl Future<Output = Result<(RgbImage, ImageFacts), EngineError>>;

    /// Has an export encoded whose format this program does not write, with the values of the probability map.
    ///
    /// # Errors
    /// As [`Self::decode`].
    fn encode(
        &self,
        attachment: &Self::Attachment,
        order: EncodeOrder,
        map: &[f32],
    ) -> impl Future<Output = Result<Vec<u8>, EngineError>>;

    /// Has said what is in a person's archive or annotations; with it come the masks that were made of these.
    ///
    /// # Errors
    /// As [`Self::decode`].
    fn unpack(
        &self,
        attachment: &Self::Attachment,
        order: Order,
    ) -> impl Future<Output = Result<(Contents, Vec<u8>), EngineError>>;

    /// What the person's clock shows.
    fn stamp(&self) -> Stamp;

    /// The numbers that came with a request.
    ///
    /// # Errors
    /// [`EngineError::NoNumbers`] where there are none.
    fn floats(&self, attachment: &Self::Attachment) -> Result<Vec<f32>, EngineError>;

    /// Milliseconds since some moment.
    fn now(&self) -> f64;
}
