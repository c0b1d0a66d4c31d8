//! A PACS that lies, with one switch per lie: what a fetch must survive.
//!
//! It speaks DIMSE by a few hundred lines of its own, so that nothing the product believes about the protocol is believed
//! here too. It holds three studies of one image each but the first: [`Truth::study`] of [`PATIENT`] with four, another
//! of the same patient, and one of somebody else.

use crate::dicom_file::{DataSet, EXPLICIT_LE, IMPLICIT_LE};
use crate::object::{PatientAttributes, SeriesAttributes, StudyAttributes, object, samples8};
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Whose studies the desk asks for.
pub const PATIENT: &str = "T1234567";
/// Somebody else.
pub const STRANGER: &str = "T7654321";
/// Who [`PATIENT`] is after [`Lie::MergedPatient`].
const SURVIVOR: &str = "T7777777";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const KEY_OBJECT: &str = "1.2.840.10008.5.1.4.1.1.88.59";

/// One way to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lie {
    /// One object is somebody else's inside.
    WrongPatient,
    /// Every object of the study is somebody else's inside.
    WrongStudy,
    /// A study nobody asked for comes with the one that was.
    ExtraStudy,
    /// One object is listed and never sent.
    MissingObject,
    /// Success, and not one object.
    NothingSent,
    /// Every count it tells is wrong.
    WrongCounts,
    /// One object is sent twice, the second time with other bytes.
    OtherBytes,
    /// One object's pixels are half of what its rows and columns need.
    TruncatedPixels,
    /// One object is written in another transfer syntax than it is sent in.
    OtherSyntax,
    /// One object is another one of the same patient inside.
    Disguised,
    /// Once found, the study has one more image.
    Changed,
    /// Once fetched, the study has a note that rejects an image.
    ChangedLater,
    /// Answers to a query never end.
    EndlessAnswers,
    /// A retrieval is pending for ever.
    EndlessPending,
    /// Every query and retrieval answers with everything.
    IgnoresKeys,
    /// A PDU of four gigabytes is announced.
    HugePdu,
    /// A note in the study rejects one of its images.
    Rejected,
    /// Once found, the patient has another identifier.
    MergedPatient,
    /// A retrieval is never answered.
    NeverAnswers,
    /// The connection closes in the middle of every object.
    ClosesMidObject,
    /// The same identifier is another person's too, at another hospital, and the images do not say so.
    OtherIssuer,
}

impl Lie {
    /// All of them.
    pub const ALL: [Lie; 21] = [
        Lie::WrongPatient,
        Lie::WrongStudy,
        Lie::ExtraStudy,
        Lie::MissingObject,
        Lie::NothingSent,
        Lie::WrongCounts,
        Lie::OtherBytes,
        Lie::TruncatedPixels,
        Lie::OtherSyntax,
        Lie::Disguised,
        Lie::Changed,
        Lie::ChangedLater,
        Lie::EndlessAnswers,
        Lie::EndlessPending,
        Lie::IgnoresKeys,
        Lie::HugePdu,
        Lie::Rejected,
        Lie::MergedPatient,
        Lie::NeverAnswers,
        Lie::ClosesMidObject,
        Lie::OtherIssuer,
    ];
}

/// One object as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// SOP Class UID.
    pub sop_class: String,
    /// SOP Instance UID.
    pub uid: String,
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    /// Patient ID.
    pub patient: String,
    /// Its data set, Explicit VR Little Endian.
    pub data_set: Vec<u8>,
}

/// What an honest archive would hold.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The study the desk wants, four images.
    pub study: Vec<Stored>,
    /// Another study of the same patient, one image.
    pub other: Vec<Stored>,
    /// Somebody else's study, one image.
    pub stranger: Vec<Stored>,
}

impl Truth {
    fn new() -> Truth {
        let image = |patient, study: &str, number| image(patient, study, number, 16);
        Truth {
            study: (1..=4).map(|n| image(PATIENT, "2.25.1001", n)).collect(),
            other: vec![image(PATIENT, "2.25.1002", 1)],
            stranger: vec![image(STRANGER, "2.25.1003", 1)],
        }
    }
}

fn described(patient: &str, study: &str, sop_class: &'static str, modality: &'static str, number: u32) -> DataSet {
    let sex = if patient == STRANGER { "F" } else { "M" };
    let name = if patient == STRANGER { "TEST^Stranger" } else { "TEST^WangShiYan=王^試驗" };
    let patient = PatientAttributes {
        id: patient.to_owned(),
        name: name.as_bytes().to_vec(),
        charset: Some("ISO_IR 192"),
        born: date(1970, 3, 15),
        sex,
    };
    let study = StudyAttributes {
        uid: study.to_owned(),
        date: date(2026, 11, 2),
        time: "083000",
        accession: "LIAR1".to_owned(),
        description: "CT of a liar".to_owned(),
        department: "Medical Imaging",
        requesting_service: "Internal Medicine",
    };
    let series = SeriesAttributes {
        modality,
        sop_class,
        number: if modality == "CT" { 1 } else { 99 },
        description: "Synthetic series",
        body_part: "CHEST",
    };
    object(&patient, &study, &series, number)
}

/// A small picture; `rows` of its 16 rows have pixels.
fn image(patient: &str, study: &str, number: u32, rows: usize) -> Stored {
    let mut d = described(patient, study, CT, "CT", number);
    let pixels: Vec<u8> = (0..16 * rows).map(|i| (i as u32 * 7 + number * 31) as u8).collect();
    samples8(&mut d, (16, 16), 1, pixels);
    stored(&d, CT, patient)
}

/// A note that `rejected` was rejected for the reason of a code (IHE IOCM).
fn note(rejected: &Stored, code: &str) -> Stored {
    let item = |fill: &dyn Fn(&mut DataSet)| {
        let mut item = DataSet::new();
        fill(&mut item);
        vec![item]
    };
    let mut d = described(&rejected.patient, &rejected.study, KEY_OBJECT, "KO", 1);
    let instance = item(&|i| {
        i.text((8, 0x1150), "UI", &rejected.sop_class).text((8, 0x1155), "UI", &rejected.uid);
    });
    let series = item(&|i| {
        i.text((0x20, 0x0E), "UI", &rejected.series).items((8, 0x1199), instance.clone());
    });
    let evidence = item(&|i| {
        i.text((0x20, 0x0D), "UI", &rejected.study).items((8, 0x1115), series.clone());
    });
    let title = item(&|i| {
        i.text((8, 0x100), "SH", code).text((8, 0x102), "SH", "DCM").text((8, 0x104), "LO", "Rejected");
    });
    d.text((0x40, 0xA040), "CS", "CONTAINER").items((0x40, 0xA043), title).text((0x40, 0xA050), "CS", "SEPARATE");
    d.items((0x40, 0xA375), evidence).text((0x40, 0xA491), "CS", "COMPLETE").text((0x40, 0xA493), "CS", "UNVERIFIED");
    stored(&d, KEY_OBJECT, &rejected.patient)
}

fn stored(d: &DataSet, sop_class: &str, patient: &str) -> Stored {
    Stored {
        sop_class: sop_class.to_owned(),
        uid: d.text_of((8, 0x18)),
        study: d.text_of((0x20, 0x0D)),
        series: d.text_of((0x20, 0x0E)),
        patient: patient.to_owned(),
        data_set: d.encode(true),
    }
}

/// The archive, running until it is dropped.
pub struct Liar {
    /// Where it speaks DICOM, as [`crate::orthanc::AE_TITLE`].
    pub port: u16,
    /// What it holds, apart from its lies.
    pub truth: Truth,
    stop: Arc<AtomicBool>,
}

impl Liar {
    /// Starts one with these lies.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(lies: &[Lie]) -> io::Result<Liar> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (truth, stop) = (Truth::new(), Arc::new(AtomicBool::new(false)));
        let mind = Arc::new(Mind {
            truth: truth.clone(),
            lies: lies.iter().copied().collect(),
            finds: AtomicUsize::new(0),
            gets: AtomicUsize::new(0),
        });
        let ends = stop.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), mind) = (stream, mind.clone()) else { continue };
                // How a conversation with a liar ends is the other side's to say.
                std::thread::spawn(move || drop(Speaker::answer(stream, &mind)));
            }
        });
        Ok(Liar { port, truth, stop })
    }

    /// What else was found in the study by the lies that add to it: the note.
    pub fn note_uid(&self) -> String {
        note(&self.truth.study[0], "113001").uid
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The listener looks up when somebody calls.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// What it holds and how it lies.
struct Mind {
    truth: Truth,
    lies: BTreeSet<Lie>,
    /// Study-level queries answered.
    finds: AtomicUsize,
    /// Retrievals answered.
    gets: AtomicUsize,
}

/// An object on its way: how it is announced, and its bytes.
struct Sent {
    announced: Stored,
    syntax: &'static str,
}

impl Mind {
    fn lies(&self, lie: Lie) -> bool {
        self.lies.contains(&lie)
    }
    fn found(&self) -> bool {
        self.finds.load(Ordering::Relaxed) > 0
    }

    /// Everything it says it holds at the moment.
    fn holds(&self) -> Vec<Stored> {
        let Truth { study, other, stranger } = &self.truth;
        let mut all: Vec<Stored> = [study.as_slice(), other, stranger].concat();
        if self.lies(Lie::Changed) && self.found() {
            all.push(image(PATIENT, "2.25.1001", 5, 16));
        }
        let later = self.lies(Lie::ChangedLater) && self.gets.load(Ordering::Relaxed) > 0;
        if self.lies(Lie::Rejected) || later {
            all.push(note(&study[0], "113001"));
        }
        if self.lies(Lie::MergedPatient) && self.found() {
            for object in all.iter_mut().filter(|object| object.patient == PATIENT) {
                object.patient = SURVIVOR.to_owned();
            }
        }
        all
    }

    /// What it sends for a retrieval.
    fn sends(&self, keys: &BTreeMap<(u16, u16), String>) -> Vec<Sent> {
        let holds = self.holds();
        if self.lies(Lie::NothingSent) {
            return Vec::new();
        }
        let mut chosen: Vec<Stored> = holds.into_iter().filter(|o| self.matches(keys, o)).collect();
        if self.lies(Lie::ExtraStudy) {
            chosen.extend(self.truth.other.clone());
        }
        let study = &self.truth.study;
        if self.lies(Lie::MissingObject) {
            chosen.retain(|o| o.uid != study[3].uid);
        }
        for (n, object) in (1..).zip(study) {
            if let Some(sent) = chosen.iter_mut().find(|o| o.uid == object.uid && self.lies(Lie::WrongStudy)) {
                sent.data_set = image(STRANGER, &object.study, n, 16).data_set;
            }
        }
        for object in &mut chosen {
            if object.uid == study[1].uid && self.lies(Lie::WrongPatient) {
                object.data_set = image(STRANGER, &object.study, 2, 16).data_set;
            }
            if object.uid == study[1].uid && self.lies(Lie::Disguised) {
                object.data_set = self.truth.other[0].data_set.clone();
            }
            if object.uid == study[2].uid && self.lies(Lie::TruncatedPixels) {
                object.data_set = image(PATIENT, &object.study, 3, 8).data_set;
            }
        }
        if self.lies(Lie::OtherBytes)
            && let Some(mut twin) = chosen.iter().find(|o| o.uid == study[0].uid).cloned()
        {
            if let Some(last) = twin.data_set.last_mut() {
                *last ^= 1;
            }
            chosen.push(twin);
        }
        let other = |o: &Stored| o.uid == study[3].uid && self.lies(Lie::OtherSyntax);
        let send =
            |announced: Stored| Sent { syntax: if other(&announced) { IMPLICIT_LE } else { EXPLICIT_LE }, announced };
        chosen.into_iter().map(send).collect()
    }

    fn matches(&self, keys: &BTreeMap<(u16, u16), String>, object: &Stored) -> bool {
        let is = |tag, value: &str| match keys.get(&tag).map(String::as_str) {
            None | Some("") => true,
            Some(wanted) => wanted.split('\\').any(|wanted| wanted == value),
        };
        let fits = is((0x10, 0x20), &object.patient)
            && is((0x20, 0x0D), &object.study)
            && is((0x20, 0x0E), &object.series)
            && is((8, 0x18), &object.uid);
        fits || self.lies(Lie::IgnoresKeys)
    }

    /// Answers to a query, one for each study, series or image.
    fn answers(&self, keys: &BTreeMap<(u16, u16), String>) -> Vec<Vec<u8>> {
        let level = keys.get(&(8, 0x52)).map_or("", String::as_str);
        let matching: Vec<Stored> = self.holds().into_iter().filter(|object| self.matches(keys, object)).collect();
        let mut by_unit: BTreeMap<String, Vec<&Stored>> = BTreeMap::new();
        for object in &matching {
            let unit = match level {
                "STUDY" => &object.study,
                "SERIES" => &object.series,
                _ => &object.uid,
            };
            by_unit.entry(unit.clone()).or_default().push(object);
        }
        let answer = |objects: &Vec<&Stored>| {
            let (first, n) = (objects[0], objects.len() + if self.lies(Lie::WrongCounts) { 7 } else { 0 });
            let mut d = DataSet::new();
            d.text((8, 5), "CS", "ISO_IR 192").text((8, 0x52), "CS", level).text((8, 0x20), "DA", "20261102");
            d.text((0x10, 0x10), "PN", "TEST^WangShiYan").text((0x10, 0x20), "LO", &first.patient);
            d.text((0x20, 0x0D), "UI", &first.study);
            if level == "STUDY" {
                d.text((8, 0x61), "CS", "CT").text((0x20, 0x1208), "IS", &n.to_string());
                if self.lies(Lie::OtherIssuer) {
                    let issuer = if first.study == "2.25.1002" { "ELSEWHERE" } else { "HERE" };
                    d.text((0x10, 0x21), "LO", issuer);
                }
            } else {
                d.text((0x20, 0x0E), "UI", &first.series).text((8, 0x60), "CS", "CT");
            }
            if level == "IMAGE" {
                d.text((8, 0x18), "UI", &first.uid).text((8, 0x16), "UI", &first.sop_class);
            }
            d.encode(true)
        };
        let answers = by_unit.values().map(answer).collect();
        if level == "STUDY" {
            self.finds.fetch_add(1, Ordering::Relaxed);
        }
        answers
    }
}

type Command = BTreeMap<u16, Vec<u8>>;

/// One association.
struct Speaker<'a> {
    stream: TcpStream,
    mind: &'a Mind,
    /// Abstract and transfer syntax by context ID.
    contexts: BTreeMap<u8, (String, String)>,
}

const BROKEN: io::ErrorKind = io::ErrorKind::InvalidData;

impl Speaker<'_> {
    fn answer(stream: TcpStream, mind: &Mind) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        let mut speaker = Speaker { stream, mind, contexts: BTreeMap::new() };
        let (kind, body) = speaker.pdu()?;
        if kind != 1 {
            return Err(BROKEN.into());
        }
        let accepted = speaker.accept(&body)?;
        speaker.stream.write_all(&accepted)?;
        loop {
            let Some((context, command, keys)) = speaker.message()? else { return Ok(()) };
            match number(&command, 0x0100) {
                0x0030 => speaker.respond(context, &command, 0x8030, 0, None)?,
                0x0020 => speaker.find(context, &command, &keys)?,
                0x0010 => speaker.get(context, &command, &keys)?,
                _ => return Err(BROKEN.into()),
            }
        }
    }

    /// Accepts every context with the first syntax offered (Explicit VR Little Endian where it is), and every role.
    fn accept(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut body = request.get(..68).ok_or(BROKEN)?.to_vec();
        item(&mut body, 0x10, b"1.2.840.10008.3.1.1.1");
        let mut user = Vec::new();
        for (kind, value) in items(request.get(68..).ok_or(BROKEN)?) {
            match kind {
                0x20 => {
                    let text = |wanted: u8| {
                        items(&value[4..])
                            .into_iter()
                            .filter(|(k, _)| *k == wanted)
                            .map(|(_, v)| text(v))
                            .collect::<Vec<_>>()
                    };
                    let (abstracts, syntaxes) = (text(0x30), text(0x40));
                    let explicit = syntaxes.iter().find(|s| *s == EXPLICIT_LE).or(syntaxes.first()).ok_or(BROKEN)?;
                    let mut result = vec![value[0], 0, 0, 0];
                    item(&mut result, 0x40, explicit.as_bytes());
                    item(&mut body, 0x21, &result);
                    self.contexts.insert(value[0], (abstracts.concat(), explicit.clone()));
                }
                0x50 => {
                    item(&mut user, 0x51, &(64u32 << 10).to_be_bytes());
                    item(&mut user, 0x52, b"2.25.666");
                    for (_, role) in items(value).into_iter().filter(|(k, _)| *k == 0x54) {
                        item(&mut user, 0x54, role);
                    }
                }
                _ => {}
            }
        }
        item(&mut body, 0x50, &user);
        Ok(pdu(2, &body))
    }

    fn find(&mut self, context: u8, command: &Command, keys: &[u8]) -> io::Result<()> {
        let answers = self.mind.answers(&flat(keys)?);
        if self.mind.lies(Lie::EndlessAnswers) {
            let mut n = 0u64;
            loop {
                let mut d = DataSet::new();
                d.text((0x10, 0x20), "LO", PATIENT).text((0x20, 0x0D), "UI", &format!("2.25.9{n}"));
                self.respond(context, command, 0x8020, 0xFF00, Some(&d.encode(true)))?;
                n += 1;
            }
        }
        for answer in answers {
            self.respond(context, command, 0x8020, 0xFF00, Some(&answer))?;
        }
        self.respond(context, command, 0x8020, 0, None)
    }

    fn get(&mut self, context: u8, command: &Command, keys: &[u8]) -> io::Result<()> {
        if self.mind.lies(Lie::NeverAnswers) {
            // Until the other side has had enough.
            let mut byte = [0];
            while self.stream.read(&mut byte)? > 0 {}
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while self.mind.lies(Lie::EndlessPending) {
            self.respond(context, command, 0x8010, 0xFF00, None)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.mind.lies(Lie::HugePdu) {
            self.stream.write_all(&[4, 0, 0xFF, 0xFF, 0xFF, 0xF0, 0xFF, 0xFF, 0xFF, 0xEC, 1, 1])?;
            self.stream.write_all(&[0; 4096])?;
        }
        for (n, sent) in self.mind.sends(&flat(keys)?).into_iter().enumerate() {
            let class = &sent.announced.sop_class;
            let fits = |(_, (a, t)): &(&u8, &(String, String))| a == class && t == sent.syntax;
            let Some(to) = self.contexts.iter().find(fits).map(|(id, _)| *id) else { continue };
            let store = Command::from([
                (0x0002, uid_value(class)),
                (0x0100, vec![1, 0]),
                (0x0110, (n as u16 + 1).to_le_bytes().to_vec()),
                (0x0700, vec![0, 0]),
                (0x0800, vec![1, 0]),
                (0x1000, uid_value(&sent.announced.uid)),
            ]);
            let message = message(to, &store, Some(&sent.announced.data_set));
            if self.mind.lies(Lie::ClosesMidObject) {
                self.stream.write_all(&message[..message.len() - 100])?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.stream.write_all(&message)?;
            self.message()?.ok_or(BROKEN)?;
        }
        self.mind.gets.fetch_add(1, Ordering::Relaxed);
        self.respond(context, command, 0x8010, 0, None)
    }

    fn respond(&mut self, context: u8, to: &Command, field: u16, status: u16, data: Option<&[u8]>) -> io::Result<()> {
        let lied: u16 = if self.mind.lies(Lie::WrongCounts) { 4711 } else { 0 };
        let mut answer = Command::from([
            (0x0002, to.get(&0x0002).cloned().unwrap_or_default()),
            (0x0100, field.to_le_bytes().to_vec()),
            (0x0120, to.get(&0x0110).cloned().unwrap_or_default()),
            (0x0800, if data.is_some() { vec![1, 0] } else { vec![1, 1] }),
            (0x0900, status.to_le_bytes().to_vec()),
        ]);
        if field == 0x8010 {
            answer.extend((0x1021..=0x1023).map(|element| (element, lied.to_le_bytes().to_vec())));
        }
        self.stream.write_all(&message(context, &answer, data))
    }

    /// The next command with its data set; `None` when the other side leaves.
    fn message(&mut self) -> io::Result<Option<(u8, Command, Vec<u8>)>> {
        let (mut command, mut data) = (Vec::new(), Vec::new());
        let mut done: Option<Command> = None;
        loop {
            let (kind, body) = self.pdu()?;
            match kind {
                4 => {}
                5 => {
                    self.stream.write_all(&pdu(6, &[0; 4]))?;
                    return Ok(None);
                }
                _ => return Ok(None),
            }
            let mut rest = body.as_slice();
            while rest.len() >= 6 {
                let length = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
                let value = rest.get(6..4 + length).ok_or(BROKEN)?;
                let flags = rest[5];
                let context = rest[4];
                if flags & 1 == 1 {
                    command.extend_from_slice(value)
                } else {
                    data.extend_from_slice(value)
                }
                rest = &rest[4 + length..];
                if flags & 3 == 3 {
                    let read = implicit(&command)?;
                    if number(&read, 0x0800) == 0x0101 {
                        return Ok(Some((context, read, data)));
                    }
                    done = Some(read);
                } else if flags & 3 == 2 {
                    return Ok(Some((context, done.ok_or(BROKEN)?, data)));
                }
            }
        }
    }

    fn pdu(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 6];
        self.stream.read_exact(&mut head)?;
        let mut body = vec![0; u32::from_be_bytes([head[2], head[3], head[4], head[5]]) as usize];
        self.stream.read_exact(&mut body)?;
        Ok((head[0], body))
    }
}

fn number(command: &Command, element: u16) -> u16 {
    command.get(&element).and_then(|v| v.first_chunk()).map_or(0, |v| u16::from_le_bytes(*v))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_matches(['\0', ' ']).to_owned()
}

fn uid_value(uid: &str) -> Vec<u8> {
    let mut value = uid.as_bytes().to_vec();
    value.resize(value.len().next_multiple_of(2), 0);
    value
}

fn pdu(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 0];
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out
}

fn item(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    out.extend_from_slice(&[kind, 0]);
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
}

fn items(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let Some(value) =
        bytes.get(2..4).and_then(|l| bytes.get(4..4 + usize::from(u16::from_be_bytes([l[0], l[1]]))))
    {
        found.push((bytes[0], value));
        bytes = &bytes[4 + value.len()..];
    }
    found
}

/// Command and data set, a P-DATA-TF for each 16 KiB.
fn message(context: u8, command: &Command, data: Option<&[u8]>) -> Vec<u8> {
    let mut elements = Vec::new();
    for (element, value) in command {
        elements.extend_from_slice(&[0, 0]);
        elements.extend_from_slice(&element.to_le_bytes());
        elements.extend_from_slice(&(value.len() as u32).to_le_bytes());
        elements.extend_from_slice(value);
    }
    let mut bytes = vec![0, 0, 0, 0, 4, 0, 0, 0];
    bytes.extend_from_slice(&(elements.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&elements);
    let mut out = Vec::new();
    for (whole, is_command) in [(Some(bytes.as_slice()), 1u8), (data, 0)] {
        let Some(whole) = whole else { continue };
        let parts: Vec<&[u8]> = whole.chunks(16 * 1024).collect();
        for (n, part) in parts.iter().enumerate() {
            let mut value = (part.len() as u32 + 2).to_be_bytes().to_vec();
            value.extend_from_slice(&[context, is_command | if n + 1 == parts.len() { 2 } else { 0 }]);
            value.extend_from_slice(part);
            out.extend(pdu(4, &value));
        }
    }
    out
}

fn implicit(mut bytes: &[u8]) -> io::Result<Command> {
    let mut command = Command::new();
    while bytes.len() >= 8 {
        let length = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
        let value = bytes.get(8..8 + length).ok_or(BROKEN)?;
        command.insert(u16::from_le_bytes([bytes[2], bytes[3]]), value.to_vec());
        bytes = &bytes[8 + length..];
    }
    Ok(command)
}

/// The values of a flat data set in Explicit VR Little Endian with short lengths, which is what keys are.
fn flat(mut bytes: &[u8]) -> io::Result<BTreeMap<(u16, u16), String>> {
    let mut keys = BTreeMap::new();
    while bytes.len() >= 8 {
        let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let (tag, length) = ((word(0), word(2)), usize::from(word(6)));
        keys.insert(tag, text(bytes.get(8..8 + length).ok_or(BROKEN)?));
        bytes = &bytes[8 + length..];
    }
    Ok(keys)
}
