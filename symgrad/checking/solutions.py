"""What a quantity is where its gradient vanishes: θ = (XᵀX)⁻¹Xᵀy behind ∇J = XᵀXθ - Xᵀy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symgrad.checking.sentences import Sentence, has_derivative
from symgrad.reading.latex import terms as t


@dataclass(frozen=True)
class Gradient:
    """A derivative by a quantity as a sentence writes it out."""

    by: str
    body: t.Term


def gradient(sentence: Sentence) -> Gradient | None:
    """The gradient that a sentence writes out, if it does."""
    match sentence.sides:
        case (t.Partial(by=(t.Ref(name=name, at=()),)), *_, body) if not has_derivative(body):
            return Gradient(name, body)
    return None


def vanishing(sentence: Sentence, gradients: Sequence[Gradient]) -> tuple[t.Term, ...]:
    """What a solution for θ, or for θ^*, claims: that the last gradient by θ is 0 there; no sides for anything else."""
    match sentence.sides:
        case (t.Ref(name=name, at=()), right) if any(isinstance(node, t.Inverse) for node in t.walk(right)):
            last = next((each for each in reversed(gradients) if name in (each.by, f"{each.by}__")), None)
        case _:
            return ()
    if last is None or any(ref.name == last.by and ref.at for ref in t.refs(last.body)):
        return ()
    by = last.by
    there = t.rewritten(last.body, lambda part: right if isinstance(part, t.Ref) and part.name == by else part)
    return there, t.Num(right.span, "0")
