"""The engine for JAX: of one process, or of the group of processes that this one is in."""

from __future__ import annotations

from symgrad.codegen.jax_source import load_jax
from symgrad.errors import InputError
from symgrad.training.engine import Engine, Task
from symgrad.training.jax_processes import joined
from symgrad.training.jax_programs import JaxEngine, varying
from symgrad.training.separable import why_not_separable


def engine(task: Task) -> Engine:
    """An engine for any task; raises SymgradError, saying what to install, where JAX is missing.

    In a group of processes (`symgrad train --processes`), process 0 gets an engine that all of them compute for; in
    the others this call serves process 0 and doesn't return: it ends the process.
    """
    load_jax()
    group = joined()
    if group is None:
        return JaxEngine(task)
    refused = why_not_separable(task.model, varying(task))
    if refused:
        raise InputError(
            f"{task.model.name}: {refused}; so the gradient of a batch isn't the mean of those of its parts, and "
            "several processes can't share it. Run it in one process"
        )
    return group.engine(task)
