//! The medium against what it was made from: nothing missing, nothing more, nothing changed.

use std::collections::HashMap;
use std::path::Path;

use filmdesk_instance::{Header, Inspector, Source, data_set_sha256};

use super::report::{CheckReport, Severity};
use super::{Leaf, SourceObject};

/// The sources still to be met, by SOP Instance UID.
pub(super) struct Expected<'a> {
    by_uid: HashMap<&'a str, &'a SourceObject>,
    scratch: Option<&'a Path>,
}

impl<'a> Expected<'a> {
    pub fn new(objects: &'a [SourceObject], scratch: Option<&'a Path>) -> Expected<'a> {
        let by_uid = objects.iter().map(|object| (object.header.sop_instance_uid.as_str(), object)).collect();
        Expected { by_uid, scratch }
    }

    /// An instance of the medium comes by: it must be one of the sources, with an equal data set.
    pub fn meet(&mut self, leaf: &Leaf, header: &Header, inspector: &dyn Inspector, report: &mut CheckReport) {
        let Some(object) = self.by_uid.remove(header.sop_instance_uid.as_str()) else {
            return report.error("instance-not-in-sources", &*leaf.path, "no source has its SOP Instance UID");
        };
        let equal = if object.header.transfer_syntax == header.transfer_syntax {
            equal((&leaf.source, header), (&object.source, &object.header))
        } else {
            match self.scratch {
                Some(scratch) => self.equal_when_decoded(leaf, header, object, inspector, scratch),
                None => {
                    let message =
                        "it was decoded for this medium and is not compared: give a folder to decode it again";
                    return report.add(Severity::Note, "not-compared", &*leaf.path, message);
                }
            }
        };
        match equal {
            Ok(true) => report.n_proven_equal += 1,
            Ok(false) => report.error("data-set-differs", &*leaf.path, "its data set is not that of the source"),
            Err(message) => report.error("not-comparable", &*leaf.path, message),
        }
    }

    /// Decodes the source once more and compares the results: element values and decoded pixels.
    fn equal_when_decoded(
        &self,
        leaf: &Leaf,
        header: &Header,
        object: &SourceObject,
        inspector: &dyn Inspector,
        scratch: &Path,
    ) -> Result<bool, String> {
        if object.source.offset != 0 || object.source.len.is_some() {
            return Err("the source is part of a file and cannot be decoded again".to_owned());
        }
        let again = scratch.join("AGAIN");
        let decoded = inspector.transcode(&object.source.path, &again).map_err(|refusal| refusal.to_string())?;
        let outcome = equal((&leaf.source, header), (&Source::file(&again), &decoded));
        std::fs::remove_file(&again).map_err(|error| error.to_string())?;
        outcome
    }

    /// Point 7: what no instance of the medium met.
    pub fn report_missing(self, report: &mut CheckReport) {
        for uid in self.by_uid.into_keys() {
            report.error("instance-not-delivered", "", format!("source {uid} is not on the medium"));
        }
    }
}

fn equal(a: (&Source, &Header), b: (&Source, &Header)) -> Result<bool, String> {
    let hash = |(source, header)| data_set_sha256(source, header).map_err(|error| error.to_string());
    Ok(hash(a)? == hash(b)?)
}
