//! Which documents the person has listed, and in which order.

/// Which documents are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Every one.
    #[default]
    All,
    /// Never on the stage.
    Unseen,
    /// Neither accepted nor rejected.
    Undecided,
    /// With strokes of the person's own.
    Corrected,
    /// Without a pixel in the mask.
    Empty,
    /// With a mask that is not [likely good](delineo::mask::Confidence::LikelyGood), or an empty one that may hide a lesion.
    Doubtful,
    /// Without a mask, because that failed.
    Failed,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
    /// Flagged.
    Flagged,
}

impl Filter {
    /// All, in the order in which they are offered, with their names.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::All, "All"),
        (Self::Unseen, "Not seen"),
        (Self::Undecided, "Not decided"),
        (Self::Corrected, "Corrected"),
        (Self::Empty, "Empty"),
        (Self::Doubtful, "Doubtful"),
        (Self::Failed, "Failed"),
        (Self::Accepted, "Accepted"),
        (Self::Rejected, "Rejected"),
        (Self::Flagged, "Flagged"),
    ];

    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// That in which they came; folders in natural order.
    #[default]
    Arrival,
    /// By folder and name.
    Name,
    /// The largest part of its image first.
    Area,
    /// That of which the model is least sure first.
    Confidence,
    /// The one least like its true mask first.
    Truth,
}

impl Sort {
    /// All, in the order in which they are offered, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Arrival, "Order of arrival"),
        (Self::Name, "Name"),
        (Self::Area, "Area, largest first"),
        (Self::Confidence, "Least sure first"),
        (Self::Truth, "Worst against the truth first"),
    ];
}
