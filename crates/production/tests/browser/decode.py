"""What pydicom and DCMTK make of DICOM files: reads paths, prints one JSON line a file.

hash: SHA-256 of each of the first frames as stored, pixel by pixel, little endian, bits beside the stored ones taken away.
near: of lossy pictures, paths of these frames' samples one after another, one of pydicom and, for JPEG, one of `dcmdjpeg`.
grey: path of the first frame as `dcmj2pnm` shows it through its first window, or from least to greatest (PGM).
name: Patient's Name; null where pydicom cannot tell. usage: decode.py FOLDER-FOR-PGM < paths
"""
import hashlib
import json
import subprocess
import sys
import warnings

import numpy
import pydicom

warnings.simplefilter("ignore")
FRAMES = 3
JPEG_EXTENDED, JPEG_2000 = "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.91"


def stored(dataset):
    """Frames as they are stored, whatever Bits Stored leaves unused taken away."""
    raw = pydicom.pixels.pixel_array(dataset, raw=True)
    raw = raw if int(dataset.get("NumberOfFrames") or 1) > 1 else raw[None]
    raw = raw.astype(raw.dtype.newbyteorder("<"))
    bits, high = dataset.get("BitsStored"), dataset.get("HighBit")
    if raw.dtype.kind in "iu" and dataset.BitsAllocated > 8 and bits and bits < dataset.BitsAllocated:
        up, down = dataset.BitsAllocated - 1 - high, dataset.BitsAllocated - bits
        raw = (raw << up) >> down
    return raw


def near(path, dataset, number, folder):
    """Frames of a lossy picture by each who decodes it; what pydicom refuses is left to DCMTK."""
    syntax, out = dataset.file_meta.TransferSyntaxUID, []
    if syntax not in (JPEG_EXTENDED, JPEG_2000):
        return None
    plain = f"{folder}/{number}.dcm"
    if syntax == JPEG_EXTENDED and subprocess.run(["dcmdjpeg", "-q", path, plain], capture_output=True).returncode == 0:
        out.append(pydicom.dcmread(plain))
    out.append(dataset)
    files = []
    for one in out:
        file = f"{folder}/{number}.{len(files)}.raw"
        try:
            numpy.ascontiguousarray(stored(one)[:FRAMES]).tofile(file)
            files.append(file)
        except RuntimeError:
            if one is not dataset or not files:
                raise
    return files


def shown(path, dataset, number, folder):
    if dataset.SamplesPerPixel != 1 or dataset.PhotometricInterpretation == "PALETTE COLOR" or dataset.BitsAllocated > 16:
        return None
    if dataset.BitsAllocated == 1 or "PixelData" not in dataset:
        return None
    window = ["+Wi", "1"] if dataset.get("WindowCenter") is not None and dataset.get("WindowWidth") else ["+Wm"]
    out = f"{folder}/{number}.pgm"
    done = subprocess.run(["dcmj2pnm", "-q", "+op", "--no-overlays", *window, path, out], capture_output=True)
    return out if done.returncode == 0 else None


for number, path in enumerate(map(str.strip, sys.stdin)):
    out = {"path": path}
    try:
        dataset = pydicom.dcmread(path)
        out["class"] = dataset.file_meta.MediaStorageSOPClassUID.name
        name = dataset.get("PatientName")
        # Bytes outside ASCII without a declared set are no name to pydicom: none is expected then.
        declared = dataset.get("SpecificCharacterSet") or str(name or "").isascii()
        out["name"] = str(name or "").rstrip("=") if declared else None
        if any(key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
            out["near"] = near(path, dataset, number, sys.argv[1])
            if out["near"] and dataset.file_meta.TransferSyntaxUID == JPEG_EXTENDED:
                print(json.dumps(out))
                continue
            frames = stored(dataset)
            out["hash"] = [hashlib.sha256(numpy.ascontiguousarray(frame).tobytes()).hexdigest() for frame in frames[:FRAMES]]
            out["grey"] = shown(path, dataset, number, sys.argv[1])
    except Exception as error:  # what pydicom cannot read is counted by the caller
        out["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps(out))
