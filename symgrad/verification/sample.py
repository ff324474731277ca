"""A Python function that only takes numbers, compared with the derivation at points in float64."""

from __future__ import annotations

import dataclasses
import inspect
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.derivation import Derivation
from symgrad.expressions import exact
from symgrad.names import partial_name, split_partial
from symgrad.verification.verdict import Counterexample, Verdict

POINTS = 24
TOLERANCE = 1e-9  # relative; float64 arithmetic on a short formula is well below it
_SMALL = (2.0, 3.0, -1.0, 0.5, -2.0, 1.0, -0.5, -3.0, 1.5)


def sampled(derivation: Derivation, name: str, claim: Callable[..., Any], why: str) -> Verdict:
    """agrees or refuted at random small points; undecided where the function fails or has no value at any of them."""
    from symgrad.codegen.program import compile_model

    model = derivation.model
    if model.functions:
        return Verdict("undecided", name, f"{why}, and {model.functions[0]} is abstract; bind it to compare values")
    pair = split_partial(name)
    assert pair  # the caller has found the partial in the model
    program = compile_model(dataclasses.replace(model, result=pair[0]), (pair[1],))
    wanted = list(inspect.signature(claim).parameters)
    chance = random.Random(0)
    pairs: list[tuple[dict[str, float], float, float]] = []
    for _ in range(POINTS):
        inputs = {key: chance.choice(_SMALL) for key in program.inputs}
        with np.errstate(all="ignore"):
            values = {**inputs, **quantities(derivation, inputs)}
            correct = float(program(**inputs)[1][pair[1]])
        try:
            given = float(claim(**{key: values[key] for key in wanted}))
        except KeyError as error:
            return Verdict("malformed", name, f"the function asks for {error}, which {model.name} doesn't have")
        except (ArithmeticError, ValueError):
            continue  # outside the function's domain
        except Exception as error:  # the user's function may raise anything; that is the verdict
            return Verdict("malformed", name, f"the function raised {type(error).__name__}: {error}")
        if np.isfinite(given) and np.isfinite(correct):
            pairs.append((inputs, given, correct))
    if not pairs:
        return Verdict("undecided", name, f"{why}, and no point was found where it has a value")
    largest = max(max(abs(given), abs(correct)) for _, given, correct in pairs)
    for inputs, given, correct in pairs:
        # A difference of large terms may be off by their rounding: at most a tolerance of the largest value counts.
        if abs(given - correct) > TOLERANCE * max(min(1.0, largest), abs(correct)):
            shown = Counterexample({k: exact(v) for k, v in inputs.items()}, exact(given), exact(correct), {})
            return Verdict("refuted", name, f"{why}; compared in float64", shown)
    return Verdict("agrees", name, f"{why}; equal at {len(pairs)} points in float64, to {TOLERANCE:g}")


def quantities(derivation: Derivation, inputs: dict[str, float]) -> dict[str, float]:
    """The value of every named quantity and adjoint at float inputs."""
    from symgrad.codegen.program import compile_model

    model = derivation.model
    found = {}
    for equation in model.equations:
        found[equation.name] = float(compile_model(dataclasses.replace(model, result=equation.name), ())(**inputs)[0])
    gradients = compile_model(model, [name for name in model.quantities if name != model.result])(**inputs)[1]
    return {**found, **{partial_name(model.result, name): float(value) for name, value in gradients.items()}}
