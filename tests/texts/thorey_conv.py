"""The gradients of a padded convolution and of spatial batch normalisation, as printed, against Jacobians."""

import autograd.numpy as np
from autograd import grad, jacobian


def confirm(rng):
    # HH is the last index of a filter's rows here, as the sums of the text have it
    N, C, F, H, HH, S, P = 2, 2, 2, 4, 2, 1, 1
    out = (H + 2 * P - HH - 1) // S + 1
    x, w, b = rng.normal(size=(N, C, H, H)), rng.normal(size=(F, C, HH + 1, HH + 1)), rng.normal(size=F)
    c = rng.normal(size=(N, F, out, out))
    place = np.zeros((H + 2 * P, H))  # the padding as printed: P <= i" <= H - P
    for k in range(P, H - P + 1):
        place[k, k - P] = 1
    shift = np.zeros((H + 2 * P, H))  # the claimed derivative, without the condition
    for k in range(P, H + P):
        shift[k, k - P] = 1
    pick = np.zeros((HH + 1, out, H + 2 * P))  # delta of p + kS and i"
    for p in range(HH + 1):
        for k in range(out):
            pick[p, k, p + k * S] = 1

    def pad(x):
        return np.einsum("ai,bj,ncij->ncab", place, place, x)

    def conv(xpad, w, b):
        return np.einsum("pka,qlb,ncab,fcpq->nfkl", pick, pick, xpad, w) + b[:, None, None]

    def loss(y):
        return np.sum(np.sin(y) * c)

    xpad = pad(x)
    y = conv(xpad, w, b)
    dy = grad(loss)(y)
    y_w, y_pad = jacobian(lambda w: conv(xpad, w, b))(w), jacobian(lambda t: conv(t, w, b))(xpad)
    y_x, pad_x = jacobian(lambda x: conv(pad(x), w, b))(x), jacobian(pad)(x)
    dw, db = grad(lambda w: loss(conv(xpad, w, b)))(w), grad(lambda b: loss(conv(xpad, w, b)))(b)
    dx = grad(lambda x: loss(conv(pad(x), w, b)))(x)
    yield "dw-chain", np.einsum("nfkl,nfklgcij->gcij", dy, y_w), dw
    window = np.einsum("pka,qlb,ncab->ncklpq", pick, pick, xpad)
    yield "y-w", np.einsum("fg,ncklij->nfklgcij", np.eye(F), window), y_w
    links = [np.einsum("nfkl,fg,ncklij->gcij", dy, np.eye(F), window), np.einsum("nfkl,ncklij->fcij", dy, window)]
    yield "dw", np.array(links), dw
    y_b = jacobian(lambda b: conv(xpad, w, b))(b)
    links = [np.einsum("nfkl,nfklg->g", dy, y_b), np.einsum("nfkl,fg->g", dy, np.eye(F)), dy.sum(axis=(0, 2, 3))]
    yield "db", np.array(links), db
    yield "dx-chain", np.einsum("nfkl,nfklmcij->mcij", dy, y_x), dx
    yield "y-x-chain", np.einsum("nfklmdab,mdabNcij->nfklNcij", y_pad, pad_x), y_x
    yield "pad", np.einsum("nm,cd,ai,bj->ncabmdij", np.eye(N), np.eye(C), shift, shift), pad_x
    yield "y-pad", np.einsum("nm,pka,qlb,fcpq->nfklmcab", np.eye(N), pick, pick, w), y_pad
    moved = np.einsum("pka,ai->pki", pick, shift)
    yield "y-x", np.einsum("nm,pki,qlj,fcpq->nfklmcij", np.eye(N), moved, moved, w), y_x
    yield "dx", np.einsum("nfkl,pki,qlj,fcpq->ncij", dy, moved, moved, w), dx

    gamma, beta, eps = rng.normal(size=C), rng.normal(size=C), 1e-2
    size, c = N * H * H, rng.normal(size=(N, C, H, H))

    def normal(x):
        mu = np.sum(x, axis=(0, 2, 3), keepdims=True) / size
        return (x - mu) * (np.sum((x - mu) ** 2, axis=(0, 2, 3), keepdims=True) / size + eps) ** -0.5

    def layer(x, gamma, beta):
        return gamma[:, None, None] * normal(x) + beta[:, None, None]

    dy = grad(loss_of(c))(layer(x, gamma, beta))
    dx, dgamma, dbeta = (grad(lambda *a: loss_of(c)(layer(*a)), i)(x, gamma, beta) for i in range(3))
    yield "dbeta", dy.sum(axis=(0, 2, 3)), dbeta
    yield "dgamma", (dy * normal(x)).sum(axis=(0, 2, 3)), dgamma
    mu = x.mean(axis=(0, 2, 3))
    s = ((x - mu[:, None, None]) ** 2).mean(axis=(0, 2, 3)) + eps
    claimed = []
    for other in range(C):  # as printed, with the mean of any channel in the last factor
        last = np.sum(dy * (x - mu[other]), axis=(0, 2, 3))
        bracket = size * dy - dy.sum(axis=(0, 2, 3))[:, None, None]
        bracket = bracket - (x - mu[:, None, None]) * (last / s)[:, None, None]
        claimed.append((gamma * s**-0.5)[:, None, None] * bracket / size)
    yield "bn-dx", np.array(claimed), dx


def loss_of(c):
    return lambda y: np.sum(np.sin(y) * c)
