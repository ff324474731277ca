"""Updates: a step along a gradient is one by the quantity that it updates, and keeps the gradient's direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence, has_derivative, start_of
from symgrad.checking.world import LOSSES, World
from symgrad.reading.latex import terms as t
from symgrad.verification.verdict import Verdict


def check_update(sentence: Sentence) -> tuple[Verdict | None, t.Term | None]:
    """That an update is refuted, and the part of it that is wrong; None where nothing is wrong with its step."""
    base, signed = _steps(sentence)
    if base is None:
        return None, None
    steps = [term for _, term in signed]
    lengths = [node for step in steps for node in _lengths(step)]
    inside = {id(node) for length in lengths for node in t.walk(length)}
    partials = [n for step in steps for n in t.walk(step) if isinstance(n, t.Partial)]
    outside = [node for node in partials if id(node) not in inside]
    if lengths and not outside:
        reason = "the length of a gradient has no direction: where the slope is negative, the step goes the wrong way"
        return Verdict("refuted", "", reason, diagnosis="|∇f| stands where ∇f is meant"), lengths[0]
    others = [node for node in outside if not _is_by(node, base)]
    if others and len(others) == len(outside):
        by = others[0].by[0]
        written = getattr(by, "name", "another quantity")
        reason = f"the step of {base.name} is along the gradient by {written}"
        return Verdict("refuted", "", reason, diagnosis=f"the gradient by {base.name} is meant"), others[0]
    if _is_descent(base, signed):
        reason = f"it goes from {base.name} against the gradient by {base.name}, the gradient as it is written"
        return Verdict("agrees", "", reason), None
    return None, None


def gradient_meant(sentence: Sentence, world: World) -> tuple[t.Term, ...]:
    """What w ← w - η δ a claims of δ = ∂C/∂z: that ∂C/∂w is δ a; no sides where an update claims no such thing."""
    base, steps = _steps(sentence)
    if base is None or len(steps) != 1 or len(sentence.sides) > 2:
        return ()
    ((sign, step),) = steps
    if sign != "-" or not isinstance(step, t.Mul):
        return ()
    aliases = {_stem(d.name): d for name in world.aliases for d in world.definitions.get(name, ())}
    kept = [f for f in step.factors if not (_is_rate(f) and _stem(getattr(f, "name", "")) not in _stems(world))]
    of = {
        node.of
        for factor in kept
        if isinstance(factor, t.Ref) and _stem(factor.name) in aliases
        for node in t.walk(aliases[_stem(factor.name)].body)
        if isinstance(node, t.Partial) and isinstance(node.of, t.Ref)
    }
    losses = {node.name for node in of if isinstance(node, t.Ref) and not node.at}
    if len(losses) != 1 or len(kept) == len(step.factors) or len(kept) < 2:
        return ()
    gradient = replace(step, factors=tuple(kept), operators=("",) * (len(kept) - 1))
    return t.Partial(t.NOWHERE, next(iter(of)), (base,)), gradient


def whole_gradient(sentence: Sentence, world: World) -> tuple[t.Term, ...]:
    """What w ← w - η ∂C_0/∂w - η λ w claims, C being C_0 + λ w²/2: that ∂C/∂w is what -η multiplies; else no sides."""
    base, steps = _steps(sentence)
    if base is None or len(steps) < 2 or len(sentence.sides) > 2:
        return ()
    partials = [node for _, step in steps for node in t.walk(step) if isinstance(node, t.Partial)]
    parts = {node.of.name for node in partials if isinstance(node.of, t.Ref) and _is_exactly_by(node, base)}
    losses = [n for n in LOSSES if (d := world.visible(n, sentence.number)) is not None and parts & d.uses]
    shared = set.intersection(*({f.name for f in _factors(step) if isinstance(f, t.Ref)} for _, step in steps))
    rates = sorted(shared - world.definitions.keys() - {base.name})
    if len(losses) != 1 or len(partials) != 1 or len(parts) != 1 or len(rates) != 1:
        return ()
    terms = tuple(_without_factor(step, rates[0]) for _, step in steps)
    signs = tuple("+" if sign == "-" else "-" for sign, _ in steps)
    return t.Partial(t.NOWHERE, t.Ref(t.NOWHERE, losses[0]), (base,)), t.Add(sentence.sides[1].span, terms, signs)


def written_gradient(sentence: Sentence, world: World, samples: Mapping[str, str]) -> tuple[t.Term, ...]:
    """What θ ← θ + α (y - θᵀx) x claims, which has no derivative: that -∂J/∂θ is what α multiplies; else no sides.

    `samples` has the name of one sample's quantity for each array over samples: what holds for it holds for any.
    """
    base, steps = _steps(sentence)
    if base is None or len(steps) != 1 or len(sentence.sides) > 2:
        return ()
    ((sign, step),) = steps
    losses = [name for name in LOSSES if world.visible(name, sentence.number) is not None]
    lone = {f.name for f in _factors(step) if isinstance(f, t.Ref) and not f.at} - world.definitions.keys()
    rates = sorted(lone - {base.name, *samples.values()})
    if has_derivative(step) or not losses or len(rates) != 1:
        return ()
    last = max(losses, key=lambda name: getattr(world.visible(name, sentence.number), "number", 0))
    gradient = _of_one_sample(_without_factor(step, rates[0]), samples)
    signed = t.Mul(step.span, (t.Num(step.span, "-1"), gradient), ("·",)) if sign == "+" else gradient
    return t.Partial(t.NOWHERE, t.Ref(t.NOWHERE, last), (base,)), signed


def _steps(sentence: Sentence) -> tuple[t.Ref | None, list[tuple[str, t.Term]]]:
    """The quantity that an update starts from, and what is added to it, with the signs; None where it isn't one."""
    left, right = sentence.sides[:2]
    base = start_of(left, right)
    if base is None or not isinstance(right, t.Add):
        return None, []
    return base, [(sign, term) for sign, term in zip(right.signs, right.terms, strict=True) if term is not base]


def _of_one_sample(term: t.Term, samples: Mapping[str, str]) -> t.Term:
    """A term of sample i alone, x^{(i)}, as that of a sample without a number."""
    own = {ref.at[0] for ref in t.refs(term) if ref.name in samples and ref.at}
    if len(own) != 1:
        return term

    def one(part: t.Term) -> t.Term:
        if not isinstance(part, t.Ref) or part.name not in samples:
            return part
        return replace(part, name=samples[part.name], at=part.at[1:])

    return t.rewritten(term, one)


def _factors(term: t.Term) -> Iterator[t.Term]:
    """What a term is a product of, above a fraction's line."""
    match term:
        case t.Mul():
            for factor in term.factors:
                yield from _factors(factor)
        case t.Div():
            yield from _factors(term.over)
        case _:
            yield term


def _without_factor(term: t.Term, name: str) -> t.Term:
    """A term without one of its factors, a name."""
    found = next(factor for factor in _factors(term) if isinstance(factor, t.Ref) and factor.name == name)
    return t.rewritten(term, lambda part: t.Num(part.span, "1") if part is found else part)


def _stem(name: str) -> str:
    return name.split("_")[0]


def _stems(world: World) -> set[str]:
    return {_stem(name) for name in world.definitions}


def _is_descent(base: t.Ref, steps: Sequence[tuple[str, t.Term]]) -> bool:
    """Whether all steps go against the derivative by the quantity itself: w - η ∂L/∂w."""
    for sign, step in steps:
        partials = [node for node in t.walk(step) if isinstance(node, t.Partial)]
        if sign != "-" or len(partials) != 1 or not _is_exactly_by(partials[0], base):
            return False
        if step is not partials[0] and not (isinstance(step, t.Mul) and _only_rates(step, partials[0])):
            return False
    return bool(steps)


def _only_rates(product: t.Mul, partial: t.Partial) -> bool:
    """Whether a derivative is multiplied by steps' lengths alone."""
    return all(factor is partial or _is_rate(factor) for factor in product.factors)


def _is_rate(factor: t.Term) -> bool:
    """Whether a factor is a step's length: a letter, a positive number, or a quotient of them."""
    if isinstance(factor, t.Div):
        return _is_rate(factor.over) and _is_rate(factor.under)
    return (isinstance(factor, t.Ref) and not factor.at) or isinstance(factor, t.Num)


def _is_exactly_by(partial: t.Partial, base: t.Ref) -> bool:
    """Whether a derivative is by just the quantity that is updated, at the same places."""
    by = partial.by[0] if len(partial.by) == 1 else None
    return isinstance(by, t.Ref) and by.name == base.name and by.at == base.at


def _lengths(term: t.Term) -> Iterator[t.Norm]:
    """The norms of derivatives in a step."""
    for node in t.walk(term):
        if isinstance(node, t.Norm) and any(isinstance(part, t.Partial) for part in t.walk(node.body)):
            yield node


def _is_by(partial: t.Partial, base: t.Ref) -> bool:
    """Whether a derivative is by the quantity that is updated; one that names nothing may be."""
    if not partial.by:
        return True
    names = {node.name.split("_")[0] for by in partial.by for node in t.refs(by)}
    return base.name.split("_")[0] in names or not names or (names <= {"theta", "w", "x"} - {base.name} and False)
