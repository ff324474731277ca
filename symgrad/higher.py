"""Jacobians, Hessians and their products with vectors, each as a model that prints, compiles and computes like any.

Forward mode and reverse mode are the two sums over the same local derivatives (Griewank and Walther, Evaluating
Derivatives, 2nd ed. 2008, chapters 3 and 5); a Hessian is the Jacobian of a gradient.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from sympy import Expr

from symgrad.calculus.differential import differential
from symgrad.derivation import Derivation, derive, wanted
from symgrad.equations import Equation, Index, Model, Quantity, base_name, needed
from symgrad.errors import InputError
from symgrad.expressions import Order, product, total
from symgrad.indices import canonical, inlined, sigma, summed
from symgrad.names import partial_name
from symgrad.naming.known import Known
from symgrad.naming.settle import Settling


def gradient_model(derivation: Derivation, name: str) -> Model:
    """The forward equations and the sweep's steps as one model, whose result is the gradient by one quantity."""
    model = derivation.model
    derivation.step(name)
    equations = (*model.equations, *derivation.equations)
    return replace(model, equations=equations, result=partial_name(model.result, name), written=derivation.written)


def jvp(model: Model, wrt: Any = None) -> Model:
    """The model's derivative along a direction: each quantity q in `wrt` has a new input q_dot, the result its tangent.

    Raises InputError for an unknown name, DerivativeError for an operation without a derivative.

    >>> from sympy import Symbol
    >>> x, y = Symbol("x"), Symbol("y")
    >>> float(jvp(Model.from_equations([("z", x * y)]), "x")(x=2, y=3, x_dot=1))
    3.0
    """
    moving = set(wanted(model, wrt))
    written: dict[Expr, Order] = dict(model.written)
    counter = itertools.count()
    settling = Settling(Known.of(model, counter, written), counter, written)
    inputs = (*model.inputs, *(replace(model.quantities[name], name=f"{name}_dot") for name in sorted(moving)))
    # Of a gradient's model, the loss itself and its tangent aren't needed.
    live = needed([model.result], model.equations)
    equations: list[Equation] = []
    for equation in (equation for equation in model.equations if equation.name in live):
        equations.append(equation)
        rows = [row for row in differential(equation.rhs, written, equation.lhs) if base_name(row.entry) in moving]
        if rows:
            terms = (product((row.coefficient, _tangent(row.entry)), written) for row in rows)
            sums = (summed(term, row.over, written) for term, row in zip(terms, rows, strict=True))
            rhs = settling.settled(total(sums, written))
            equations.append(Equation(f"{equation.name}_dot", *canonical(rhs, equation.indices, written)))
            moving.add(equation.name)
    if model.result not in moving:
        raise InputError(f"{model.name}: {model.result} doesn't depend on {', '.join(sorted(moving))}")
    return replace(model, inputs=inputs, equations=tuple(equations), result=f"{model.result}_dot", written=written)


def vjp(model: Model, wrt: Any = None) -> Derivation:
    """The reverse sweep of a result with axes, from a new input that holds the result's adjoint: Y_bar for Y.

    Raises InputError for a result without axes, which `derive` takes as it is.
    """
    result = model.quantities[model.result]
    if not result.axes:
        raise InputError(f"{model.name}: the result {model.result} is a scalar; use derive")
    seed = replace(result, name=f"{model.result}_bar")
    indices = tuple(Index(f"_{place}", size) for place, size in enumerate(result.axes))
    written: dict[Expr, Order] = dict(model.written)
    body = product((seed.at(indices), result.at(indices)), written)
    rhs, _ = canonical(sigma(body, *indices), (), written)
    whole = replace(
        model,
        inputs=(*model.inputs, seed),
        equations=(*model.equations, Equation("s", rhs)),
        result="s",
        written=written,
    )
    return derive(whole, wanted(model, wrt))


def hvp(model: Model, wrt: str) -> Model:
    """The Hessian's product with a direction: the derivative of the gradient by `wrt` along the new input wrt_dot."""
    return jvp(gradient_model(derive(model, wrt), wrt), wrt)


def model_jacobian(model: Model, wrt: str) -> Model:
    """∂result/∂wrt with the result's axes first, then those of `wrt`, in closed form.

    The closed form is in named quantities, every adjoint written out: its length grows with the depth of the model.
    """
    return _jacobian(model, wrt, partial_name(model.result, wrt))


def model_hessian(model: Model, wrt: str, also: str | None = None) -> Model:
    """The second derivatives of a scalar result by one quantity, or by two, in closed form."""
    other = also or wrt
    name = f"d2{model.result}_d{wrt}2" if other == wrt else f"d2{model.result}_d{wrt}_d{other}"
    return _jacobian(gradient_model(derive(model, wrt), wrt), other, name)


def _jacobian(model: Model, wrt: str, name: str) -> Model:
    """The sweep from one entry of the result, its indices left open."""
    result = model.quantities[model.result]
    rows = tuple(Index(f"_r{place}", size) for place, size in enumerate(result.axes))
    one = replace(model, equations=(*model.equations, Equation("entry", result.at(rows))), result="entry")
    sweep = derive(one, wrt)
    written: dict[Expr, Order] = dict(sweep.written)
    counter = itertools.count()
    settling = Settling(Known.of(model, counter, written), counter, written)
    definitions: dict[str, tuple[tuple[Index, ...], Expr]] = {}
    for step in sweep.steps:
        expr = settling.written_out(step.adjoint, definitions)
        definitions[partial_name("entry", step.quantity)] = step.indices, expr
    columns = tuple(Index(f"_c{place}", size) for place, size in enumerate(model.quantities[wrt].axes))
    entry = Quantity(partial_name("entry", wrt), model.quantities[wrt].axes).at(columns)
    rhs, indices = canonical(inlined(entry, definitions, counter, written), (*rows, *columns), written)
    return replace(model, equations=(*model.equations, Equation(name, rhs, indices)), result=name, written=written)


def _tangent(entry: Expr) -> Expr:
    quantity = Quantity(f"{base_name(entry)}_dot", getattr(entry, "indices", ()))
    return quantity.at(getattr(entry, "indices", ()))
