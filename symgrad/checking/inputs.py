"""One letter for the outputs of two layers: o_j = softmax(z_j), z_j = Σ_i w_ij o_i, and o_i of the layer before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence, named, used
from symgrad.reading.latex import terms as t


def with_inputs(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with a name of its own for what a layer gets, where it has that of what the layer gives.

    It is told by its index, the one that stands beside it on the weights: o_i of Σ_i w_ij o_i, in what has w_ij.
    """
    defined = {s.defines: s for s in sentences if s.kind == "definition" and s.defines}
    found = {
        (output, letter, weight)
        for name, sentence in defined.items()
        for output, letter, weight in _summed(sentence)
        if output in defined and name in used(defined[output].sides[1:]) and named(defined[output].left)[1]
    }

    def rewritten(sentence: Sentence) -> Sentence:
        refs = [ref for side in sentence.sides for ref in t.refs(side)]
        for output, letter, weight in sorted(found):
            if any(ref.name == weight and t.At(letter) in ref.at for ref in refs):
                own = f"{output}_in"

                def entry(term: t.Term, output: str = output, letter: str = letter, own: str = own) -> t.Term:
                    if isinstance(term, t.Ref) and term.name == output and term.at == (t.At(letter),):
                        return replace(term, name=own)
                    return term

                sides = tuple(t.rewritten(side, entry) for side in sentence.sides)
                if any(one is not other for one, other in zip(sides, sentence.sides, strict=True)):
                    words = f"{output}_{letter} was read as an input of the layer that {output} is the output of"
                    sentence = replace(sentence, sides=sides, choices=(*sentence.choices, words))
        return sentence

    return [rewritten(sentence) for sentence in sentences] if found else list(sentences)


def _summed(sentence: Sentence) -> Iterator[tuple[str, str, str]]:
    """The vector, its index and the weights of Σ_i w_ij o_i in a definition of z_j."""
    letters = {at.letter for at in named(sentence.left)[1]}
    for big in (node for side in sentence.sides[1:] for node in t.walk(side) if isinstance(node, t.Big)):
        over = {place.letter for place in big.over}
        factors = [factor for factor in t.refs(big.body) if factor.at]
        for one in factors:
            for weight in factors:
                alone = len(one.at) == 1 and one.at[0].letter in over and len(weight.at) == 2
                if alone and {at.letter for at in weight.at} <= over | letters and one.at[0] in weight.at:
                    yield one.name, one.at[0].letter, weight.name
