//! How an archive is named and reached: one entry of the configuration file.

use crate::error::ArchiveError;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// One archive of the configuration.
///
/// ```toml
/// [[archive]]
/// name = "radiology"
/// kind = "dimse"            # or "folder", "dicom-web"
/// host = "pacs.example"
/// port = 104
/// called_ae = "PACS"
/// calling_ae = "FILMDESK"
/// ```
#[derive(Clone, Debug, Deserialize)]
pub struct ArchiveConfig {
    /// What commands, pages and the audit call it.
    pub name: String,
    /// How it is reached.
    #[serde(flatten)]
    pub kind: ArchiveKind,
}

/// How an archive is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ArchiveKind {
    /// A folder of DICOM files, walked with everything below it.
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A PACS over DIMSE.
    Dimse(DimseConfig),
    /// A server of DICOMweb (QIDO-RS and WADO-RS).
    DicomWeb(DicomWebConfig),
}

/// Which service brings the objects of a DIMSE archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// C-GET: over our own association, nothing to configure at the archive.
    #[default]
    Get,
    /// C-MOVE: the archive calls our Storage SCP, whose AE title, host and port it must know.
    Move,
}

/// A PACS over DIMSE.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimseConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    #[serde(default = "dicom_port")]
    pub port: u16,
    /// The archive's AE title.
    pub called_ae: String,
    /// Ours.
    pub calling_ae: String,
    /// How objects come.
    #[serde(default)]
    pub via: Via,
    /// Port of our Storage SCP, for C-MOVE.
    #[serde(default = "store_port")]
    pub store_port: u16,
    /// Address our Storage SCP listens on. Left out: loopback when the archive is on loopback, else all addresses.
    #[serde(default)]
    pub store_address: Option<IpAddr>,
    /// AE titles the archive stores from, when it calls by another than `called_ae`.
    #[serde(default)]
    pub store_from_ae: Vec<String>,
    /// Hosts the archive stores from, when it calls from another than `host`.
    #[serde(default)]
    pub store_from_host: Vec<String>,
    /// Associations at once, for the series of a study by C-GET (an archive that grants fewer is content with fewer); above 1,
    /// one more asks for the next study's list meanwhile.
    #[serde(default = "associations")]
    pub associations: u8,
    /// Whether an object that names no C-MOVE it belongs to is taken at our Storage SCP. Most archives name it, as PS3.7
    /// asks; without it a stranger at the archive's address could slip an object into a fetch.
    #[serde(default)]
    pub store_without_originator: bool,
    /// Who we are by user identity negotiation (PS3.7 §D.3.3.7), when the archive asks. Use it with TLS only: without, it
    /// travels in the clear.
    #[serde(default)]
    pub user: Option<String>,
    /// File with that user's passcode.
    #[serde(default)]
    pub passcode_file: Option<PathBuf>,
    /// TLS, when the archive speaks it: `[archive.tls]`.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Seconds a retrieval may be pending without a new object; an archive that reads tapes needs more.
    #[serde(default = "stall_seconds")]
    pub stall_seconds: u64,
    /// Seconds to connect.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: u64,
    /// Seconds the archive may be silent.
    #[serde(default = "idle_seconds")]
    pub idle_seconds: u64,
}

/// TLS with a DIMSE archive, both ways: files in PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificates of the authority that signed the archive's certificate.
    pub ca_file: PathBuf,
    /// Our certificate, which the archive may ask for and our Storage SCP needs.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// Its key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// The name in the archive's certificate, when it is not `host`.
    #[serde(default)]
    pub name: Option<String>,
}

/// A server of DICOMweb.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DicomWebConfig {
    /// Root of its services: `https://pacs.example/dicom-web`.
    pub url: String,
    /// User for basic authentication.
    #[serde(default)]
    pub user: Option<String>,
    /// File with the password, for basic authentication.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// File with a bearer token.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// File with the certificates (PEM) of the authority to trust instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// File with our certificate and key (PEM), for mutual authentication.
    #[serde(default)]
    pub identity_file: Option<PathBuf>,
    /// Seconds to connect.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: u64,
    /// Seconds the archive may be silent.
    #[serde(default = "idle_seconds")]
    pub idle_seconds: u64,
}

fn dicom_port() -> u16 {
    104
}
fn store_port() -> u16 {
    11112
}
fn associations() -> u8 {
    2
}
fn stall_seconds() -> u64 {
    600
}
fn connect_seconds() -> u64 {
    10
}
fn idle_seconds() -> u64 {
    60
}

impl ArchiveConfig {
    /// The same archive with objects brought by another service, where that can be chosen.
    ///
    /// # Errors
    /// [`ArchiveError::Configuration`] when the archive is not a DIMSE one.
    pub fn via(mut self, via: Via) -> Result<ArchiveConfig, ArchiveError> {
        match &mut self.kind {
            ArchiveKind::Dimse(dimse) => dimse.via = via,
            ArchiveKind::Folder { .. } | ArchiveKind::DicomWeb(_) => {
                let problem = format!("{} is not a DIMSE archive: C-GET and C-MOVE cannot be chosen", self.name);
                return Err(ArchiveError::Configuration(problem));
            }
        }
        Ok(self)
    }
}
