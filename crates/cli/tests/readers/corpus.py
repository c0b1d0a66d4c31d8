"""Writes a folder of made objects with pydicom, so that reader and writer of the tests are not one program, and
expected.json beside it: for each file what must become of it, and the patient's name as people read it.

usage: corpus.py FOLDER EXPECTED.json"""

import json
import sys
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGExtended12Bit, MPEG4HP41

FOLDER = Path(sys.argv[1])
EXPECTED = {}
STORAGE = "1.2.840.10008.5.1.4.1.1."


def code(value, scheme, meaning):
    d = Dataset()
    d.CodeValue, d.CodingSchemeDesignator, d.CodeMeaning = value, scheme, meaning
    return d


def base(sop, modality, number, patient="T0000001", name="TEST^MADE", study=1, series=1, charset="ISO_IR 192"):
    d = Dataset()
    if charset:
        d.SpecificCharacterSet = charset
    d.SOPClassUID = STORAGE + sop
    d.SOPInstanceUID = f"2.25.9{patient[1:]}{study}.{series}.{number}"
    d.StudyDate, d.StudyTime, d.SeriesDate, d.ContentDate, d.ContentTime = "20260302", "093000", "20260302", "20260302", "093000"
    d.AccessionNumber, d.Modality, d.Manufacturer, d.ReferringPhysicianName = f"A{study}", modality, "SYNTHETIC", ""
    d.StudyDescription, d.SeriesDescription = "made for tests", f"{modality} {series}"
    d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = name, patient, "19700101", "O"
    d.StudyInstanceUID, d.SeriesInstanceUID = f"2.25.9{patient[1:]}{study}", f"2.25.9{patient[1:]}{study}.{series}"
    d.StudyID, d.SeriesNumber, d.InstanceNumber = str(study), series, number
    return d


def picture(d, shape, bits=16, samples=1, frames=1):
    d.SamplesPerPixel, d.Rows, d.Columns = samples, *shape
    d.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "RGB"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = bits, bits, bits - 1, 0
    if samples > 1:
        d.PlanarConfiguration = 0
    if frames > 1:
        d.NumberOfFrames = frames
    n = shape[0] * shape[1] * samples * frames
    pixels = np.arange(n, dtype=np.uint32) * 7 % (1 << min(bits, 12))
    data = pixels.astype(np.uint16 if bits == 16 else np.uint8).tobytes()
    d.PixelData = data + b"\0" * (len(data) % 2)
    d["PixelData"].VR = "OW" if bits == 16 else "OB"
    d.ImageType = ["ORIGINAL", "PRIMARY"]
    return d


def save(file, d, syntax=ExplicitVRLittleEndian, outcome="delivered", name=None, edit=None, record="IMAGE"):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = d.SOPClassUID, d.SOPInstanceUID
    meta.ImplementationClassUID = "2.25.1"
    d.file_meta = meta
    path = FOLDER / file
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, d, enforce_file_format=True)
    if edit:
        path.write_bytes(edit(path.read_bytes()))
    EXPECTED[str(path)] = {"outcome": outcome, "name": name or str(d.PatientName), "record": record}


def images():
    kinds = [
        ("1.2", "MG", (80, 60), 16, 1, 1), ("128", "PT", (32, 32), 16, 1, 1), ("20", "NM", (32, 32), 16, 1, 4),
        ("77.1.4", "XC", (40, 40), 8, 3, 1), ("77.1.1", "ES", (40, 40), 8, 3, 1), ("77.1.5.1", "OP", (40, 40), 8, 3, 1),
        ("77.1.5.4", "OPT", (40, 40), 8, 1, 3), ("1.1", "DX", (60, 60), 16, 1, 1), ("6.1", "US", (30, 40), 8, 3, 2),
        ("12.1", "XA", (32, 32), 8, 1, 5), ("7", "SC", (33, 33), 8, 1, 1), ("2", "CT", (32, 32), 16, 1, 1), ("4", "MR", (32, 32), 16, 1, 1),
    ]
    for number, (sop, modality, shape, bits, samples, frames) in enumerate(kinds, 1):
        save(f"kinds/{modality}", picture(base(sop, modality, number, series=number), shape, bits, samples, frames))
    dxa = picture(base("1.1", "BMD", 1, series=30), (40, 40), 8)
    save("kinds/DXA", dxa, ImplicitVRLittleEndian)


def documents():
    def sr(sop, number, title, modality="SR"):
        d = base(sop, modality, number, series=40 + number)
        d.ConceptNameCodeSequence = Sequence([code(*title)])
        d.ValueType, d.ContinuityOfContent, d.CompletionFlag, d.VerificationFlag = "CONTAINER", "SEPARATE", "COMPLETE", "UNVERIFIED"
        item = Dataset()
        item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", "synthetic 合成"
        item.ConceptNameCodeSequence = Sequence([code("121071", "DCM", "Finding")])
        d.ContentSequence = Sequence([item])
        return d

    save("documents/SR", sr("88.11", 1, ("18748-4", "LN", "Diagnostic imaging report")), record="SR DOCUMENT")
    save("documents/RDSR", sr("88.67", 2, ("113701", "DCM", "X-Ray Radiation Dose Report")), record="SR DOCUMENT")
    save("documents/KO", sr("88.59", 3, ("113000", "DCM", "Of Interest"), "KO"), record="KEY OBJECT DOC")
    pr = base("11.1", "PR", 1, series=50)
    pr.ContentLabel, pr.ContentDescription, pr.ContentCreatorName = "REVIEWED", "已閱", "TEST^READER"
    pr.PresentationCreationDate, pr.PresentationCreationTime = "20260303", "101010"
    image, of_series = Dataset(), Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = STORAGE + "2", "2.25.900000011.12.12"
    of_series.SeriesInstanceUID, of_series.ReferencedImageSequence = "2.25.900000011.12", Sequence([image])
    pr.ReferencedSeriesSequence = Sequence([of_series])
    save("documents/PR", pr, record="PRESENTATION")
    pdf = base("104.1", "DOC", 1, series=51)
    pdf.DocumentTitle, pdf.MIMETypeOfEncapsulatedDocument = "檢查報告", "application/pdf"
    pdf.ConceptNameCodeSequence, pdf.BurnedInAnnotation = Sequence([code("18748-4", "LN", "Report")]), "NO"
    pdf.EncapsulatedDocument = b"%PDF-1.4 synthetic\n%%EOF\n\0"
    save("documents/PDF", pdf, record="ENCAP DOC")
    ecg = base("9.1.1", "ECG", 1, series=52)
    save("documents/ECG", ecg, record="WAVEFORM")


def not_for_a_cd():
    video = base("77.1.1.1", "ES", 1, series=60)
    picture(video, (32, 32), 8, 3)
    video.PhotometricInterpretation = "YBR_PARTIAL_420"
    video.PixelData = encapsulate([b"\0\0\0\x18ftypmp42" + b"\0" * 1000])
    video["PixelData"].VR = "OB"
    save("refused/video", video, MPEG4HP41, "transfer-syntax-not-decodable")
    twelve = picture(base("1", "CR", 1, series=61), (32, 32), 16)
    twelve.BitsStored, twelve.HighBit = 12, 11
    twelve.PixelData = encapsulate([b"\xff\xd8\xff\xd9" + b"\0" * 100])
    twelve["PixelData"].VR = "OB"
    save("refused/jpeg-12-bit", twelve, JPEGExtended12Bit, "transfer-syntax-not-decodable")
    protocol = base("200.2", "CT", 1, series=62)
    save("refused/protocol", protocol, outcome="no-record-type")
    overlay = base("8", "OT", 1, series=63)
    save("refused/overlay", overlay, outcome="no-record-type")
    private = base("2", "CT", 1, series=64)
    private.SOPClassUID = "2.25.4711"
    save("refused/private-class", private, outcome="private-sop-class")
    nowhere = picture(base("2", "CT", 1, series=65), (8, 8))
    nowhere.StudyInstanceUID = ""
    save("refused/no-study", nowhere, outcome="no-study-or-series-uid")
    cut = picture(base("2", "CT", 1, series=66), (32, 32))
    save("refused/truncated", cut, outcome="truncated", edit=lambda b: b[: len(b) - 500])
    (FOLDER / "refused/notes.txt").write_text("no DICOM at all\n" * 20)
    EXPECTED[str(FOLDER / "refused/notes.txt")] = {"outcome": "not-dicom", "name": None}


def names():
    """Each of a patient of its own."""
    made = picture(base("2", "CT", 1, "T0000010", "Wang^ShiYan=王^試驗=ワン^シケン"), (8, 8))
    save("names/utf8", made)
    made = picture(base("2", "CT", 1, "T0000011", "Zhang^XiaoDong=张^小东", charset="GB18030"), (8, 8))
    save("names/gb18030", made)
    for at, (file, label) in enumerate([("big5-under-latin1", "ISO_IR 100"), ("big5-under-nothing", None)]):
        made = picture(base("2", "CT", 1, f"T000002{at}", "PLACEHOLDER", charset=label), (8, 8))
        raw = "許^功蓋".encode("big5")
        stands = b"PLACEHOLDER "
        assert len(raw) <= len(stands)

        def edit(data, raw=raw, stands=stands):
            at = data.index(b"PN\x0c\0" + stands)
            return data[: at + 4] + raw.ljust(len(stands)) + data[at + 4 + len(stands) :]

        save(f"names/{file}", made, name="許^功蓋", edit=edit)
    for number, name in enumerate(["TEST^TWO^SPELLINGS=王^測試", "TEST^TWOSPELLINGS=王^測試"], 1):
        made = picture(base("2", "CT", number, "T0000030", name), (8, 8))
        save(f"names/spelling-{number}", made, name="*")


def oddities():
    empty = picture(base("2", "CT", 1, "T0000040", "TEST^EMPTY"), (8, 8))
    for key in ["StudyID", "StudyDate", "StudyTime", "AccessionNumber", "SeriesNumber", "InstanceNumber", "SeriesDate", "ContentDate", "ContentTime"]:
        setattr(empty, key, None)
    save("odd/empty-keys", empty)
    same = picture(base("2", "CT", 1, "T0000041", "TEST^TWICE"), (8, 8))
    save("odd/same-1", same)
    save("odd/same-2", same, outcome="same-object-again")
    other = picture(base("2", "CT", 2, "T0000041", "TEST^TWICE"), (8, 8))
    save("odd/other-1", other, outcome="duplicate-instance")
    other.SeriesDescription = "the same identifier, another content"
    save("odd/other-2", other, outcome="duplicate-instance")
    hidden = picture(base("2", "CT", 1, "T0000042", "TEST^HIDDEN"), (8, 8))
    block = hidden.private_block(0x0029, "FILMDESK TEST", create=True)
    block.add_new(0x10, "OB", bytes(range(256)))
    block.add_new(0x11, "LO", "hidden value")
    hidden.PatientComments, hidden.OtherPatientIDs = "a remark", "X1"
    save("odd/hidden-tags", hidden)
    odd = picture(base("2", "CT", 1, "T0000043", "TEST^ODD"), (8, 8))
    odd.StationName = "ABC "

    def edit(data):
        at = data.index(b"SH\x04\0ABC ", data.index(b"\x08\0\x10\x10"))
        return data[:at] + b"SH\x03\0ABC" + data[at + 8 :]

    save("odd/odd-length", odd, edit=edit)
    nobody = picture(base("2", "CT", 1, "T0000044", "TEST^NOBODY"), (8, 8))
    nobody.PatientID = ""
    save("odd/no-patient-id", nobody)


for write in [images, documents, not_for_a_cd, names, oddities]:
    write()
Path(sys.argv[2]).write_text(json.dumps(EXPECTED, ensure_ascii=False, indent=1))
