"""How good the verdicts are: slips made in correct derivatives, and correct rewritings of them, by the thousand.

Every derivative of every derivation in a folder is mutated by every entry of the catalogue, and rewritten.  Whether
a mutant differs at all is judged by floats at random points.  The scalar claims are also given to SymPy, and to a
numerical gradient check, side by side.
"""

from __future__ import annotations

import itertools
import json
import random
import runpy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import sympy
from sympy import Expr, S

from symgrad.bench.rewritings import rewritings
from symgrad.derivation import Derivation
from symgrad.equations import Equation
from symgrad.errors import InputError
from symgrad.indices import in_inputs, inlined
from symgrad.names import partial_name
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.context import Context
from symgrad.verification.decide import decide
from symgrad.verification.numbers import FLOATS, NoValue
from symgrad.verification.points import varied_points
from symgrad.verification.slips import CATALOGUE, Mutant, Target
from symgrad.verification.values import Values

POINTS = 3
SECONDS = 5.0


@dataclass(frozen=True)
class Case:
    """One claim: where it comes from, how it was made, and what was said of it in how many seconds."""

    derivation: str
    quantity: str
    made_by: str
    scalar: bool
    right: bool
    status: str
    explained: bool  # some slip of the catalogue that gives this very claim is named
    named: bool  # it is the slip that was made
    seconds: float
    peers: dict[str, tuple[bool | None, float]]


@dataclass(frozen=True)
class Report:
    """Every claim and its verdict."""

    cases: tuple[Case, ...]

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """The columns and the rows, for people: each kind of mutant and of rewriting."""
        columns = (
            "made by",
            "claims",
            "proved",
            "agrees",
            "refuted",
            "undecided",
            "explained",
            "named",
            "median s",
            "worst s",
        )
        rows: list[tuple[object, ...]] = []
        for key in dict.fromkeys((case.right, case.made_by) for case in self.cases):
            group = [case for case in self.cases if (case.right, case.made_by) == key]
            count = Counter(case.status for case in group)
            times = [case.seconds for case in group]
            shares = [sum(getattr(case, kind) for case in group) / len(group) for kind in ("explained", "named")]
            named = ["", ""] if key[0] else [f"{share:.1%}" for share in shares]
            kinds = (count[kind] for kind in ("proved", "agrees", "refuted", "undecided"))
            rows.append((key[1], len(group), *kinds, *named, f"{median(times):.3f}", f"{max(times):.2f}"))
        return columns, rows

    @property
    def peers(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """symgrad beside SymPy and a numerical gradient check, on the scalar claims."""
        columns = ("checker", "scalar claims", "right", "wrong", "no answer", "median s", "worst s")
        compared = [case for case in self.cases if case.peers]
        names = list(compared[0].peers) if compared else []
        answers: dict[str, list[tuple[bool | None, float, bool]]] = {
            name: [(*case.peers[name], case.right) for case in compared] for name in names
        }
        answers["symgrad"] = [(_answer(case.status), case.seconds, case.right) for case in compared]
        rows: list[tuple[object, ...]] = []
        for name, found in answers.items():
            right = sum(answer == truth for answer, _, truth in found)
            silent = sum(answer is None for answer, _, _ in found)
            times = [seconds for _, seconds, _ in found]
            wrong = len(found) - right - silent
            rows.append((name, len(found), right, wrong, silent, f"{median(times):.4f}", f"{max(times):.2f}"))
        return columns, rows

    @property
    def summary(self) -> str:
        """The figures that count, in words."""
        mutants = [case for case in self.cases if not case.right]
        right = [case for case in self.cases if case.right]
        refuted = sum(case.status == "refuted" for case in mutants)
        passed = sum(case.status in ("proved", "agrees") for case in mutants)
        explained = sum(case.explained for case in mutants)
        named = sum(case.named for case in mutants)
        lines = [
            f"{len(mutants)} mutants that differ: {refuted} refuted ({refuted / len(mutants):.2%}), {passed} passed, "
            f"{explained} explained by a slip that gives the same formula ({explained / len(mutants):.1%}), "
            f"{named} by the one that was made ({named / len(mutants):.1%})"
        ]
        for kind, scalar in (("scalar", True), ("array", False)):
            group = [case for case in right if case.scalar == scalar]
            if group:
                proved = sum(case.status == "proved" for case in group)
                wrong = sum(case.status == "refuted" for case in group)
                share = f"{proved} proved ({proved / len(group):.1%})"
                lines.append(f"{len(group)} {kind} rewritings: {share}, {wrong} wrongly refuted")
        times = [case.seconds for case in self.cases]
        return "\n".join([*lines, f"a verdict takes {median(times):.3f} s in the median, {max(times):.2f} s at worst"])

    def json(self) -> str:
        """Every case."""
        return json.dumps({"benchmark": "verify", "unit": "seconds", "cases": [asdict(case) for case in self.cases]})


def measure(folder: Path, most: int = 3000, seed: int = 0) -> Report:
    """Judge about `most` mutants, and as many rewritings, of a folder's derivations; raises InputError for none."""
    chance = random.Random(seed)
    targets = list(_targets(folder))
    if not targets:
        raise InputError(f"{folder} has no derivations; give the folder that holds them, such as derivations")
    each = max(1, most // len(targets))
    cases: list[Case] = []
    for name, derivation, by in targets:
        context = Context(derivation, {**derivation.written})
        correct = context.partial(partial_name(derivation.model.result, by))
        target = Target.of(context, correct)
        kept = _chosen(list(_mutants(target)), each, chance)
        for slip, mutant in kept:
            claim = _claim(context, target, mutant)
            if _differs(context, claim, correct):
                cases.append(_judged(name, by, context, slip, mutant.text, claim, correct, right=False))
        for _ in range(max(1, round(each / 7))):
            for rewriting, claim in rewritings(context, correct, chance):
                cases.append(_judged(name, by, context, rewriting, "", claim, correct, right=True))
    return Report(tuple(cases))


def _targets(folder: Path) -> Iterator[tuple[str, Derivation, str]]:
    for source in sorted(folder.glob("[!_]*.py")):
        for value in runpy.run_path(str(source)).values():
            if isinstance(value, Derivation):
                yield from ((source.stem, value, by) for by in value.wrt)


def _mutants(target: Target) -> Iterator[tuple[str, Mutant]]:
    for entry in CATALOGUE:
        yield from ((entry.__name__, mutant) for mutant in itertools.islice(entry(target), 400))


def _chosen(found: list[tuple[str, Mutant]], most: int, chance: random.Random) -> list[tuple[str, Mutant]]:
    """Some of the mutants, of each kind as many."""
    groups = {slip: [item for item in found if item[0] == slip] for slip in dict.fromkeys(slip for slip, _ in found)}
    for group in groups.values():
        chance.shuffle(group)
    rounds = itertools.zip_longest(*groups.values())
    return list(itertools.islice((item for turn in rounds for item in turn if item is not None), most))


def _claim(context: Context, target: Target, mutant: Mutant) -> Equation:
    """The mutant as a formula in the model's own names: its slip is written out, wherever on the way it was made."""
    definitions: dict[str, Any] = {}
    if mutant.adjoint is not None:
        for equation in target.way:
            used = mutant.adjoint if equation.name == mutant.adjoint.name else equation
            definitions[used.name] = used.indices, inlined(used.rhs, definitions, context.counter, context.written)
    rhs = inlined(mutant.equation.rhs, definitions, context.counter, context.written)
    return Equation(mutant.equation.name, rhs, mutant.equation.indices)


def _differs(context: Context, claim: Equation, correct: Equation) -> bool:
    """Whether the two have different values at a random point, in floats."""
    for point in itertools.islice(varied_points(context.model, 7), 40):
        try:
            with np.errstate(all="ignore"):
                values = context.at(point, FLOATS)
                gap = np.abs(values.of(claim) - values.of(correct))
        except NoValue:
            continue
        if gap.max() > 1e-6 * max(1e-12, float(np.abs(values.of(correct)).max())):
            return True
    return False


def _judged(
    name: str, by: str, context: Context, made_by: str, text: str, claim: Equation, correct: Equation, right: bool
) -> Case:
    fresh = replace(context, written={**context.written}, partials={**context.partials})
    start = perf_counter()
    verdict = decide(fresh, claim, correct, "claim", Budget(SECONDS))
    seconds = perf_counter() - start
    scalar = not context.model.has_axes
    peers = _asked(context, claim, correct) if scalar and not context.model.functions else {}
    explained, named = bool(verdict.diagnosis), not right and (text in verdict.diagnosis or verdict.slip == made_by)
    return Case(name, by, made_by, scalar, right, verdict.status, explained and not right, named, seconds, peers)


def _answer(status: str) -> bool | None:
    return {"proved": True, "agrees": True, "refuted": False, "malformed": False}.get(status)


# --- the peers


def _asked(context: Context, claim: Equation, correct: Equation) -> dict[str, tuple[bool | None, float]]:
    """What SymPy and a numerical gradient check say of a scalar claim, and in how many seconds."""
    left, right = (in_inputs(context.model, context.without_partials(side.rhs), {}) for side in (claim, correct))
    gap = left - right
    return {
        "simplify(a - b) == 0": _timed(lambda: bool(sympy.simplify(gap) == S.Zero)),
        "a.equals(b)": _timed(lambda: _equals(left, right)),
        "central differences": _timed(lambda: _numerically(context, claim, correct)),
    }


def _timed(work: Callable[[], bool | None]) -> tuple[bool | None, float]:
    start = perf_counter()
    try:
        answer = Budget(SECONDS).run(work)
    except (OutOfTime, Exception):  # SymPy raises many things; what a checker can't decide is no answer
        answer = None
    return answer, perf_counter() - start


def _equals(left: Expr, right: Expr) -> bool | None:
    found = left.equals(right)
    return None if found is None else bool(found)


def _numerically(context: Context, claim: Equation, correct: Equation) -> bool | None:
    """Central differences at random points with the steps and tolerances of torch.autograd.gradcheck."""
    eps, atol, rtol = 1e-6, 1e-5, 1e-3
    _, by = context.source(correct.name)
    seen = 0
    for point in itertools.islice(varied_points(context.model, 11), 40):
        if by not in point.inputs:
            return None
        ends = []
        try:
            with np.errstate(all="ignore"):
                for step in (eps, -eps):
                    arrays = {n: np.asarray(a, dtype=float) + step * (n == by) for n, a in point.inputs.items()}
                    there = Values(FLOATS, point.sizes, arrays)
                    there.define(context.model.equations)
                    ends.append(float(there.arrays[context.model.result]))
                given = float(context.at(point, FLOATS).of(claim))
        except NoValue:
            continue
        measured = (ends[0] - ends[1]) / (2 * eps)
        if abs(given - measured) > atol + rtol * abs(measured):
            return False
        seen += 1
        if seen == POINTS:
            return True
    return None
