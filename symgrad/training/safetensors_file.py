"""Named arrays in one file, in the safetensors format, replaced as a whole or not at all.

The format: 8 bytes with the length of the header, little-endian; the header, JSON, with each array's type, shape and
place; the arrays' bytes (https://huggingface.co/docs/safetensors/index#format).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError

_TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8"}
_CODES = {text: code for code, text in _TYPES.items()}
_LONGEST = 100_000_000  # bytes of a header, the limit of the format's own library


def write(path: Path, arrays: Mapping[str, NDArray[Any]], note: str) -> None:
    """Write arrays of float64, float32 or int64 and a note; whoever reads the file meanwhile finds the old one.

    Raises InputError where the file can't be written.
    """
    header: dict[str, Any] = {"__metadata__": {"symgrad": note}}
    parts, at = [], 0
    for name, array in arrays.items():
        part = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        header[name] = {
            "dtype": _CODES[part.dtype.str],
            "shape": list(array.shape),
            "data_offsets": [at, at + part.nbytes],
        }
        parts.append(part)
        at += part.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers are aligned
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(len(text).to_bytes(8, "little"))
            file.write(text)
            for part in parts:
                file.write(part.data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path}: the checkpoint can't be written: {error.strerror}") from error


def read(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """The arrays of a file and its note; raises InputError for a file that isn't whole or isn't one of ours."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the checkpoint can't be read: {error.strerror}") from error
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > _LONGEST:
        raise InputError(f"{path}: not a checkpoint: it doesn't begin with the length of a safetensors header")
    try:
        header = json.loads(content[8 : 8 + length])
        note = header.pop("__metadata__")["symgrad"]
        places = {
            name: (_TYPES[entry["dtype"]], tuple(entry["shape"]), *entry["data_offsets"])
            for name, entry in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if len(content) < 8 + length:
            raise InputError(f"{path}: the checkpoint is cut off: it ends inside of its header") from error
        raise InputError(f"{path}: not a checkpoint of symgrad: its header has no such entry: {error}") from error
    size = 8 + length + max((end for *_, end in places.values()), default=0)
    if len(content) != size:
        raise InputError(f"{path}: the checkpoint is cut off: it has {len(content)} bytes of {size}")
    arrays = {}
    for name, (kind, shape, start, end) in places.items():
        count = math.prod(shape)
        if end - start != count * np.dtype(kind).itemsize:
            raise InputError(f"{path}: not a checkpoint: {name} has {end - start} bytes for a shape of {shape}")
        array = np.frombuffer(content, kind, count, 8 + length + start).reshape(shape)
        arrays[name] = array.astype(array.dtype.newbyteorder("="))
    return arrays, note


def _sync_folder(folder: Path) -> None:
    """The new name reaches the disk, too, where the system can say so."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
