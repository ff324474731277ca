"""Messages between the processes of one run: numbers and arrays over a socket, never code."""

from __future__ import annotations

import json
import math
import queue
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError, SymgradError

_HEAD = struct.Struct("!Q")
_LONGEST = 2**24  # bytes of a message but for its arrays; more isn't one of ours


@dataclass(frozen=True)
class Message:
    """What is said, its numbers and texts, and its arrays by name."""

    what: str
    fields: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


class Lost(SymgradError):
    """The other end of a link is gone."""


class Link:
    """One end of a connection; a thread of its own reads, so that the other end's death is noticed at once."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(connection)
        self._connection = connection
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.lost = threading.Event()
        self.ended = False  # whether the other end said that it would go
        threading.Thread(target=self._read, daemon=True).start()

    def tell(self, what: str, arrays: Mapping[str, NDArray[Any]] | None = None, **fields: Any) -> None:
        """Send a message; raises Lost where nobody is there to read it."""
        ready = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in (arrays or {}).items()}
        kinds = [(name, array.dtype.str, array.shape) for name, array in ready.items()]
        head = json.dumps({"what": what, "fields": fields, "arrays": kinds}).encode()
        try:
            self._connection.sendall(_HEAD.pack(len(head)) + head)
            for array in ready.values():
                self._connection.sendall(array.reshape(-1).view(np.uint8).data)
        except OSError as error:
            self.lost.set()
            raise Lost("the connection is closed") from error

    def hear(self, seconds: float | None = None) -> Message:
        """The next message, waited for; raises Lost where there will be none, or none within the time."""
        try:
            message = self._inbox.get(timeout=seconds)
        except queue.Empty:
            raise Lost(f"no answer within {seconds:g} seconds") from None
        if message is None:
            self._inbox.put(None)  # whoever asks next is told, too
            raise Lost("the connection is closed")
        return message

    def _read(self) -> None:
        try:
            while True:
                (length,) = _HEAD.unpack(self._bytes(_HEAD.size))
                if length > _LONGEST:
                    break
                head = json.loads(bytes(self._bytes(length)))
                arrays = {}
                for name, kind, shape in head["arrays"]:
                    dtype = np.dtype(kind)
                    if dtype.kind not in "bif":
                        raise ValueError(kind)
                    data = self._bytes(dtype.itemsize * math.prod(shape))
                    arrays[name] = np.frombuffer(data, dtype).reshape(shape)
                self.ended |= head["what"] == "end"
                self._inbox.put(Message(head["what"], head["fields"], arrays))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # closed, or not one of ours
        self.lost.set()
        self._inbox.put(None)

    def _bytes(self, count: int) -> bytearray:
        found = bytearray(count)
        view = memoryview(found)
        while view:
            got = self._connection.recv_into(view)
            if not got:
                raise OSError("closed")
            view = view[got:]
        return found


def address(text: str) -> tuple[str, int]:
    """The host and the port that "HOST:PORT" names; raises InputError for anything else.

    >>> address("node-1:6006"), address("[::1]:80")
    (('node-1', 6006), ('::1', 80))
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"{text!r} is no address; expected HOST:PORT, such as 192.168.0.5:6006")
    return host, int(port)


def listening(host: str, port: int, waiting: int) -> socket.socket:
    """A socket that processes can connect to; raises InputError where the address can't be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=waiting)
    except OSError as error:
        raise InputError(
            f"can't listen at {host}:{port}: {error.strerror or error}; "
            "the coordinator is an address of the machine of process 0, at a port that is free"
        ) from error


def connected(host: str, port: int, seconds: float) -> Link:
    """A link to a process that listens, which may start a little later; raises SymgradError where none does."""
    end = time.monotonic() + seconds
    while True:
        try:
            return Link(socket.create_connection((host, port), timeout=max(1.0, end - time.monotonic())))
        except OSError as error:
            if time.monotonic() > end:
                raise SymgradError(
                    f"no process 0 at {host}:{port} within {seconds:g} seconds: {error.strerror or error}"
                ) from error
            time.sleep(0.1)


def _keep_alive(connection: socket.socket) -> None:
    """Notice within seconds where the machine at the other end is gone without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
