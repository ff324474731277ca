"""The commands and signs of LaTeX mathematics, a table a kind."""

from __future__ import annotations

from symgrad.names import GREEK

LETTERS: dict[str, str] = {name: name for name in GREEK} | {
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "varrho": "rho",
    "varsigma": "sigma",
    "ell": "ell",
    "hbar": "hbar",
    "imath": "i",
    "jmath": "j",
    "infty": "infty",
    "top": "T",
    "intercal": "T",
    "bot": "bot",
    "dagger": "dagger",
    "star": "*",
    "Re": "Re",
    "Im": "Im",
    "emptyset": "emptyset",
}
"""Commands that are letters; both spellings of one Greek letter are one name."""

FUNCTIONS = frozenset(
    "log ln exp sin cos tan sinh cosh tanh arcsin arccos arctan cot sec csc max min det tr arg argmax argmin sup inf "
    "lim sign sgn".split()
)
WORDS_THAT_APPLY = FUNCTIONS | frozenset(
    "softmax sigmoid relu ReLU ReLu Relu softplus trace Tr diag vec mean var Var std erf gelu GELU silu logit "
    "LayerNorm layernorm norm Softmax Sigmoid Tanh logsumexp LSE log_softmax logsoftmax".split()
)
BIG = {"sum": "sum", "prod": "prod", "∑": "sum", "∏": "prod", "int": "int", "bigcup": "cup"}
FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"))
ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
    "widetilde": "tilde",
    "dot": "dot",
    "ddot": "ddot",
    "vec": "vec",
    "overrightarrow": "vec",
    "check": "check",
    "breve": "breve",
    "underline": "under",
}
COMBINING = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot", "\u20d7": "vec"}
FONTS = {
    "mathbf": "bold",
    "boldsymbol": "bold",
    "bm": "bold",
    "pmb": "bold",
    "textbf": "bold",
    "mathbfit": "bold",
    "mathbfsf": "bold",
    "bf": "bold",
    "mathcal": "calligraphic",
    "mathscr": "calligraphic",
    "cal": "calligraphic",
    "mathbb": "blackboard",
    "mathds": "blackboard",
    "mathfrak": "fraktur",
    "mathrm": "",
    "mathit": "",
    "mathsf": "",
    "mathtt": "",
    "mathnormal": "",
    "textit": "",
    "textrm": "",
    "textsf": "",
    "texttt": "",
    "text": "",
    "mbox": "",
    "operatorname": "",
    "mathop": "",
    "rm": "",
    "it": "",
    "textnormal": "",
}
PROSE = frozenset(("text", "mbox", "textrm", "textit", "textnormal", "textbf", "textsf", "texttt", "intertext"))
UPRIGHT = frozenset(("mathrm", "operatorname", "mathop", "mathsf", "mathtt", "text", "mbox", "textrm", "textnormal"))
OPERATORS = {
    "cdot": "·",
    "times": "×",
    "ast": "*",
    "odot": "⊙",
    "circ": "∘",
    "bullet": "·",
    "div": "/",
    "otimes": "⊗",
    "oplus": "⊕",
    "bigodot": "⊙",
    "*": "*",
    "·": "·",
    "⋅": "·",
    "×": "×",
    "∗": "*",
    "⊙": "⊙",
    "∘": "∘",
    "⊗": "⊗",
    "/": "/",
    "÷": "/",
    "slash": "/",
    "bmod": "mod",
}
RELATIONS = {
    "=": "=",
    "approx": "≈",
    "≈": "≈",
    "simeq": "≈",
    "cong": "≈",
    "doteq": "=",
    "equiv": "≡",
    "≡": "≡",
    "triangleq": ":=",
    "coloneqq": ":=",
    "coloneq": ":=",
    "vcentcolon": ":",
    "leftarrow": "←",
    "gets": "←",
    "longleftarrow": "←",
    "←": "←",
    "Leftarrow": "⇐",
    "rightarrow": "→",
    "to": "→",
    "longrightarrow": "→",
    "mapsto": "↦",
    "→": "→",
    "Rightarrow": "⇒",
    "implies": "⇒",
    "Longrightarrow": "⇒",
    "⇒": "⇒",
    "iff": "⇔",
    "Leftrightarrow": "⇔",
    "Longleftrightarrow": "⇔",
    "le": "≤",
    "leq": "≤",
    "leqslant": "≤",
    "≤": "≤",
    "ge": "≥",
    "geq": "≥",
    "geqslant": "≥",
    "≥": "≥",
    "ne": "≠",
    "neq": "≠",
    "≠": "≠",
    "<": "<",
    ">": ">",
    "lt": "<",
    "gt": ">",
    "ll": "≪",
    "gg": "≫",
    "in": "∈",
    "∈": "∈",
    "notin": "∉",
    "subset": "⊂",
    "subseteq": "⊂",
    "sim": "∼",
    "propto": "∝",
    "∝": "∝",
    "therefore": "∴",
    "forall": "∀",
    "exists": "∃",
    "perp": "⊥",
    "parallel": "∥",
    "models": "⊨",
    "leadsto": "⇒",
    "rightharpoonup": "→",
    "hookrightarrow": "→",
    "uparrow": "↑",
    "downarrow": "↓",
    "because": "∵",
    "land": "∧",
    "wedge": "∧",
    "lor": "∨",
    "vee": "∨",
    "cup": "∪",
    "cap": "∩",
    "setminus": "∖",
}
OPENING = {"(": "(", "[": "[", "lbrack": "[", "{": "\\{", "lbrace": "\\{", "langle": "⟨", "⟨": "⟨", "lfloor": "⌊", "lceil": "⌈"}
CLOSING = {")": ")", "]": "]", "rbrack": "]", "}": "\\}", "rbrace": "\\}", "rangle": "⟩", "⟩": "⟩", "rfloor": "⌋", "rceil": "⌉"}
BARS = {"|": "|", "vert": "|", "mid": "|", "Vert": "‖", "‖": "‖", "∥": "‖", "lvert": "|(", "rvert": "|)", "lVert": "‖(", "rVert": "‖)"}
SPACES = frozenset(
    ", ; : ! > quad qquad enspace enskip thinspace medspace thickspace space nobreak displaystyle textstyle scriptstyle "
    "scriptscriptstyle limits nolimits nonumber notag noindent allowbreak hfill strut mathstrut hline bigl0 small large "
    "normalsize footnotesize scriptsize left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr "
    "bigm Bigm centering relax par newline displaylimits smallskip medskip bigskip protect mathstrut / - =".split()
) - {"left", "right", "middle"}
IGNORED_WITH_ARGUMENT = frozenset(
    "label tag eqref ref hspace vspace vphantom phantom hphantom mathstrut color textcolor cite footnote class htmlClass "
    "intertext shortintertext require rule".split()
)
TRANSPARENT = frozenset(  # commands whose (last) argument is what is meant
    "boxed fbox cancel underbrace overbrace ensuremath mathord mathbin mathrel mathopen mathclose mathinner smash "
    "mathstrut bcancel xcancel colorbox fcolorbox substack xspace mathpunct".split()
)
STACKED = frozenset(("overset", "underset", "stackrel"))
DOTS = frozenset(("cdots", "ldots", "dots", "dotsc", "dotsb", "dotsm", "vdots", "ddots", "hdots", "dotso"))
TABLES = {
    "matrix": "matrix",
    "pmatrix": "matrix",
    "bmatrix": "matrix",
    "Bmatrix": "matrix",
    "vmatrix": "determinant",
    "Vmatrix": "matrix",
    "smallmatrix": "matrix",
    "array": "matrix",
    "cases": "cases",
    "dcases": "cases",
    "rcases": "cases",
}
LAYOUTS = frozenset(
    "aligned align align* split alignedat alignat alignat* gathered gather gather* eqnarray eqnarray* equation equation* "
    "multline multline* flalign flalign* displaymath math dmath dmath* subequations IEEEeqnarray IEEEeqnarray*".split()
)
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀⁿⁱˡᵗ", "0123456789+-Tnilt", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₗₙₜₘ", "0123456789+-ijklntm", strict=True))
