"""Makes discs of a folder with filmdesk and asks independent readers about each: what was given is delivered or named,
and no reader finds a fault on the disc that it does not find in the source file.

usage: judge.py FILMDESK SOURCE WORK [--expected FILE] [--orthanc URL] [--profile ID] [--names FILE]

Prints one line of figures; every fault is a line on standard error, and the exit status is then 1."""

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import warnings
from collections import Counter
from pathlib import Path

import pydicom
from pydicom.fileset import FileSet
from pydicom.valuerep import PersonName

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
FAULTS = []
FIGURES = Counter()
# Delivered already, or an index that is written anew: nothing is missing.
NOT_MISSING = {"same-object-again", "dicomdir"}
EXPLICIT = "1.2.840.10008.1.2.1"
JPEG, J2K = [f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 70)], [f"1.2.840.10008.1.2.4.{n}" for n in (90, 91)]
# PS3.11 H.3, J.3, E.3: what a profile takes beside Explicit VR Little Endian.
ALLOWED = {
    None: [EXPLICIT], "STD-GEN-DVD-JPEG": [EXPLICIT, *JPEG], "STD-GEN-USB-JPEG": [EXPLICIT, *JPEG],
    "STD-GEN-DVD-J2K": [EXPLICIT, *J2K], "STD-GEN-USB-J2K": [EXPLICIT, *J2K], "STD-CTMR-CD": [EXPLICIT, JPEG[2]],
    "STD-GEN-BD": [EXPLICIT], "STD-GEN-BD-JPEG": [EXPLICIT, *JPEG], "STD-GEN-BD-J2K": [EXPLICIT, *J2K],
    "STD-GEN-BD-MPEG2-MPML": [EXPLICIT, "1.2.840.10008.1.2.4.100"],
    "STD-GEN-BD-MPEG4-HPLV41": [EXPLICIT, "1.2.840.10008.1.2.4.102"],
}
# DCMTK's names for them; it knows STD-GEN-BD from 3.6.9 on, which asks what STD-GEN-CD does.
DCMMKDIR = {
    "STD-GEN-DVD-JPEG": "-Pdv", "STD-GEN-DVD-J2K": "-Pd2", "STD-GEN-USB-JPEG": "-Pfl", "STD-GEN-USB-J2K": "-Pf2",
    "STD-CTMR-CD": "-Pcm", "STD-GEN-BD-JPEG": "-Pbd", "STD-GEN-BD-J2K": "-Pb2", "STD-GEN-BD-MPEG2-MPML": "-Pbm",
    "STD-GEN-BD-MPEG4-HPLV41": "-Pba",
}
PLAIN = re.compile(r"^/[A-Z0-9_]{1,8}(/[A-Z0-9_]{1,8}){0,7}\.;1$")


def fault(*what):
    FAULTS.append(" ".join(str(part) for part in what))


def run(*command, at=None):
    """Exit status and everything said."""
    done = subprocess.run([str(part) for part in command], cwd=at, capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def header(path):
    return pydicom.dcmread(path, stop_before_pixels=True, force=True)


def make(options):
    command = [options.filmdesk, "disc", options.source, "--out", options.work / "out", "--json"]
    command += ["--profile", options.profile] if options.profile else []
    done = subprocess.run([str(part) for part in command], capture_output=True)
    if done.returncode not in (0, 3):
        sys.exit(f"filmdesk failed: {done.stderr.decode()}")
    return json.loads(done.stdout)


def complete(options, answer):
    """delivered + refused with a reason = given; and each with the outcome that was expected."""
    given = [path for path in options.source.rglob("*") if path.is_file() or path.is_symlink()]
    delivered = sum(made["n_instances"] for made in answer["sets"])
    named = {entry["path"]: entry for entry in answer["left_out"]}
    FIGURES["given"], FIGURES["delivered"], FIGURES["named"] = len(given), delivered, len(named)
    if delivered + len(named) != len(given):
        fault("completeness", len(given), "given,", delivered, "delivered,", len(named), "named")
    for path, entry in named.items():
        if not entry["reason"] or (entry["missing"] and entry["code"] != "not-a-file" and not (entry["instead"] and entry["instead"]["zh"])):
            fault("no reason or no advice", path)
    for path, wanted in options.expected.items():
        outcome = named[path]["code"] if path in named else "delivered"
        if outcome != wanted["outcome"] and {outcome, wanted["outcome"]} != {"truncated", "pixel-data-truncated"}:
            fault("outcome", path, "wanted", wanted["outcome"], "found", outcome)
    # What is delivered, by SOP Instance UID.
    sources = {}
    for path in given:
        code = named.get(str(path), {"code": "delivered"})["code"]
        if code in ("delivered", "same-object-again"):
            sources.setdefault(str(header(path).get("SOPInstanceUID", "")).strip(), path)
    return sources


def extract(options, image, volume):
    tree = options.work / volume
    if Path(image).is_dir():
        shutil.copytree(image, tree)
    elif "-BD" in (options.profile or ""):
        unpack_udf(image, volume, tree)
    else:
        unpack_iso(image, volume, tree)
    code, said = run("sha256sum", "--quiet", "--strict", "-c", "SHA256.SUM", at=tree)
    if code:
        fault("sha256sum", volume, said)
    return tree


def unpack_udf(image, volume, tree):
    """7-Zip unpacks it, and udftools count as many files."""
    code, said = run("7z", "x", f"-o{tree}", image)
    if code or "Type = Udf" not in said or "Everything is Ok" not in said:
        fault("7z", volume, said)
    code, facts = run("udfinfo", image)
    n = sum(path.is_file() for path in tree.rglob("*"))
    for wanted in [f"fsid={volume}", f"lvid={volume}", f"numfiles={n}", "integrity=closed"]:
        if wanted not in facts.splitlines():
            fault("udfinfo", volume, "wanted", wanted, "found", facts)
    FIGURES["files in UDF"] += n


def unpack_iso(image, volume, tree):
    code, facts = run("isoinfo", "-d", "-i", image)
    if f"Volume id: {volume}\n" not in facts:
        fault("isoinfo", volume, facts)
    code, names = run("isoinfo", "-f", "-i", image)
    for name in names.splitlines():
        if name.startswith("/DICOM/") and name.endswith(";1") and not PLAIN.match(name):
            fault("File ID", name)
    code, said = run("isovfy", image)
    if "No errors found" not in said:
        fault("isovfy", volume, said)
    code, said = run("xorriso", "-osirrox", "on", "-indev", image, "-extract", "/", tree)
    if code:
        fault("xorriso", volume, said)
    run("chmod", "-R", "u+w", tree)


def index(options, tree, members, sources):
    """The directory as DCMTK, dicom3tools, pydicom and GDCM read it, and as DCMTK would have written it."""
    volume = tree.name
    code, said = run("dcmftest", "DICOMDIR", *[path.relative_to(tree) for path in members], at=tree)
    if said.count("yes:") != len(members) + 1:
        fault("dcmftest", volume, said)
    code, said = run("dcdirdmp", "-paths", "DICOMDIR", at=tree)
    if said.count("DICOM/") != len(members) and said.count("DICOM\\") != len(members):
        fault("dcdirdmp", volume, len(members), said[:2000])
    code, said = run("gdcmdump", "DICOMDIR", at=tree)
    if code or said.count("(0004,1500)") != len(members):
        fault("gdcmdump", volume, code, said.count("(0004,1500)"), len(members))
    code, said = run("dciodvfy", "DICOMDIR", at=tree)
    of_source = "".join(run("dciodvfy", "-new", source)[1] for source in of_disc(members, sources))
    errors = [line for line in said.splitlines() if line.startswith("Error") and not known_gap(line, of_source)]
    if errors:
        fault("dciodvfy DICOMDIR", volume, errors)
    count = len(FileSet(tree / "DICOMDIR"))
    kinds = {record.ReferencedSOPInstanceUIDInFile: record.DirectoryRecordType
             for record in pydicom.dcmread(tree / "DICOMDIR").DirectoryRecordSequence if "ReferencedSOPInstanceUIDInFile" in record}
    for uid, kind in kinds.items():
        wanted = options.expected.get(str(sources.get(str(uid).strip())), {}).get("record", kind)
        FIGURES["record types"] += 1
        if kind != wanted:
            fault("record type", sources.get(str(uid).strip()), "wanted", wanted, "found", kind)
    if count != len(members):
        fault("pydicom FileSet", volume, count, len(members))
    again = options.work / f"{volume}.again"
    code, said = run("dcmmkdir", "-nb", "+I", options.dcmmkdir, "+r", "+D", again, "DICOM", at=tree)
    ours, theirs = types(tree / "DICOMDIR"), types(again) if again.exists() else {}
    FIGURES["indexed again by DCMTK"] += len(theirs)
    for file, kind in ours.items():
        if file not in theirs:
            if not refused_by_dcmtk(said, file):
                fault("dcmmkdir", volume, file, "is not indexed:", said[-1500:])
        elif theirs[file] != kind:
            fault("record type", volume, file, kind, "and for DCMTK", theirs[file])


def of_disc(members, sources):
    return [sources[uid] for uid in (str(header(path).SOPInstanceUID).strip() for path in members) if uid in sources]


def known_gap(line, of_source):
    """dicom3tools does not know directory record types younger than itself; and a value that is wrong in the source, an
    identifier above all, is repeated as it stands."""
    values = re.findall(r'<([^>]*)>|"([^"]*)"', line)
    repeated = values and any(value in of_source for pair in values for value in pair if value)
    summary = line == "Error - Dicom dataset contains invalid data values for Value Representations"
    return repeated or summary or ("Unrecognized" in line and "Directory Record Type" in line)


def refused_by_dcmtk(said, file):
    """DCMTK names what it leaves out: it refuses values of the source that are not as PS3.5 has them."""
    return file.replace("/", "\\") in said.replace("/", "\\")


def types(path):
    d = pydicom.dcmread(path)
    return {
        "/".join(record.ReferencedFileID) if not isinstance(record.ReferencedFileID, str) else record.ReferencedFileID: record.DirectoryRecordType
        for record in d.DirectoryRecordSequence
        if "ReferencedFileID" in record
    }


def verdict(path):
    """What dciodvfy holds against an object: messages without values, each counted once."""
    code, said = run("dciodvfy", "-new", path)
    return {re.sub(r"<[^>]*>|=.*", "", line).strip() for line in said.splitlines() if line.startswith("Error")}


def objects(options, tree, members, sources):
    """Each file against its source: the same identity, and for three of each series no new error, and readable by whoever
    reads the source."""
    of_series = Counter()
    for path in members:
        d = header(path)
        of_series[str(d.get("SeriesInstanceUID"))] += 1
        source = sources.get(str(d.SOPInstanceUID).strip())
        if source is None:
            fault("no source for", path)
            continue
        before = header(source)
        for keyword in ["SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID"]:
            if str(d.get(keyword, "")).strip() != str(before.get(keyword, "")).strip():
                fault("identity", path, keyword)
        as_stored(path, source, options)
        if of_series[str(d.get("SeriesInstanceUID"))] > 3:
            continue
        new = verdict(path) - verdict(source)
        if new:
            # dciodvfy reads no deflated and looks into no compressed data set: DCMTK decodes the source for it.
            plain = tree.parent / "plain"
            for tool in [["dcmconv", "+te"], ["dcmdjpeg"], ["dcmdjpls"], ["dcmdrle"]]:
                if new and run(*tool, source, plain)[0] == 0:
                    new -= verdict(plain)
        FIGURES["compared by dciodvfy"] += 1
        if new:
            fault("dciodvfy", path, "of", source, new)
        if run("gdcminfo", source)[0] == 0 and run("gdcminfo", path)[0] != 0:
            fault("gdcminfo", path, "of", source)


def entities(options, members, sources):
    """What dcentvfy holds against the objects together, patient by patient and study by study."""
    said = []
    for paths in [members, of_disc(members, sources)]:
        listed = options.work / "list"
        listed.write_text("".join(f"{path}\n" for path in paths))
        text = run("dcentvfy", "-f", listed)[1]
        said.append({re.sub(r"<[^>]*>|/\S+", "", line).strip() for line in text.splitlines() if line.startswith("Error")})
    FIGURES["compared by dcentvfy"] += len(members)
    if said[0] - said[1]:
        fault("dcentvfy", members[0], said[0] - said[1])


def as_stored(path, source, options):
    """What the profile allows is on the medium as it came; everything else is Explicit VR Little Endian."""
    before, after = header(source).file_meta.get("TransferSyntaxUID"), header(path).file_meta.TransferSyntaxUID
    if before not in ALLOWED.get(options.profile, []):
        if after != EXPLICIT:
            fault("transfer syntax", path, after)
        return
    FIGURES["as stored" if before == EXPLICIT else "compressed as stored"] += 1
    pixels = [pydicom.dcmread(file, force=True).get("PixelData") for file in (path, source)]
    if after != before or pixels[0] != pixels[1]:
        fault("not as stored", path, "of", source, before, after)


def whole(name):
    """A name without the ends that may be left away (PS3.5 6.2.1.2): empty components and groups."""
    return "=".join(group.rstrip("^ ") for group in str(name).split("=")).rstrip("=")


def names(options, tree, members, sources):
    """The patient's name in the source, the file, the directory and the pages: the very same, where all files of a disc have
    one; the directory and the pages have one of them where they have several."""
    records = pydicom.dcmread(tree / "DICOMDIR").DirectoryRecordSequence
    in_index = [whole(record.PatientName) for record in records if record.DirectoryRecordType == "PATIENT"]
    page = html.unescape((tree / "INDEX.HTM").read_text("utf-8")) if (tree / "INDEX.HTM").exists() else None
    of_disc = []
    for path in members:
        d = header(path)
        source = sources.get(str(d.SOPInstanceUID).strip())
        if source is None or "PatientName" not in d:
            continue
        raw = d.get_item("PatientName").value
        before = header(source)
        if not isinstance(before.PatientName, PersonName):
            # Big5 under another label: 0x5C as a second byte falls apart into values. Read as what it is.
            options.expected.setdefault(str(source), {"outcome": "delivered", "name": raw.decode("big5").rstrip()})
        wanted = options.expected.get(str(source), {}).get("name") or whole(before.PatientName)
        FIGURES["names compared"] += 1
        if str(d.PatientName) != str(before.PatientName):
            fault("name", source, "is another on the disc:", d.PatientName)
        if wanted == "*":
            wanted = whole(d.PatientName)
        deflated = before.file_meta.get("TransferSyntaxUID") == "1.2.840.10008.1.2.1.99"
        if isinstance(raw, bytes) and not deflated and source.read_bytes().find(raw) < 0:
            fault("name", source, "has other bytes on the disc")
        of_disc.append((wanted, source))
    one = len({name for name, _ in of_disc}) == 1
    if of_disc and (len(in_index) != 1 or not one and in_index[0] not in [name for name, _ in of_disc]):
        fault("names in the directory", tree.name, in_index)
    for name, source in of_disc if one else []:
        if in_index != [name]:
            fault("name", source, "wanted", name, "in the directory", in_index)
        for group in name.split("=")[:2]:
            for part in [part for part in group.split("^") if part.strip()]:
                if page is not None and part.strip() not in page:
                    fault("name", source, "is not on the page:", part)
    return {name for name, _ in of_disc}


def post(url, path):
    request = urllib.request.Request(f"{url}/instances", data=path.read_bytes(), method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["ID"]
    except urllib.error.HTTPError as error:
        error.read()
        return None


def imported(options, members, sources):
    """Whatever Orthanc takes of the sources it takes of the disc, each as one instance."""
    taken = set()
    for path in members:
        source = sources.get(str(header(path).SOPInstanceUID).strip())
        mine = post(options.orthanc, path)
        if mine is None:
            if source and post(options.orthanc, source) is not None:
                fault("Orthanc takes", source, "and not", path)
            continue
        taken.add(mine)
    FIGURES["imported"] += len(taken)
    return taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("filmdesk", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--expected", type=Path)
    parser.add_argument("--orthanc")
    parser.add_argument("--profile")
    parser.add_argument("--names", type=Path, help="where to write every name that is on a disc")
    options = parser.parse_args()
    options.expected = json.loads(options.expected.read_text()) if options.expected else {}
    options.dcmmkdir = DCMMKDIR.get(options.profile, "-Pgp")
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    answer = make(options)
    sources = complete(options, answer)
    discs = [disc for made in answer["sets"] for disc in made["discs"]]
    for made in answer["sets"]:
        if made["failure"]:
            fault("set", made["failure"])
    taken, named = set(), set()
    for disc in discs:
        if not disc["image"]:
            continue
        tree = extract(options, disc["image"], disc["volume_id"])
        members = sorted(path for path in (tree / "DICOM").rglob("*") if path.is_file())
        if len(members) != disc["n_instances"]:
            fault("files", disc["volume_id"], len(members), disc["n_instances"])
        index(options, tree, members, sources)
        objects(options, tree, members, sources)
        named |= names(options, tree, members, sources)
        entities(options, members, sources)
        FIGURES["files"] += len(members)
        FIGURES["discs"] += 1
        code, said = run(options.filmdesk, "check", disc["image"])
        if code:
            fault("filmdesk check", said)
        if options.orthanc:
            taken |= imported(options, members, sources)
        shutil.rmtree(tree)
    if options.orthanc:
        with urllib.request.urlopen(f"{options.orthanc}/statistics") as stored:
            FIGURES["in Orthanc"] = json.load(stored)["CountInstances"]
    if options.names:
        options.names.write_text(json.dumps(sorted(named), ensure_ascii=False))
    print(options.source.name, ", ".join(f"{name} {n}" for name, n in FIGURES.items()), f"faults {len(FAULTS)}")
    for said in FAULTS:
        print(said, file=sys.stderr)
    sys.exit(1 if FAULTS else 0)


main()
