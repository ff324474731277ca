"""A hand-written backward pass against the derivation: each gradient proved, or compared in floats, and explained."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from symgrad.derivation import derive
from symgrad.equations import Equation, Model
from symgrad.errors import ClaimError, ModelError, SymgradError
from symgrad.higher import vjp
from symgrad.indices import canonical
from symgrad.names import partial_name
from symgrad.reading.call import NotTranslatable, call_symbolically
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.comparison import Comparison, Tolerance
from symgrad.verification.context import Context
from symgrad.verification.decide import decide
from symgrad.verification.diagnose import diagnose
from symgrad.verification.frameworks import adapted
from symgrad.verification.handwritten import Handwritten
from symgrad.verification.verdict import Verdict


@dataclass(frozen=True)
class BackwardReport(Mapping[str, Verdict]):
    """The verdict on each gradient by the quantity that it is by; true if all are, and nothing is remarked.

    `remarks` says what isn't about one gradient's values: inputs that were modified, dtypes, a point at a kink.
    """

    name: str
    verdicts: Mapping[str, Verdict]
    remarks: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Verdict:
        return self.verdicts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    def __bool__(self) -> bool:
        return all(self.verdicts.values()) and not self.remarks

    def __str__(self) -> str:
        rows = [f"{name}: {verdict.status}; {verdict.why}" for name, verdict in self.verdicts.items()]
        return "\n".join([self.name, *rows, *self.remarks])

    def json(self) -> str:
        """The verdicts and the remarks as JSON."""
        verdicts = {name: json.loads(verdict.json()) for name, verdict in self.verdicts.items()}
        return json.dumps({"name": self.name, "verdicts": verdicts, "remarks": self.remarks}, ensure_ascii=False)

    def _repr_html_(self) -> str:
        rows = [f"<tr><th>{html.escape(name)}</th><td>{v._repr_html_()}</td></tr>" for name, v in self.items()]
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks)
        return f"<table>{''.join(rows)}</table>{remarks}"


def verify_backward(
    model: Model,
    backward: Any,
    inputs: Mapping[str, Any] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    dtype: Literal["float64", "float32"] = "float64",
    seed: int = 0,
    seconds: float = 5.0,
) -> BackwardReport:
    """The verdicts on a hand-written backward pass: a function of the model's names that returns its gradients.

    Its arguments are found by name: inputs, named quantities, sizes, adjoints such as dL_dZ.  It returns a dict or a
    tuple of gradients; it may be a PyTorch autograd.Function or a JAX custom_vjp.  A gradient that can be read as a
    formula is proved or refuted as one; all are compared in floats, at the inputs or at random points, to
    rtol·|correct| + atol·min(1, largest |correct|).  The derivation itself is checked by central differences with
    step eps.  `seconds` is the time budget of each gradient.  Raises ClaimError where an argument, or what a gradient
    is by, can't be told.

    >>> from sympy import Symbol
    >>> square = Model.from_equations([("L", Symbol("w") ** 2)])
    >>> print(verify_backward(square, lambda w: {"w": w}))
    <lambda>
    w: refuted; the claim is 1/2 times the correct expression: a constant factor is wrong; at w = 1: ...
    """
    if model.functions:
        raise ModelError(f"{model.name} is abstract: bind {', '.join(model.functions)} before a backward pass is run")
    derivation = vjp(model) if model.quantities[model.result].axes else derive(model)
    context = Context(derivation, {**derivation.written})
    for quantity in context.model.quantities.values():  # every adjoint may be asked for, and returned
        if not quantity.integer and quantity.name != context.model.result:
            context.partial(partial_name(context.model.result, quantity.name))
    upstream = f"{model.result}_bar" if model.quantities[model.result].axes else ""  # the name that vjp gives it
    hand = Handwritten(context, adapted(backward, upstream), upstream)
    formulas = _as_formulas(hand, seconds)
    comparison = Comparison(hand, Tolerance(eps, atol, rtol, dtype), seed)
    name = getattr(backward, "__name__", type(backward).__name__)
    try:
        found = Budget(seconds * len(model.inputs)).run(lambda: comparison.verdicts(inputs))
    except OutOfTime:
        raise ClaimError(f"calling {name} took longer than {seconds:g} s a gradient; give it more `seconds`") from None
    verdicts = {by: _joined(hand, by, verdict, formulas.get(by), Budget(seconds)) for by, verdict in found.items()}
    return BackwardReport(name, verdicts, tuple(comparison.remarks))


def assert_backward(model: Model, backward: Any, inputs: Mapping[str, Any] | None = None, **options: Any) -> None:
    """Raises AssertionError, with what is wrong, unless every gradient is right: `verify_backward` for a test."""
    report = verify_backward(model, backward, inputs, **options)
    if not report:
        raise AssertionError(str(report))


def _as_formulas(hand: Handwritten, seconds: float) -> dict[str, Verdict]:
    """The verdict on each gradient that can be read as a formula; none where the function needs numbers."""
    context = hand.context
    scope = Scope(context.written)
    try:
        result = Budget(seconds).run(
            lambda: call_symbolically(hand.function, lambda name: hand.meaning(name, scope), scope)
        )
        named = hand.named(result)
    except (NotTranslatable, SymgradError, OutOfTime):
        return {}
    found = {}
    for by, value in named.items():
        if isinstance(value, Tensor):
            correct = context.partial(partial_name(context.model.result, by))
            claim = Equation(correct.name, *canonical(value.expr, value.indices, scope.written))
            found[by] = decide(context, claim, correct, correct.name, Budget(seconds))
    return found


def _joined(hand: Handwritten, by: str, floats: Verdict, formula: Verdict | None, budget: Budget) -> Verdict:
    """What the floats and the formula say together, with a diagnosis where the gradient is wrong."""
    if formula is not None and formula.status in ("refuted", "malformed"):
        return formula
    if formula is not None and formula.status == "proved":
        return formula if floats else replace(floats, diagnosis="the formula is right, but its floats are not")
    if floats.status != "refuted":
        return floats
    correct = hand.context.partial(floats.claim)
    try:
        slip = budget.run(lambda: diagnose(hand.context, correct, lambda values: hand.gradient(values, by)))
    except OutOfTime:
        return floats
    return replace(floats, diagnosis=slip.text, slip=slip.slip, wrong=slip.wrong)
