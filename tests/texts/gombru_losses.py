"""The derivatives of softmax, multi-label, sigmoid and focal losses by the scores, against reverse mode."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    C, positive, gamma = 5, [1, 3], 2.0
    s, x = rng.normal(size=C), rng.normal(size=6)

    def softmax(s):
        return np.exp(s) / np.sum(np.exp(s))

    def f(s):
        return 1 / (1 + np.exp(-s))

    one = grad(lambda s: -np.log(softmax(s)[positive[0]]))(s)
    p, n = positive[0], [0, 2, 4]
    yield "positive", softmax(s)[p] - 1, one[p]
    yield "negative", softmax(s)[n], one[n]
    M = len(positive)
    several = grad(lambda s: sum(-np.log(softmax(s)[p]) for p in positive) / M)(s)
    q = softmax(s)
    yield "multi-positive", ((q[positive] - 1) + (M - 1) * q[positive]) / M, several[positive]
    yield "multi-negative", q[n], several[n]

    def cross_entropy(s, t):
        return -t * np.log(f(s)) - (1 - t) * np.log(1 - f(s))

    for_t = [elementwise_grad(cross_entropy)(x, t) for t in (0.0, 0.3, 1.0)]
    yield "binary", [t * (f(x) - 1) + (1 - t) * f(x) for t in (0.0, 0.3, 1.0)], for_t
    yield "binary-cases", [f(x), f(x) - 1], [for_t[0], for_t[2]]
    focal = elementwise_grad(lambda s: -((1 - f(s)) ** gamma) * np.log(f(s)))(x)
    yield "focal", (1 - f(x)) ** gamma * (gamma * f(x) * np.log(f(x)) + f(x) - 1), focal
