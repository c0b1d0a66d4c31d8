"""Lists a UDF image as libudfread (which media players use) reads it: SHA-256 and path of every file, as sha256sum writes
them, and the volume's identifier on standard error.

usage: udfread.py IMAGE"""

import ctypes
import hashlib
import sys

PIECE = 1 << 20
lib = ctypes.CDLL("libudfread.so.0")


class Entry(ctypes.Structure):
    _fields_ = [("type", ctypes.c_uint), ("name", ctypes.c_char_p)]


DIRECTORY = 1


def function(name, result, *arguments):
    found = getattr(lib, name)
    found.restype, found.argtypes = result, list(arguments)
    return found


init = function("udfread_init", ctypes.c_void_p)
open_image = function("udfread_open", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
volume_id = function("udfread_get_volume_id", ctypes.c_char_p, ctypes.c_void_p)
opendir = function("udfread_opendir", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
readdir = function("udfread_readdir", ctypes.POINTER(Entry), ctypes.c_void_p, ctypes.POINTER(Entry))
file_open = function("udfread_file_open", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
file_size = function("udfread_file_size", ctypes.c_int64, ctypes.c_void_p)
file_read = function("udfread_file_read", ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
file_close = function("udfread_file_close", None, ctypes.c_void_p)


def sha256(udf, path):
    file = file_open(udf, path.encode())
    if not file:
        sys.exit(f"{path} cannot be opened")
    digest, left, buffer = hashlib.sha256(), file_size(file), ctypes.create_string_buffer(PIECE)
    while left:
        n = file_read(file, buffer, min(PIECE, left))
        if n <= 0:
            sys.exit(f"{path} ends early: {left} bytes are missing")
        digest.update(buffer.raw[:n])
        left -= n
    file_close(file)
    return digest.hexdigest()


def walk(udf, path):
    listing, entry = opendir(udf, (path or "/").encode()), Entry()
    if not listing:
        sys.exit(f"{path} cannot be listed")
    found = []
    while readdir(listing, ctypes.byref(entry)):
        found.append((entry.name.decode(), entry.type))
    for name, kind in found:
        if name in (".", ".."):
            continue
        if kind == DIRECTORY:
            walk(udf, f"{path}/{name}")
        else:
            print(f"{sha256(udf, f'{path}/{name}')}  {path[1:] + '/' if path else ''}{name}")


udf = init()
if open_image(udf, sys.argv[1].encode()):
    sys.exit("libudfread does not open it")
print(volume_id(udf).decode(), file=sys.stderr)
walk(udf, "")
