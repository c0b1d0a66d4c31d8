//! Transfer syntaxes (PS3.5 Annex A, PS3.6 table A-1), and what can be done with each.

use crate::scan::Encoding;

/// A transfer syntax we know how to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID.
    pub uid: &'static str,
    /// Its name in PS3.6.
    pub name: &'static str,
    /// How pixel data are encoded in it.
    pub pixels: PixelEncoding,
    shape: Shape,
}

/// How a transfer syntax encodes pixel data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelEncoding {
    /// Uncompressed.
    Native,
    /// JPEG, 8 or 12 bits, lossy (ISO/IEC 10918-1).
    JpegLossy,
    /// JPEG lossless (process 14).
    JpegLossless,
    /// JPEG-LS (ISO/IEC 14495-1).
    JpegLs,
    /// JPEG 2000 and HTJ2K (ISO/IEC 15444-1, 15444-15).
    Jpeg2000,
    /// Run-length encoding (PS3.5 Annex G).
    Rle,
    /// Video streams.
    Video,
    /// Anything else that we can carry but not decode.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    ImplicitLe,
    ExplicitLe,
    ExplicitBe,
    Deflated,
}

/// Implicit VR Little Endian.
pub const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian.
pub const EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
/// Explicit VR Big Endian (retired).
pub const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// Deflated Explicit VR Little Endian.
pub const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1.99";

impl TransferSyntax {
    /// The transfer syntax of a UID, without padding; `None` when we do not know it.
    pub fn of(uid: &str) -> Option<&'static TransferSyntax> {
        TABLE.iter().find(|syntax| syntax.uid == uid)
    }

    /// Whether pixel data are encapsulated in fragments (PS3.5 A.4).
    pub fn is_encapsulated(&self) -> bool {
        self.pixels != PixelEncoding::Native
    }

    /// Whether the data set as a whole is deflated (PS3.5 A.5).
    pub fn is_deflated(&self) -> bool {
        self.shape == Shape::Deflated
    }

    pub(crate) fn encoding(&self) -> Encoding {
        match self.shape {
            Shape::ImplicitLe => Encoding::IMPLICIT_LE,
            Shape::ExplicitLe | Shape::Deflated => Encoding::EXPLICIT_LE,
            Shape::ExplicitBe => Encoding::EXPLICIT_BE,
        }
    }
}

const fn native(uid: &'static str, name: &'static str, shape: Shape) -> TransferSyntax {
    TransferSyntax { uid, name, pixels: PixelEncoding::Native, shape }
}

const fn packed(uid: &'static str, name: &'static str, pixels: PixelEncoding) -> TransferSyntax {
    TransferSyntax { uid, name, pixels, shape: Shape::ExplicitLe }
}

use PixelEncoding::*;

static TABLE: &[TransferSyntax] = &[
    native(EXPLICIT_VR_LITTLE_ENDIAN, "Explicit VR Little Endian", Shape::ExplicitLe),
    native(IMPLICIT_VR_LITTLE_ENDIAN, "Implicit VR Little Endian", Shape::ImplicitLe),
    native(EXPLICIT_VR_BIG_ENDIAN, "Explicit VR Big Endian", Shape::ExplicitBe),
    native(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "Deflated Explicit VR Little Endian", Shape::Deflated),
    packed("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", Other),
    packed("1.2.840.10008.1.2.4.50", "JPEG Baseline", JpegLossy),
    packed("1.2.840.10008.1.2.4.51", "JPEG Extended", JpegLossy),
    packed("1.2.840.10008.1.2.4.57", "JPEG Lossless", JpegLossless),
    packed("1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", JpegLossless),
    packed("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", JpegLs),
    packed("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", JpegLs),
    packed("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Jpeg2000),
    packed("1.2.840.10008.1.2.4.91", "JPEG 2000", Jpeg2000),
    packed("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Lossless", Other),
    packed("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2", Other),
    packed("1.2.840.10008.1.2.4.94", "JPIP Referenced", Other),
    packed("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", Video),
    packed("1.2.840.10008.1.2.4.100.1", "Fragmentable MPEG2 Main Profile / Main Level", Video),
    packed("1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", Video),
    packed("1.2.840.10008.1.2.4.101.1", "Fragmentable MPEG2 Main Profile / High Level", Video),
    packed("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile", Video),
    packed("1.2.840.10008.1.2.4.102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile", Video),
    packed("1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile", Video),
    packed("1.2.840.10008.1.2.4.103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile", Video),
    packed("1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile For 2D Video", Video),
    packed("1.2.840.10008.1.2.4.104.1", "Fragmentable MPEG-4 AVC/H.264 High Profile For 2D Video", Video),
    packed("1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile For 3D Video", Video),
    packed("1.2.840.10008.1.2.4.105.1", "Fragmentable MPEG-4 AVC/H.264 High Profile For 3D Video", Video),
    packed("1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile", Video),
    packed("1.2.840.10008.1.2.4.106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile", Video),
    packed("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile", Video),
    packed("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile", Video),
    packed("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", Other),
    packed("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", Other),
    packed("1.2.840.10008.1.2.4.112", "JPEG XL", Other),
    packed("1.2.840.10008.1.2.4.201", "HTJ2K Lossless", Jpeg2000),
    packed("1.2.840.10008.1.2.4.202", "HTJ2K RPCL Lossless", Jpeg2000),
    packed("1.2.840.10008.1.2.4.203", "HTJ2K", Jpeg2000),
    packed("1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced", Other),
    packed("1.2.840.10008.1.2.5", "RLE Lossless", Rle),
    packed("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", Other),
];
