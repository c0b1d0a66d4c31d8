"""Makes compressed pictures of a made patient: every depth and sign, grey and colour, tiles, layers, frames.

JPEG 2000 by OpenJPEG (through pydicom) and by GDCM, JPEG of twelve bits and lossless by DCMTK. usage: compress.py FOLDER
Prints how many files it made of each transfer syntax, as JSON.
"""
import json
import os
import subprocess
import sys

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import JPEG2000, ExplicitVRLittleEndian, JPEG2000Lossless

FOLDER = sys.argv[1]
ROWS, COLUMNS = 75, 106
made = {}


def samples(bits, signed, frames=1, colour=False):
    """Waves over the whole range with noise on them, so that nothing is flat and both ends are reached."""
    shape = (frames, ROWS, COLUMNS) + ((3,) if colour else ())
    random = numpy.random.default_rng(bits)
    at = numpy.arange(numpy.prod(shape)).reshape(shape)
    waves = numpy.sin(at % COLUMNS / 9.0) * numpy.cos(at // COLUMNS / 7.0) * 0.6 + random.normal(0, 0.02, shape)
    low = -(2 ** (bits - 1)) if signed else 0
    values = (waves + 0.5) * (2**bits - 1) + low
    return values.clip(low, low + 2**bits - 1).astype(("i" if signed else "u") + ("1" if bits <= 8 else "2"))


def dataset(name, pixels, bits, colour):
    out = Dataset()
    out.file_meta = FileMetaDataset()
    out.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    number = len(os.listdir(FOLDER)) + 1
    frames = pixels.shape[0]
    out.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.7{'' if frames == 1 else '.4' if colour else '.3' if bits > 8 else '.2'}"
    out.file_meta.MediaStorageSOPClassUID = out.SOPClassUID
    out.SOPInstanceUID = out.file_meta.MediaStorageSOPInstanceUID = f"2.25.990000{number}"
    out.StudyInstanceUID, out.SeriesInstanceUID = "2.25.9900", f"2.25.9901{number}"
    out.PatientName, out.PatientID, out.PatientBirthDate, out.PatientSex = "TEST^Compressed", "T0000090", "19700315", "O"
    out.StudyDate, out.StudyTime, out.StudyID, out.AccessionNumber = "20261102", "083000", "1", ""
    out.Modality, out.SeriesNumber, out.InstanceNumber, out.SeriesDescription = "OT", number, 1, name
    out.Rows, out.Columns, out.SamplesPerPixel = ROWS, COLUMNS, 3 if colour else 1
    out.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        out.PlanarConfiguration = 0
    if frames > 1:
        out.NumberOfFrames = frames
    out.BitsAllocated, out.BitsStored, out.HighBit = 8 * pixels.itemsize, bits, bits - 1
    out.PixelRepresentation = int(pixels.dtype.kind == "i")
    out.PixelData = pixels.tobytes()
    out["PixelData"].VR = "OB" if bits <= 8 else "OW"
    return out


def keep(out, name):
    out.save_as(os.path.join(FOLDER, name), enforce_file_format=True)
    syntax = str(out.file_meta.TransferSyntaxUID)
    made[syntax] = made.get(syntax, 0) + 1


def by_openjpeg(name, bits, signed, frames, colour):
    pixels = samples(bits, signed, frames, colour)
    for lossy in (False, True):
        out = dataset(name, pixels, bits, colour)
        if lossy:
            # Two layers: the first is coarse.
            out.compress(JPEG2000, j2k_cr=[20, 4], encoding_plugin="pylibjpeg", generate_instance_uid=False)
        else:
            out.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
        keep(out, f"{name}-{'lossy' if lossy else 'lossless'}")


def by_program(name, bits, signed, colour, syntax, program):
    plain, packed = (os.path.join(FOLDER, f"{name}{end}") for end in ("-plain", ""))
    keep(dataset(name, samples(bits, signed, 1, colour), bits, colour), f"{name}-plain")
    subprocess.run([*program, plain, packed], check=True, capture_output=True)
    os.remove(plain)
    made[str(ExplicitVRLittleEndian)] -= 1
    made[syntax] = made.get(syntax, 0) + 1


for depth in (8, 10, 12, 13, 16):
    for sign in (False, True):
        by_openjpeg(f"grey-{depth}-{'signed' if sign else 'unsigned'}", depth, sign, 1, False)
by_openjpeg("grey-frames", 12, False, 4, False)
by_openjpeg("colour-frames", 8, False, 3, True)
by_openjpeg("colour", 8, False, 1, True)
for depth, sign, tinted in ((8, False, True), (12, False, False), (16, True, False)):
    tiled = ["gdcmconv", "--j2k", "--tile", "40,32"]
    by_program(f"tiles-{depth}", depth, sign, tinted, str(JPEG2000Lossless), tiled)
for quality in ("50", "90", "100"):
    by_program(f"twelve-{quality}", 12, False, False, "1.2.840.10008.1.2.4.51", ["dcmcjpeg", "+ee", "+q", quality])
by_program("lossless", 16, True, False, "1.2.840.10008.1.2.4.70", ["dcmcjpeg", "+e1"])
print(json.dumps({syntax: n for syntax, n in made.items() if n}))
