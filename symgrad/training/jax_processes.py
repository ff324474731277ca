"""Several processes that train one model with JAX: process 0 leads, the others compute their part and follow.

Process 0 alone decides how many epochs to run, when to stop, and writes checkpoints; the others run what it says. It
tells them over connections of its own, on which a process that dies is noticed at once; the gradients are averaged by
JAX's collectives. Nothing of this is encrypted, nor does it ask who connects: use it in networks that you trust.
"""

from __future__ import annotations

import atexit
import functools
import os
import signal
import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.jax_source import load_jax
from symgrad.errors import InputError, SymgradError
from symgrad.training.engine import Engine, State, Task, Track
from symgrad.training.jax_programs import JaxEngine
from symgrad.training.links import Link, Lost, Message, address, connected, listening

PROCESSES, PROCESS_ID = "SYMGRAD_PROCESSES", "SYMGRAD_PROCESS_ID"
COORDINATOR, LISTENER = "SYMGRAD_COORDINATOR", "SYMGRAD_LISTENER"  # HOST:PORT; an inherited socket that listens there
FAILED = 2  # the exit status of a process that lost another one

_JOIN = 300.0  # seconds to wait for all processes to start
_STUCK = 10.0  # seconds that a computation may go on without one of its processes


@functools.cache
def joined() -> Leader | Follower | None:
    """The group of processes that the environment names, joined at the first call; None where it names none."""
    if PROCESSES not in os.environ:
        return None
    count, mine = (_whole(name) for name in (PROCESSES, PROCESS_ID))
    host, port = address(os.environ.get(COORDINATOR, ""))
    load_jax()
    if count < 2:
        return None
    return _follow(host, port, count, mine) if mine else _lead(host, port, count)


class Leader:
    """Process 0: the links to the others."""

    def __init__(self, links: Mapping[int, Link]) -> None:
        self.links = links
        self._inside = False
        self._failed = False  # whether a process said that it can't go on
        for number, link in links.items():
            threading.Thread(target=self._guard, args=(number, link), daemon=True).start()
        atexit.register(self._end)

    def engine(self, task: Task) -> Engine:
        """An engine that all processes compute for."""
        return LeadingEngine(self, task)

    def tell(self, what: str, arrays: Mapping[str, NDArray[Any]], **fields: Any) -> None:
        """Send a message to every process."""
        for number, link in self.links.items():
            try:
                link.tell(what, arrays, **fields)
            except Lost:
                raise self._gone(number) from None

    def wait(self) -> None:
        """Wait until every process is ready for what it was told; raises SymgradError where one can't do it."""
        for number, link in self.links.items():
            try:
                answer = link.hear()
            except Lost:
                raise self._gone(number) from None
            if answer.what == "failed":
                self._failed = True
                raise SymgradError(f"process {number} of {len(self.links) + 1}: {answer.fields['why']}")

    @contextmanager
    def together(self) -> Iterator[None]:
        """A computation of all processes: the loss of one of them is an error that says which."""
        self._inside = True
        try:
            yield
        except Exception as error:  # whatever JAX's runtime raises where another process is gone
            end = time.monotonic() + 2  # JAX may notice earlier than the link
            while time.monotonic() < end:
                for number, link in self.links.items():
                    if link.lost.is_set():
                        raise self._gone(number) from error
                time.sleep(0.05)
            raise
        finally:
            self._inside = False

    def _gone(self, number: int) -> SymgradError:
        return SymgradError(
            f"process {number} of {len(self.links) + 1} has ended, so the run can't go on; "
            "where it has a checkpoint, start it again with --resume"
        )

    def _guard(self, number: int, link: Link) -> None:
        """End this process where a computation waits for one that is gone, and JAX doesn't notice."""
        link.lost.wait()
        time.sleep(_STUCK)
        if self._inside:
            _leave(str(self._gone(number)))

    def _end(self) -> None:
        """Let the others go; without one of them, don't wait for it as JAX would at the end."""
        if self._failed or any(link.lost.is_set() for link in self.links.values()):
            _leave("")
        for link in self.links.values():
            try:
                link.tell("end")
            except Lost:
                _leave("")


class LeadingEngine:
    """The engine of process 0: the others are told what it runs, and run it at the same time."""

    def __init__(self, group: Leader, task: Task) -> None:
        self._group, self._task = group, task
        self._engine = JaxEngine(task)
        self._mark = fingerprint(task)
        self._new = True  # whether the others lack the state
        self._pressed: list[int] = []  # Ctrl-C, held back

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs; see `Engine`."""
        given = {"rates": rates, **({} if orders is None else {"orders": np.asarray(orders, np.int64)})}
        with _undisturbed(self._pressed):
            self._tell("run", given, norms=norms)
            self._engine.compile(orders is not None)
            self._group.wait()
            with self._group.together():
                return self._engine.run(rates, orders, record, norms)

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step on a batch from elsewhere; see `Engine`."""
        with _undisturbed(self._pressed):
            self._tell("step", batch, rate=float(rate))
            self._group.wait()
            with self._group.together():
                return self._engine.step(batch, rate)

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, dict[str, NDArray[Any]]]:
        """The cost and its gradients, which process 0 computes alone."""
        return self._engine.evaluate(columns)

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        return self._engine.snapshot()

    def restore(self, state: State) -> None:
        """Go on from a snapshot; the others are told before the next step."""
        self._engine.restore(state)
        self._new = True

    def explain(self) -> str:
        """What this engine does, in words."""
        return self._engine.explain()

    def _tell(self, what: str, arrays: Mapping[str, NDArray[Any]], **fields: Any) -> None:
        if self._new:
            state = self.snapshot()
            kept = {f"params/{name}": value for name, value in state.params.items()}
            kept |= {f"{slot}/{name}": v for slot, values in state.slots.items() for name, v in values.items()}
            self._group.tell("state", kept, steps=state.steps)
            self._new = False
        self._group.tell(what, arrays, mark=self._mark, **fields)


class Follower:
    """Another process: the link to process 0."""

    def __init__(self, link: Link) -> None:
        self._link = link
        threading.Thread(target=self._guard, daemon=True).start()

    def engine(self, task: Task) -> NoReturn:
        """Run what process 0 says, then end this process."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; process 0 ends the run
        engine, mark = JaxEngine(task), fingerprint(task)
        while True:
            try:
                message = self._link.hear()
                if message.what == "end":
                    sys.exit(0)
                self._do(engine, mark, message)
            except Exception as error:  # whatever it is, process 0 hears of it before this one ends
                self._fail(error)

    def _do(self, engine: JaxEngine, mark: str, message: Message) -> None:
        if message.what == "state":
            engine.restore(_state(message))
            return
        if message.fields["mark"] != mark:
            raise SymgradError(
                "it has another model, other data or other settings than process 0; give all processes the same "
                "files and options, and a --seed where samples are drawn at random"
            )
        arrays = dict(message.arrays)
        if message.what == "run":
            orders = arrays.get("orders")
            engine.compile(orders is not None)
            self._link.tell("ready")
            engine.run(arrays["rates"], orders, record=False, norms=message.fields["norms"])
        else:
            self._link.tell("ready")
            engine.step(arrays, message.fields["rate"])

    def _fail(self, error: Exception) -> NoReturn:
        """Tell process 0 what went wrong; where it is gone, that is what went wrong, and the guard says so."""
        self._link.lost.wait(1.0)  # JAX may notice earlier than the link
        with suppress(Lost):
            self._link.tell("failed", why=str(error))
            self._link.ended = True  # process 0 will leave, as it should
            self._link.lost.wait(_STUCK)
        _leave(str(error))

    def _guard(self) -> None:
        """End this process at once where process 0 has ended without a word: JAX would wait, or abort."""
        self._link.lost.wait()
        if not self._link.ended:
            _leave("process 0 has ended; so does this process")


def fingerprint(task: Task) -> str:
    """A short text that differs where tasks do, but for the start values."""
    optimizer = task.optimizer
    parts = [
        str(task.model),
        *(f"{name} {value.dtype}{value.shape}" for name, value in task.params.items()),
        *(
            f"{name} {column.dtype}{column.shape} {zlib.crc32(np.ascontiguousarray(column).data):08x}"
            for name, column in task.columns.items()
        ),
        f"{task.samples} {task.batch} {task.maximize} {task.running} {optimizer} {optimizer.model}",
        f"{optimizer.clip_norm} {optimizer.clip_value} {optimizer.weight_decay}",
    ]
    return f"{zlib.crc32(chr(10).join(parts).encode()):08x}"


def _lead(host: str, port: int, count: int) -> Leader:
    from symgrad import __version__

    inherited = os.environ.get(LISTENER)
    listener = socket.socket(fileno=int(inherited)) if inherited else listening(host, port, count)
    links: dict[int, Link] = {}
    end = time.monotonic() + _JOIN
    with listener:
        while len(links) < count - 1:
            listener.settimeout(max(0.01, end - time.monotonic()))
            try:
                link = Link(listener.accept()[0])
                hello = link.hear(10).fields
            except TimeoutError:
                raise SymgradError(
                    f"{len(links) + 1} of {count} processes have started within {_JOIN:g} seconds"
                ) from None
            except Lost:
                continue  # whoever that was, it isn't one of ours
            number, theirs, version = (hello.get(name) for name in ("process", "processes", "version"))
            if not isinstance(number, int) or not 0 < number < count or number in links:
                why = f"there is a process {number} already" if number in links else f"process {number} isn't expected"
            elif (theirs, version) != (count, __version__):
                why = f"process 0 is one of {count} and has symgrad {__version__}, not one of {theirs} with {version}"
            else:
                links[number] = link
                continue
            link.tell("failed", why=why)
    with _reserved(host) as free:
        for link in links.values():
            link.tell("start", port=free)
        _start(f"{_bracketed(host)}:{free}", count, 0)
    return Leader(links)


def _follow(host: str, port: int, count: int, mine: int) -> Follower:
    from symgrad import __version__

    link = connected(host, port, _JOIN)
    link.tell("hello", process=mine, processes=count, version=__version__)
    try:
        answer = link.hear(_JOIN)
    except Lost as lost:
        raise SymgradError(f"process 0 at {host}:{port} doesn't answer: {lost}") from None
    if answer.what != "start":
        raise InputError(f"process {mine}: {answer.fields.get('why', 'not expected')}")
    _start(f"{_bracketed(host)}:{answer.fields['port']}", count, mine)
    return Follower(link)


def _start(where: str, count: int, mine: int) -> None:
    """Join JAX's own group, and let its processes find each other."""
    jax = load_jax()
    try:
        jax.distributed.initialize(
            where,
            count,
            mine,
            coordinator_bind_address=where,
            initialization_timeout=int(_JOIN),
            shutdown_timeout_seconds=30,
            cluster_detection_method="deactivate",
        )
        with _no_greetings():
            _meet(jax)
    except Exception as error:  # whatever JAX's runtime raises
        raise SymgradError(f"process {mine} of {count} can't join the others at {where}: {error}") from error


def _meet(jax: Any) -> None:
    """One sum over all processes, with which their connections are made."""
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    mesh = Mesh(np.array(jax.devices()), ("devices",))
    every = PartitionSpec()  # type: ignore[no-untyped-call]  # JAX's
    one = jax.make_array_from_callback((), NamedSharding(mesh, every), lambda _: np.float32(1))
    total = jax.shard_map(lambda x: jax.lax.psum(x, "devices"), mesh=mesh, in_specs=every, out_specs=every)
    jax.jit(total)(one).block_until_ready()


@contextmanager
def _undisturbed(pressed: list[int]) -> Iterator[None]:
    """Hold Ctrl-C back while all processes compute together, and note it for the next time; a second one interrupts."""
    if pressed:
        pressed.clear()
        raise KeyboardInterrupt
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def press(number: int, _: Any) -> None:
        pressed.append(number)
        if len(pressed) > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _no_greetings() -> Iterator[None]:
    """Without the lines that Gloo writes to the standard output when it connects."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _reserved(host: str) -> Iterator[int]:
    """A port that is free and that no other program is given, while JAX begins to listen there."""
    family = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        if hasattr(socket, "SO_REUSEPORT"):
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # JAX's server shares it
        holder.bind((host, 0))
        port: int = holder.getsockname()[1]
        if not hasattr(socket, "SO_REUSEPORT"):
            holder.close()
        yield port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _state(message: Message) -> State:
    slots: dict[str, dict[str, NDArray[Any]]] = {}
    params: dict[str, NDArray[Any]] = {}
    for key, value in message.arrays.items():
        slot, _, name = key.partition("/")
        (params if slot == "params" else slots.setdefault(slot, {}))[name] = value
    return State(params, slots, message.fields["steps"])


def _whole(name: str) -> int:
    text = os.environ.get(name, "")
    if not text.isdecimal():
        raise InputError(f"the environment's {name}={text!r} must be a whole number")
    return int(text)


def _leave(why: str) -> NoReturn:
    """End the process at once: JAX, at its own end, would wait for the process that is gone."""
    if why:
        print(f"symgrad: {why}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(FAILED)
