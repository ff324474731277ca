"""The Pumpkin Book's derivatives and Hessians of the linear models, against autograd."""

import autograd.numpy as np
from autograd import grad, hessian, jacobian


def confirm(rng):
    m, d = 6, 3
    x, y, w, b = rng.normal(size=m), rng.normal(size=m), rng.normal(), rng.normal()

    def error(w, b):
        return np.sum((y - w * x - b) ** 2)

    dw, db = grad(error, 0)(w, b), grad(error, 1)(w, b)
    links = [
        np.sum(2 * (y - w * x - b) * -x),
        np.sum(2 * (w * x**2 - y * x + b * x)),
        2 * (w * np.sum(x**2) - np.sum(y * x) + b * np.sum(x)),
        2 * (w * np.sum(x**2) - np.sum((y - b) * x)),
    ]
    yield "3.5", np.array(links), np.array([dw] * 4)
    links = [
        np.sum(2 * (y - w * x - b) * -1),
        np.sum(2 * (b - y + w * x)),
        2 * (m * b - np.sum(y) + np.sum(w * x)),
        2 * (m * b - np.sum(y - w * x)),
    ]
    yield "3.6", np.array(links), np.array([db] * 4)

    x, w = rng.normal(size=(m, d)), rng.normal(size=d)

    def squares(w):
        return (y - x @ w) @ (y - x @ w)

    g, h = grad(squares)(w), hessian(squares)(w)
    yield "expanded", y @ y - y @ x @ w - w @ x.T @ y + w @ x.T @ x @ w, squares(w)
    one, two = grad(lambda w: y @ x @ w)(w), grad(lambda w: w @ x.T @ y)(w)
    yield "terms", -one - two + grad(lambda w: w @ x.T @ x @ w)(w), g
    a, s = rng.normal(size=d), rng.normal(size=(d, d))
    yield "linear", np.array([grad(lambda w: w @ a)(w), a]), np.array([grad(lambda w: a @ w)(w)] * 2)
    yield "quadratic", (s + s.T) @ w, grad(lambda w: w @ s @ w)(w)
    yield "3.10", np.array([-x.T @ y - x.T @ y + (x.T @ x + x.T @ x) @ w, 2 * x.T @ (x @ w - y)]), np.array([g, g])
    outer = [jacobian(lambda w: 2 * x.T @ (x @ w - y))(w), jacobian(lambda w: 2 * x.T @ x @ w - 2 * x.T @ y)(w)]
    yield "hessian-start", np.array(outer), np.array([h, h])
    yield "jacobian", np.full((d, d), np.nan), jacobian(lambda w: s @ w)(w)  # as printed, without a value
    yield "hessian", 2 * x.T @ x, h

    y, e, z = rng.integers(0, 2, size=m), np.exp(x @ w), np.ones(d)

    def loss(w):
        return np.sum(-y * (x @ w) + np.log(1 + np.exp(x @ w)))

    g, h, p = grad(loss)(w), hessian(loss)(w), e / (1 + e)
    links = [(-y + e / (1 + e)) @ x, -(y - e / (1 + e)) @ x, -(y - p) @ x]
    yield "3.30", np.array(links), np.array([g] * 3)
    yield "3.30-vector", np.array([-(y - p) @ x, (p - y) @ x, x.T @ (p - y)]), np.array([g] * 3)
    dp = jacobian(lambda w: np.exp(x @ w) / (1 + np.exp(x @ w)))(w)
    misprint = -x.T @ jacobian(lambda w: y - np.exp(x @ w) / (1 + np.e * (x @ z)))(w)  # at any reading, without beta
    yield "hessian-logistic-start", np.array([misprint, x.T @ dp]), np.array([h, h])
    c = e[:, None]
    links = [
        (x * c * (1 + c) - c * x * c) / (1 + c) ** 2,
        x * c * ((1 + c) - c) / (1 + c) ** 2,
        x * c / (1 + c) ** 2,
        x * c / (1 + c) / (1 + c),
    ]
    yield "dp", np.array(links), np.array([dp] * 4)
    yield "3.31", np.array([(x.T * e / (1 + e) / (1 + e)) @ x, (x.T * p * (1 - p)) @ x]), np.array([h, h])

    sb, sw = rng.normal(size=(2, d, d))
    lam = 0.7

    def lagrangian(w, sb, sw):
        return -w @ sb @ w + lam * (w @ sw @ w - 1)

    yield "lda", -(sb + sb.T) @ w + lam * (sw + sw.T) @ w, grad(lagrangian)(w, sb, sw)
    sb, sw = sb + sb.T, sw + sw.T
    yield "3.37", -2 * sb @ w + 2 * lam * sw @ w, grad(lagrangian)(w, sb, sw)
