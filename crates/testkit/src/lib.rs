//! What tests and the demonstration desk need from outside the product: synthetic studies and real neighbours.
//!
//! Nothing here reads DICOM with the product's own code, and the files are written by a small writer of its own
//! ([`dicom_file`]): what the product reads was not written by the code under test. Every patient is invented and says
//! so; identity numbers are the published fixtures that pass the checksum.
//!
//! - [`samples::write_sample_archive`]: the sample archive of the demonstration desk, a handful of patients with one
//!   of everything a hospital copies;
//! - [`orthanc::Orthanc`]: a private archive, over DIMSE and DICOMweb, that stops with the test;
//! - [`pydicom`]: another reader of DICOM, and the good, odd and broken files it ships;
//! - [`postgres::Postgres`]: a PostgreSQL of the test's own;
//! - [`dcmqrscp::Dcmqrscp`]: another one, DCMTK's, over DIMSE only;
//! - [`printer::Printer`]: DCMTK's film printer;
//! - [`proxy::Proxy`]: a bad line to any of them;
//! - [`liar::Liar`]: an archive that lies, one switch per lie;
//! - [`mutants`]: bytes damaged by the thousand, for what reads them;
//! - [`studies::make`]: one patient of any size (CT, MR, DX, US) for loads and benchmarks.

pub mod dcmqrscp;
pub mod dicom_file;
pub mod liar;
pub mod mutants;
mod object;
pub mod orthanc;
pub mod phantom;
pub mod postgres;
pub mod printer;
pub mod proxy;
pub mod pydicom;
pub mod samples;
pub mod studies;
