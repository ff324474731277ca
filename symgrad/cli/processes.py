"""`symgrad train --processes`: the processes of one run, started and watched."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

from symgrad.errors import InputError

_RUN = "import sys; from symgrad.cli import main; sys.exit(main())"
_GRACE = 15.0  # seconds in which the others may end on their own after one has


@dataclass(frozen=True)
class Launch:
    """Processes to start: all of them on this machine, or, with a coordinator elsewhere, one of them."""

    processes: int
    coordinator: str | None = None
    process_id: int | None = None

    def run(self, arguments: Sequence[str]) -> int:
        """Run the command line in each process; the exit status is that of process 0, or of the first that failed."""
        from symgrad.training.jax_processes import COORDINATOR, LISTENER, PROCESS_ID, PROCESSES

        command = [sys.executable, "-c", _RUN, *arguments]
        env = {**os.environ, PROCESSES: str(self.processes)}
        if self.coordinator is not None:
            named = {COORDINATOR: self.coordinator, PROCESS_ID: str(self.process_id)}
            return _patient(subprocess.Popen(command, env=env | named))
        env.setdefault("JAX_PLATFORMS", "cpu")
        with ExitStack() as stack:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=self.processes))
            env[COORDINATOR] = f"127.0.0.1:{listener.getsockname()[1]}"
            inherits = os.name == "posix"  # elsewhere process 0 opens the port again
            running, logs = [], []
            for number in range(self.processes):
                mine = env | {PROCESS_ID: str(number)}
                if number == 0 and inherits:
                    mine[LISTENER] = str(listener.fileno())
                log: IO[bytes] | None = stack.enter_context(tempfile.TemporaryFile()) if number else None
                kept = (listener.fileno(),) if number == 0 and inherits else ()
                if number == 0 and not inherits:
                    listener.close()
                running.append(subprocess.Popen(command, env=mine, stdout=log, stderr=log, pass_fds=kept))
                logs.append(log)
            listener.close()
            return _watched(running, logs)


def launch(processes: int | None, coordinator: str | None, process_id: int | None, backend: str) -> Launch | None:
    """What the options ask for; None where this process is to do the work, alone or as one of those started.

    Raises InputError for options that don't fit together.
    """
    from symgrad.training.jax_processes import PROCESSES

    if processes is None and coordinator is None and process_id is None:
        return None
    if processes is None:
        raise InputError("--coordinator and --process-id need --processes, the number of all processes")
    if processes < 1:
        raise InputError(f"--processes {processes}: say how many processes share the run, 2 or more")
    if backend != "jax":
        raise InputError(f"--processes needs --backend jax; {backend} runs in one process")
    if (coordinator is None) != (process_id is None):
        raise InputError("--coordinator HOST:PORT and --process-id go together: one command for each process")
    if process_id is not None and not 0 <= process_id < processes:
        raise InputError(f"--process-id {process_id}: the {processes} processes are 0 to {processes - 1}")
    if coordinator is not None:
        from symgrad.training.links import address

        address(coordinator)
    if PROCESSES in os.environ or processes == 1:
        return None
    return Launch(processes, coordinator, process_id)


def _watched(running: list[subprocess.Popen[bytes]], logs: list[IO[bytes] | None]) -> int:
    """Wait for all processes; once process 0 has ended, or another one has failed, the others have little time."""
    first: int | None = None  # who failed before all others
    end = None
    try:
        while any(process.poll() is None for process in running):
            codes = [process.poll() for process in running]
            if end is None and (codes[0] is not None or any(codes)):
                end = time.monotonic() + _GRACE
                first = next((number for number, code in enumerate(codes) if code), None)
            if end is not None and time.monotonic() > end:
                break
            try:
                time.sleep(0.05)
            except KeyboardInterrupt:
                continue  # process 0 has it, too, and ends the run
        codes = [process.poll() for process in running]
        if first is None:
            first = next((number for number, code in enumerate(codes) if code), None)
        if first is not None and codes[0] not in (0, 1, 2):  # with these, process 0 has said itself what happened
            _report(first, codes[first], logs[first])
        return codes[0] if codes[0] is not None and codes[0] >= 0 else 2
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
            process.wait()


def _report(number: int, code: int | None, log: IO[bytes] | None) -> None:
    """Say how a process ended, with the last line that it wrote."""
    how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with status {code}"
    lines: list[str] = []
    if log is not None:
        log.seek(0)
        lines = [line for line in log.read().decode(errors="replace").splitlines() if line.startswith("symgrad:")]
    last = f": {lines[-1].removeprefix('symgrad:').strip()}" if lines else ""
    hint = "; where the run has a checkpoint, start it again with --resume" if number == 0 else ""
    print(f"symgrad: process {number} {how}{last}{hint}", file=sys.stderr)


def _patient(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; Ctrl-C is for it to answer."""
    while True:
        try:
            code = process.wait()
            return code if code >= 0 else 2
        except KeyboardInterrupt:
            continue
