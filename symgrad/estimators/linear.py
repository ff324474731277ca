"""The models of the estimators that are given none: linear, with one or several targets, and softmax of linear."""
# mypy: ignore-errors
# An annotation here names axes, which isn't a type; the functions are read as equations and never called.
# ruff: noqa: F722, F821

import symgrad as sg


@sg.model
def linear(X: "n d", y: "n", w: "d", b, alpha=0):
    """Least squares, with `alpha` as the weight of a ridge."""
    yhat = X @ w + b
    L = sg.mean((yhat - y) ** 2) / 2 + alpha * sg.sum(w**2) / 2
    return L


@sg.model
def linear_outputs(X: "n d", Y: "n k", W: "d k", b: "k", alpha=0):
    """Least squares for each of several targets."""
    Yhat = X @ W + b
    L = sg.mean(sg.sum((Yhat - Y) ** 2, axis="k")) / 2 + alpha * sg.sum(W**2) / 2
    return L


@sg.model
def softmax_regression(X: "n d", Y: "n k", W: "d k", b: "k", alpha=0):
    """Multinomial logistic regression, with `alpha` as the weight of a ridge."""
    Z = X @ W + b
    P = sg.softmax(Z, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"), axis="n") + alpha * sg.sum(W**2) / 2
    return L


softmax_regression = softmax_regression.assume(sg.sums_to_one(Y="k"))
