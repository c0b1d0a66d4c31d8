//! The vocabulary of `desk`, as stored.

use super::{Document, Unreadable, choice, member, members_of, record, tag_of, tagged, text_form};
use filmdesk_desk::*;
use serde_json::{Map, Value};

text_form! {
    Private: "a text", |text| text.reveal().to_owned(), |text| Some(Private::new(text));
    StaffId: "a member of staff", |id| id.0.clone(), |text| Some(StaffId(text.to_owned()));
}

impl Document for ParcelId {
    fn write(&self) -> Value {
        self.0.write()
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        u32::read(value).map(ParcelId)
    }
}

record! {
    By { staff, at }
    Patient { name, identity, record_number, born, sex }
    ArchivePatient { patient_id, issuer, born, sex }
    Person { name, identity }
    Applicant { person, agent, phone, email }
    Request { patient, applicant, situation, descriptions, address, purpose, lang }
    FoundStudy {
        archive, study_uid, date, time, modalities, description, body_part, station, department, accession, patient_name,
        name_as_read, description_as_read,
        n_series, n_instances, size_bytes, kind,
    }
    Found { at, studies }
    TickedStudy { study, kind }
    Order { patient, studies, by }
    PlannedDiscSummary { volume_id, n_instances, size_bytes }
    Weighing { at, discs, n_instances, left_out, goods_hash, worker, medium, other_names }
    StudyNames { study_uid, names }
    WeighedMedium { disc_type, capacity_sectors, profile }
    LeftOut { sop_instance_uid, code, reason, zh, en }
    Quote { answer, at, expires }
    Submitted { at, request }
    DocumentReview { by, presented }
    PresentedDocument { id, seen, kind, last_four }
    Verified { submitted, review, patient, found, order }
    Weighed { verified, weighing, quote }
    Payment { by, amount, means, receipt_number, out_of_hours, names_confirmed }
    Paid { weighed, payment, parcels }
    StallReason { code, what, next, who }
    Parcel { id, studies, remake_of, state }
    FinishedDisc { volume_id, file_set_uid, number, of, code, size_bytes, sha256, n_instances, web, made, blob }
}

choice! {
    Sex { Male, Female, Other }
    PaymentMeans { Cash, StoredValueCard, Card, Mobile }
    WhoCanFix { Clerk, ArchiveAdministrator, Operator }
    Release { AtCounter { by, collector, identity_seen, last_four }, ByPost { by, tracking } }
    ParcelState {
        Waiting { until, why }, InProduction { since }, Ready { since, discs }, Stalled { since, reason },
        Released { discs, release }, Destroyed { by, witness },
    }
    State {
        Draft, Submitted(submitted), Returned { submitted, by, missing, note }, Verified(verified), Weighed(weighed),
        Stalled { verified, reason, at }, Paid(paid), Refunded { paid, by, reason }, Referred { before, by, place },
        Refused { before, by, reason }, Cancelled { before, by, at }, Expired { before, at },
    }
}
