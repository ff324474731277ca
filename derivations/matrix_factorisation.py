"""Matrix factorisation

Ratings as inner products of a vector for each user and one for each item, fitted where the mask M is one, with a
penalty on both; Koren, Bell and Volinsky 2009.
"""

import symgrad as sg


@sg.model
def factors(R: "m n", M: "m n", U: "m k", V: "n k", alpha):
    D = M * (U @ V.T - R)
    L = sg.sum(D**2) / 2 + alpha * (sg.sum(U**2) + sg.sum(V**2)) / 2
    return L


derivation = sg.derive(factors, wrt=["U", "V"])
