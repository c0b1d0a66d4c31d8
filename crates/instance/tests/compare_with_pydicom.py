"""Compares rewritten objects with their sources as pydicom reads both: usage: compare_with_pydicom.py SOURCES REWRITTEN

Prints one line for each file of REWRITTEN: its name, a tab, and `same`, `near` (lossy, within a few grey levels) or
what differs.
"""
import os, sys, warnings
import numpy as np
import pydicom

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
# What describes the encoding, and may change with it.
ENCODING = {0x7FE00010, 0x7FE00001, 0x7FE00002, 0x7FE00003, 0x00280004, 0x00280006, 0x00280000}

def items(dataset, where=""):
    for element in dataset:
        if element.tag.element == 0:
            continue
        if element.VR == "SQ":
            for n, item in enumerate(element.value):
                yield from items(item, f"{where}/{element.tag}[{n}]")
        elif where or int(element.tag) not in ENCODING:
            value = element.value
            if isinstance(value, bytes):
                value = value.rstrip(b"\0")
            yield f"{where}/{element.tag}", value

def elements(source, new):
    a, b = dict(items(source)), dict(items(new))
    if a.keys() != b.keys():
        return f"elements differ: {sorted(a.keys() ^ b.keys())[:5]}"
    for key, value in a.items():
        if isinstance(value, bytes) != isinstance(b[key], bytes):
            continue  # unknown in Implicit VR, UN in Explicit VR
        if repr(value) != repr(b[key]):
            return f"{key} differs: {value!r:.60} {b[key]!r:.60}"
    return None

def pixels(source, new):
    if "PixelData" not in source:
        return "same"
    lossy = source.file_meta.TransferSyntaxUID in LOSSY
    a, b = source.pixel_array, new.pixel_array
    if lossy and a.ndim >= 3 and source.SamplesPerPixel == 3 and source.PhotometricInterpretation.startswith("YBR"):
        a = pydicom.pixels.convert_color_space(a, source.PhotometricInterpretation, "RGB") if os.environ.get("RAW") else a
    if a.shape != b.shape:
        return f"shape {a.shape} {b.shape}"
    if np.array_equal(a, b):
        return "same"
    worst = int(np.max(np.abs(a.astype(np.int64) - b.astype(np.int64))))
    return "near" if lossy and worst <= 6 else f"pixels differ by up to {worst}"

for name in sorted(os.listdir(sys.argv[2])):
    if not name.endswith(".dcm"):
        continue
    source = pydicom.dcmread(os.path.join(sys.argv[1], name), force=True)
    new = pydicom.dcmread(os.path.join(sys.argv[2], name))
    if "TransferSyntaxUID" not in source.file_meta:
        source.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    try:
        print(name, elements(source, new) or pixels(source, new), sep="\t")
    except Exception as error:
        print(name, f"cannot compare: {error!r:.200}", sep="\t")
