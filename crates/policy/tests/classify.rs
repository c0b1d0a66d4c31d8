//! Archive facts → catalogue item: rows of data, and what staff decided wins.

mod common;

use common::rules;
use filmdesk_policy::{Overlay, RecordKindId, StudyFacts};

fn facts(modalities: &str, description: &str, body_part: &str, department: &str) -> StudyFacts {
    StudyFacts {
        modalities: modalities.split('\\').map(str::to_owned).collect(),
        description: description.to_owned(),
        body_part: body_part.to_owned(),
        station: String::new(),
        department: department.to_owned(),
    }
}

#[test]
fn studies_find_their_item() {
    let rules = rules("ntuh");
    for (modalities, description, body_part, department, kind) in [
        ("CT", "CT BRAIN WITHOUT CONTRAST", "HEAD", "Radiology", Some("ct")),
        ("CT\\SR", "Chest CT", "CHEST", "", Some("ct")),
        ("CT", "Dental CBCT", "JAW", "Dentistry", Some("dental-ct")),
        ("CT", "電腦斷層 牙科", "", "", Some("dental-ct")),
        ("MR", "MRI L-spine", "LSPINE", "", Some("mri")),
        ("PT\\CT", "PET-CT whole body", "WHOLEBODY", "Nuclear Medicine", Some("pet-ct")),
        ("NM", "Whole body bone scan", "", "", Some("bone-scan")),
        ("NM", "骨骼掃描", "", "核子醫學部", Some("bone-scan")),
        ("NM", "Tl-201 myocardial perfusion SPECT", "HEART", "", Some("myocardial-perfusion")),
        ("NM", "Thyroid scan", "THYROID", "", Some("other-nuclear-medicine")),
        ("DX", "Chest PA", "CHEST", "", Some("general-x-ray")),
        ("CR", "KUB", "ABDOMEN", "", Some("general-x-ray")),
        ("MG", "Mammography screening", "BREAST", "", Some("mammography")),
        ("DX", "magnification", "BREAST", "", Some("mammography")),
        ("XA", "Cerebral angiography", "HEAD", "Radiology", Some("angiography")),
        ("XA", "Coronary angiography (CAG)", "HEART", "Cath Lab", Some("cardiovascular")),
        ("US", "Abdominal sonography", "ABDOMEN", "", Some("ultrasound")),
        ("US", "Echocardiography", "HEART", "心血管中心", Some("cardiovascular")),
        ("ES", "Colonoscopy", "", "", Some("endoscopy")),
        ("OP", "Fundus", "EYE", "", Some("eye")),
        ("OPT", "OCT macula", "", "", Some("eye")),
        ("BMD", "spine", "", "", Some("bone-mass-imaging")),
        ("OT", "DXA Bone Density", "", "Radiology", Some("bone-mass-imaging")),
        ("OT", "Bone mineral density", "", "Nuclear Medicine", Some("bone-mass-nuclear")),
        ("RF", "Upper GI series", "", "", Some("upper-gi")),
        ("RF", "Barium enema, colon", "", "", Some("lower-gi")),
        ("RF", "Hysterosalpingography", "", "", Some("uterus-fallopian-tube")),
        ("RF", "Myelography", "", "", Some("spinal-cord")),
        ("CR", "IVP 15 min", "", "", Some("urinary-tract")),
        ("CR", "babygram", "", "", Some("children")),
        ("IO", "Bitewing", "", "", Some("dental-x-ray")),
        ("PX", "", "", "", Some("dental-x-ray")),
        ("SR", "Report only", "", "", None),
        ("OT", "Scanned paper", "", "", None),
        ("", "", "", "", None),
    ] {
        let found = rules.classify(&Overlay::default(), &facts(modalities, description, body_part, department));
        assert_eq!(found.as_ref().map(|k| k.0.as_str()), kind, "{modalities} {description}");
    }
}

#[test]
fn what_staff_decided_is_remembered_and_wins() {
    let rules = rules("ntuh");
    let decided = (facts("OT", "Scanned paper", "", ""), RecordKindId("general-x-ray".to_owned()));
    let corrected = (facts("ct", " chest ct ", "", ""), RecordKindId("pet-ct".to_owned()));
    let overlay = Overlay { classifications: vec![decided, corrected], ..Overlay::default() };
    let kind = |f: StudyFacts| rules.classify(&overlay, &f).map(|k| k.0);
    assert_eq!(kind(facts("OT", "scanned PAPER", "", "")).as_deref(), Some("general-x-ray"));
    assert_eq!(kind(facts("CT", "Chest CT", "", "")).as_deref(), Some("pet-ct"));
    assert_eq!(kind(facts("CT", "Chest CT", "CHEST", "")).as_deref(), Some("ct"));
}

#[test]
fn departments_name_the_performing_unit() {
    let rules = rules("ntuh");
    let unit = |d: &str| rules.performing_unit(&facts("XA", "", "", d)).map(str::to_owned);
    assert_eq!(unit("心血管中心").as_deref(), Some("cardiovascular-center"));
    assert_eq!(unit("Department of DENTISTRY").as_deref(), Some("dentistry"));
    assert_eq!(unit("Nuclear Med").as_deref(), Some("nuclear-medicine"));
    assert_eq!(unit(""), None);
}
