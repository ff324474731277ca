"""A formula cut into tokens, each with the place at which it was written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from symgrad.reading.latex import commands as c
from symgrad.reading.latex.numpy_calls import keywords
from symgrad.reading.latex.passes import (
    DEEPEST,
    bars,
    bracketed,
    cases,
    differentials,
    filled,
    fractions,
    functions,
    powers,
    primes,
    rows,
)
from symgrad.reading.latex.token import Token
from symgrad.reading.latex.written import UnreadError, Written

MOST_TOKENS = 6_000  # of one formula
MOST_DIGITS = 1_000  # of one number: 1e999999999 is short to write
MOST_ACCENTS = 4  # over one letter: what stands under an accent is looked at twice, and so on inside it


_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+(?![A-Za-z]))?", re.ASCII)
_COMMA_NUMBER = re.compile(r"\d+(?:(?:,|\{,\})\d+)?(?:e[+-]?\d+(?![A-Za-z]))?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:(?:\{,\}|\\,)\d{3})+(?!\d)(?:\.\d+)?", re.ASCII)
_BRACED_COMMA = re.compile(r"\d+\{,\}\d+", re.ASCII)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
_SLANTED = re.compile(r"\\(?:mathit|mathrm|mathsf|rm|it)\s*\{\s*([A-Za-z]|\\[A-Za-z]+)\s*\}")  # in \boldsymbol
_ASSIGNS = re.compile(r":\s{0,3}=")
_ROWSEP = re.compile(r"\\\\\*?\s*(?:\[-?[\d.]+\s*[a-z]+\])?")
_LABEL = re.compile(r"\s*[_^]\s*")
_BRACE = re.compile(r"\s*\{")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_TYPED = {">=": "≥", "<=": "≤"}  # as a keyboard has them
_TURNED = re.compile(r"(?<=\S)\.T(?!\w)")  # W.T, NumPy's transpose
_DOLLARS = re.compile(r"(?<!\\)\$")


def tokens(written: Written, decimal_comma: bool = False) -> list[Token]:
    r"""A formula's tokens; raises UnreadError for what isn't mathematics.

    >>> [token.text for token in tokens(Written.of(r"\hat{y} = w_1 x + 0.5"))]
    ['y', '=', 'w', '_', '1', 'x', '+', '0.5']
    """
    _refuse_deep(written)
    found = _Scanner(written, decimal_comma).scanned()
    for spelled in (functions, keywords, fractions, primes, bracketed, differentials, powers, filled, rows, cases):
        found = spelled(found)
    return bars(found)


def _refuse_deep(written: Written) -> None:
    """Raises UnreadError for braces that are nested so deeply that looking into each would take long."""
    depth = 0
    for match in _BRACES.finditer(written.text):
        depth = max(depth + {"{": 1, "}": -1}.get(match[0], 0), 0)
        if depth > DEEPEST:
            start = written.offset(match.start())
            raise UnreadError(f"more than {DEEPEST} braces stand inside one another", start, start + 1)


@dataclass
class _Scanner:
    """The state of one pass over a formula's characters; `accents` counts those that its text stands under."""

    written: Written
    decimal_comma: bool
    accents: int = 0
    found: list[Token] = field(default_factory=list)
    place: int = 0
    blank: bool = False
    labels: dict[int, int] = field(default_factory=dict)  # of braces: where each begins and ends

    @property
    def text(self) -> str:
        return self.written.text

    def scanned(self) -> list[Token]:
        while self.place < len(self.text):
            self._one()
            if len(self.found) > MOST_TOKENS:
                raise UnreadError(f"the formula has more than {MOST_TOKENS} tokens", 0, self.written.offset(self.place))
        return self.found

    def _add(self, kind: str, text: str, start: int, font: str = "", accents: tuple[str, ...] = ()) -> None:
        begin, end = self.written.offset(start), self.written.offset(max(self.place - 1, start)) + 1
        self.found.append(Token(kind, text, begin, max(end, begin), font, accents, self.blank))
        self.blank = False

    def _refuse(self, message: str, start: int) -> UnreadError:
        return UnreadError(message, self.written.offset(start), self.written.offset(max(self.place, start + 1)))

    def _one(self) -> None:
        if self.place in self.labels:
            self.place = self.labels[self.place]
            return
        mark, start = self.text[self.place], self.place
        if mark.isspace() or mark == "~":
            self.place += 1
            self.blank = True
        elif mark == "\\":
            self._command()
        elif _NUMBER.match(self.text, start):
            self._number()
        elif mark == "%":
            end = self.text.find("\n", start)
            self.place = len(self.text) if end < 0 else end + 1
        elif mark in "{}^_&":
            self.place += 1
            self._add({"{": "LBRACE", "}": "RBRACE", "^": "SUP", "_": "SUB", "&": "AMP"}[mark], mark, start)
        elif mark in "'′’":
            self.place += 1
            self._add("PRIME", "'", start)
        elif mark in '″"':
            self.place += 1
            self._add("PRIME", "'", start)
            self._add("PRIME", "'", start)
        elif mark in "+-−±∓–":
            self.place += 1
            self._add("SIGN", {"−": "-", "–": "-", "∓": "±"}.get(mark, mark), start)
        elif mark in ",;，；、":
            self.place += 1
            self._add("SEPARATOR", {"，": ",", "、": ",", "；": ";"}.get(mark, mark), start)
        elif mark in "（）":
            self.place += 1
            self._add(*(("OPEN", "(") if mark == "（" else ("CLOSE", ")")), start)
        elif mark == ":":
            assigns = _ASSIGNS.match(self.text, start)
            self.place = assigns.end() if assigns else start + 1
            self._add(*(("RELATION", ":=") if assigns else ("SEPARATOR", ":")), start)
        elif mark in c.BARS:
            double = self.text.startswith("||", start)
            self.place += 2 if double else 1
            self._add("BAR", "‖" if double else c.BARS[mark], start)
        elif mark in c.OPENING and mark != "{":
            self.place += 1
            self._add("OPEN", c.OPENING[mark], start)
        elif mark in c.CLOSING and mark != "}":
            self.place += 1
            self._add("CLOSE", c.CLOSING[mark], start)
        elif mark in c.OPERATORS:
            self.place += 1
            self._add("OPERATOR", c.OPERATORS[mark], start)
        elif mark in c.RELATIONS:
            pair = self.text[start : start + 2]
            self.place += 2 if pair in ("==", *_TYPED) else 1
            self._add("RELATION", _TYPED.get(pair, c.RELATIONS[mark]), start)
        elif mark in c.BIG:
            self.place += 1
            self._add("BIG", c.BIG[mark], start)
        elif mark in "∂∇":
            self.place += 1
            self._add("PARTIAL" if mark == "∂" else "NABLA", mark, start)
        elif mark == "√":
            self.place += 1
            self._add("SQRT", mark, start)
        elif mark in c.SUPERSCRIPTS or mark in c.SUBSCRIPTS:
            self._unicode_script()
        elif unicodedata.decomposition(mark).startswith("<fraction>"):
            self._unicode_fraction()
        elif mark == "!":
            self.place += 1
            self._add("BANG", mark, start)
        elif mark in "…⋯":
            self.place += 1
            self._add("DOTS", "…", start)
        elif _TURNED.match(self.text, start) and self.found and self.found[-1].kind in ("NAME", "CLOSE", "RBRACE"):
            self.place += 2
            self._add("SUP", "^", start)
            self._add("NAME", "T", start + 1)
        elif mark == "." or mark in "\u200b\ufeff\u2061\u2062\u2063\u00ad?“”`$。":
            self.place += 1  # a full stop ends the sentence; the others can't be seen
            if mark in "?“”`$":
                raise self._refuse(f"{mark!r} has no meaning in a formula", start)
        else:
            self._letter()

    def _letter(self) -> None:
        start = self.place
        mark = self.text[start]
        self.place += 1
        name = unicodedata.name(mark, "")
        plain = unicodedata.normalize("NFKC", mark)
        font = ""
        if (
            name.startswith("MATHEMATICAL")
            or mark == "ℓ"
            or name.startswith(("SCRIPT", "BLACK-LETTER", "DOUBLE-STRUCK"))
        ):
            kinds = {"BOLD": "bold", "SCRIPT": "calligraphic", "DOUBLE-STRUCK": "blackboard", "FRAKTUR": "fraktur"}
            font = next((kinds[word] for word in ("SCRIPT", "DOUBLE-STRUCK", "FRAKTUR", "BOLD") if word in name), "")
        parts = unicodedata.normalize("NFD", plain)
        accents = [c.COMBINING[part] for part in parts if part in c.COMBINING]
        while self.place < len(self.text) and self.text[self.place] in c.COMBINING:
            accents.append(c.COMBINING[self.text[self.place]])
            self.place += 1
        base = "".join(part for part in parts if part not in c.COMBINING)
        if mark == "ℓ":
            base, font = "ell", ""
        base = GREEK_LETTERS.get(base, base)
        if not (base.isalpha() or mark == "∞" or mark in "@#ℏ") or mark in "@#":
            raise self._refuse(f"{mark!r} can't be read in a formula", start)
        self._add("NAME", base, start, font, tuple(accents))

    def _unicode_script(self) -> None:
        start = self.place
        table, kind = (c.SUPERSCRIPTS, "SUP") if self.text[start] in c.SUPERSCRIPTS else (c.SUBSCRIPTS, "SUB")
        end = start
        while end < len(self.text) and self.text[end] in table:
            end += 1
        inside = [table[mark] for mark in self.text[start:end]]
        self.place = start + 1
        self._add(kind, "^" if kind == "SUP" else "_", start)
        self._add("LBRACE", "{", start)
        digits = "".join(inside)
        for piece in re.findall(r"\d+|.", digits):
            kind = "NUMBER" if piece.isdigit() else "SIGN" if piece in "+-" else "NAME"
            self._add(kind, piece, start)
        self.place = end
        self._add("RBRACE", "}", end - 1)

    def _unicode_fraction(self) -> None:
        """½ as \\frac{1}{2}."""
        start = self.place
        over, _, under = unicodedata.normalize("NFKC", self.text[start]).partition("⁄")
        self.place = start + 1
        if self.text[start - 1 : start].isdigit():
            raise self._refuse(f"{self.text[start - 1 : start + 1]} may be a sum or a product; write it out", start)
        self._add("FRAC", "frac", start)
        for number in (over, under):
            self._add("LBRACE", "{", start)
            self._add("NUMBER", number, start)
            self._add("RBRACE", "}", start)

    def _number(self) -> None:
        start = self.place
        patterns = [_GROUPED, _NUMBER]
        if self.decimal_comma or (_BRACED_COMMA.match(self.text, start) and not _GROUPED.match(self.text, start)):
            patterns = [_COMMA_NUMBER, _NUMBER]
        match = next(found for pattern in patterns if (found := pattern.match(self.text, start)))
        text = match[0]
        if self._takes_one_character():
            text = text[0]
        self.place = start + len(text)
        if patterns[0] is _COMMA_NUMBER:
            text = text.replace("{,}", ".").replace(",", ".")
        else:
            text = text.replace("{,}", "").replace("\\,", "")
        digits, _, exponent = text.partition("e")
        if len(digits) > MOST_DIGITS or len(exponent.lstrip("+-0")) >= len(str(MOST_DIGITS)):
            raise self._refuse(f"the number {text[:20]}… is too large to compute with", start)
        self._add("NUMBER", text, start)

    def _takes_one_character(self) -> bool:
        """Whether what comes is an argument without braces: x^10 is x¹0, and \\frac12 a half."""
        before = [token.kind for token in self.found[-2:]]
        if before[-1:] and before[-1] in ("SUP", "SUB", "FRAC"):
            return True
        return len(self.found) > 1 and before[0] == "FRAC" and before[1] == "NUMBER"

    def _command(self) -> None:
        start = self.place
        match = _ROWSEP.match(self.text, start)
        if match:
            self.place = match.end()
            self._add("ROWSEP", "\\\\", start)
            return
        match = _COMMAND.match(self.text, start)
        if match is None:
            self.place += 1
            raise self._refuse("a \\ with nothing after it", start)
        name = match[0][1:].removesuffix("*") if len(match[0]) > 2 else match[0][1:]
        self.place = match.end()
        if name in ("quad", "qquad"):
            self._add("QUAD", name, start)
        elif name == "hspace":
            inside = self._braced()
            if inside is not None and not self.text[slice(*inside)].lstrip().startswith("-"):
                self._add("QUAD", name, start)
        elif name in c.SPACES or name.isspace() or name == "\\":
            self.blank = True
        elif name in ("left", "right", "middle"):
            self._sized(name, start)
        elif name in ("begin", "end"):
            self._environment(name, start)
        elif name in c.ACCENTS:
            self._accented(name, start)
        elif name in c.PROSE or (name in c.FONTS and self._next_is_brace()):
            self._styled(name, start)
        elif name in c.FONTS:
            self._font_switch(name, start)
        elif name in c.FRACTIONS:
            self._add("FRAC", name, start)
        elif name == "over":
            self._add("OVER", name, start)
        elif name == "sqrt":
            self._add("SQRT", name, start)
        elif name == "%":
            self._add("PERCENT", "%", start)
        elif name in c.DOTS:
            self._add("DOTS", "…", start)
        elif name in ("partial",):
            self._add("PARTIAL", "∂", start)
        elif name == "nabla":
            self._add("NABLA", "∇", start)
        elif name == "prime":
            self._add("PRIME", "'", start)
        elif name in ("pm", "mp"):
            self._add("SIGN", "±", start)
        elif name in c.BIG:
            self._add("BIG", c.BIG[name], start)
        elif name in c.FUNCTIONS:
            self._add("FUNCTION", name, start)
        elif name in c.LETTERS:
            self._add("NAME", c.LETTERS[name], start)
        elif name in c.OPERATORS:
            self._add("OPERATOR", c.OPERATORS[name], start)
        elif name in c.RELATIONS:
            self._add("RELATION", c.RELATIONS[name], start)
        elif name == "|":
            self._add("BAR", "‖", start)
        elif name in c.BARS:
            self._add("BAR", c.BARS[name], start)
        elif name in c.OPENING:
            self._add("OPEN", c.OPENING[name], start)
        elif name in c.CLOSING:
            self._add("CLOSE", c.CLOSING[name], start)
        elif name in c.IGNORED_WITH_ARGUMENT:
            self._skip_argument()
            if name in ("textcolor",):
                pass
            self.blank = True
        elif name in c.STACKED:
            self._stacked(name, start)
        elif name in c.TRANSPARENT:
            self.blank = True
            if name in ("underbrace", "overbrace"):
                self._labelled()
        elif name in ("#", "$", "&", "_", "@"):
            raise self._refuse(f"\\{name} can't be read in a formula", start)
        elif name.startswith(("xrightarrow", "xleftarrow")):
            self._skip_argument()
            self._add("RELATION", "→", start)
        elif name == "not":
            self._add("RELATION", "≠", start)
            self.place += len(self.text[self.place :]) - len(self.text[self.place :].lstrip())
            if self.text[self.place : self.place + 1] in ("=", "<", ">"):
                self.place += 1
        else:
            raise self._refuse(f"\\{name} isn't a command that is known here", start)

    def _sized(self, name: str, start: int) -> None:
        """\\left( and its like: the delimiter counts, and which side it is on decides what a bar is."""
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
        at = self.place
        if self.text[at : at + 1] == "\\":
            match = _COMMAND.match(self.text, at)
            mark = match[0][1:] if match else ""
            self.place = match.end() if match else at + 1
        else:
            mark = self.text[at : at + 1]
            self.place += 1
        side = {"left": "(", "right": ")"}.get(name, "")
        if mark == ".":
            self._add("OPEN" if name == "left" else "CLOSE", ".", start)
        elif mark in c.BARS or mark == "|":
            bar = "‖" if mark == "|" and self.text[at] == "\\" else c.BARS[mark]
            self._add("BAR", bar[0] + (side or "m"), start)
        elif mark in c.OPENING or mark in c.CLOSING:
            text = c.OPENING.get(mark) or c.CLOSING[mark]
            if mark in "{}" and self.text[at] != "\\":
                raise self._refuse(f"\\{name} needs a delimiter", start)
            self._add("OPEN" if name == "left" else "CLOSE", text, start)
        elif mark in "<>" and mark:
            self._add("OPEN" if name == "left" else "CLOSE", "⟨" if name == "left" else "⟩", start)
        elif mark == "/":
            self._add("OPERATOR", "/", start)
        else:
            raise self._refuse(f"\\{name} needs a delimiter, such as \\{name}(", start)

    def _environment(self, name: str, start: int) -> None:
        match = re.compile(r"\s*\{\s*([A-Za-z]+\*?)\s*\}").match(self.text, self.place)
        if match is None:
            raise self._refuse(f"\\{name} needs the name of an environment in braces", start)
        self.place = match.end()
        kind = match[1]
        if kind in c.LAYOUTS:
            if kind.startswith("aligned") or kind in ("array", "alignat", "alignat*"):
                self._skip_optional()
            if kind.startswith(("alignat", "alignedat", "IEEE")) and name == "begin":
                self._skip_argument()
            self._add("LAYOUT", name, start)
        elif kind in c.TABLES:
            if kind == "array" and name == "begin":
                self._skip_optional()
                self._skip_argument()
            self._add("BEGIN" if name == "begin" else "END", c.TABLES[kind], start)
        else:
            raise self._refuse(f"the environment {kind} isn't known here", start)

    def _next_is_brace(self) -> bool:
        return _BRACE.match(self.text, self.place) is not None

    def _braced(self) -> tuple[int, int] | None:
        """The offsets of what stands in the braces that come next; moves behind them."""
        brace = _BRACE.match(self.text, self.place)
        if brace is None:
            return None
        depth, start = 1, brace.end()
        for match in _BRACES.finditer(self.text, start):
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            if depth == 0:
                self.place = match.end()
                return start, match.start()
        return None

    def _skip_argument(self) -> None:
        if self._braced() is None:
            self.place = min(self.place + 1, len(self.text))

    def _skip_optional(self) -> None:
        match = re.compile(r"\s*\[[^\]]*\]").match(self.text, self.place)
        if match:
            self.place = match.end()

    def _styled(self, name: str, start: int) -> None:
        """A font's argument: a letter or a word is one name; anything longer is read with that font."""
        inside = self._braced()
        if inside is None:
            if name in c.PROSE:
                raise self._refuse(f"\\{name} needs an argument in braces", start)
            self._font_switch(name, start)
            return
        if name in c.PROSE and _DOLLARS.search(self.text, *inside):
            self._mixed(*inside)
            return
        raw = self.text[slice(*inside)]
        if name in c.PROSE and "=" in (raw.strip()[:1], raw.strip()[-1:]):  # \\text{=}: an equation's sign is no prose
            self._formula(*inside)
            return
        content = raw.strip().strip("~").strip()
        font = c.FONTS.get(name, "")
        inner = _SLANTED.fullmatch(content) if font == "bold" else None
        content = inner[1] if inner else content
        if re.fullmatch(r"\\[A-Za-z]+", content) and content[1:] in c.LETTERS:
            content = c.LETTERS[content[1:]]
            self._add("NAME", content, start, font)
        elif len(content) == 1 and content.isalpha():
            self._add("NAME", GREEK_LETTERS.get(content, content), start, font)
        elif content == "1" and font in ("blackboard", "bold"):
            self._add("NAME", "1", start, font)
        elif name in c.UPRIGHT and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", content):
            word = content
            if word in ("if", "otherwise", "where", "and", "for", "with", "else", "or", "so", "let", "then", "when"):
                self._add("WORDS", word, start)
            else:
                kind = "FUNCTION" if word in c.WORDS_THAT_APPLY else "WORD"
                self._add("NAME" if word == "d" else kind, word, start)
        elif name in c.PROSE:
            if content:
                self._add("WORDS", content, start)
            else:
                self.blank = True
        elif name not in c.UPRIGHT and content.isalpha() and content.isascii() and name in ("mathit", "textit"):
            self._add("WORD", content, start)
        elif name in c.UPRIGHT and re.fullmatch(r"[A-Za-z]+(?:(?:\\[ ,])|\s)+[A-Za-z\\ ,]+", content):
            self._add("WORDS" if name != "operatorname" else "WORD", re.sub(r"\\.|\s", "", content), start)
        else:
            self.place = start + len(name) + 1
            self._add("FONT", font or "upright", start)

    def _formula(self, start: int, end: int) -> None:
        """What stands inside of prose as if it stood outside."""
        behind, self.place = self.place, start
        while self.place < end:
            self._one()
        self.place = behind

    def _mixed(self, start: int, end: int) -> None:
        """Prose with formulas in it: \\text{if $x > 0$}."""
        behind = self.place
        ends = [mark.start() for mark in _DOLLARS.finditer(self.text, start, end)] + [end]
        for place, stop in enumerate(ends):
            if place % 2:
                self._formula(start, stop)
            elif words := self.text[start:stop].strip(" ~,."):
                self.place = stop
                self._add("WORDS", words, start)
            start = stop + 1
        self.place = behind

    def _font_switch(self, name: str, start: int) -> None:
        if name in ("bf", "rm", "it", "cal"):
            match = re.compile(r"\s*([A-Za-z]{2,})\s*(?=\})").match(self.text, self.place)
            if match and self.found and self.found[-1].kind == "LBRACE":  # {\rm in}: a word
                self.place = match.end()
                self._add("WORD", match[1], start)
            self.blank = True  # an old-style switch lasts to the end of its group; letters keep their identity
        else:
            self._add("FONT", c.FONTS[name] or "upright", start)

    def _accented(self, name: str, start: int) -> None:
        """An accent over one letter is part of its name; over more than that, it has an argument."""
        before = self.place
        inside = self._braced()
        content = self.text[slice(*inside)] if inside else ""
        if inside is None:
            match = re.compile(r"\s*(\\[A-Za-z]+|[^\W\d_])").match(self.text, self.place)
            if match and (match[1][0] != "\\" or match[1][1:] in c.LETTERS):
                self.place = match.end()
                content = match[1]
        letter = self._letter_in(content)
        if letter is not None:
            self._add(letter.kind, letter.text, start, letter.font, (*letter.accents, c.ACCENTS[name]))
            return
        self.place = before
        self._add("ACCENT", c.ACCENTS[name], start)

    def _letter_in(self, content: str) -> Token | None:
        """The one letter or word that a text is, apart from braces; None for anything else."""
        if self.accents >= MOST_ACCENTS:
            return None
        inner = _Scanner(Written.of(content), self.decimal_comma, self.accents + 1)
        letter: Token | None = None
        seen = 0
        try:
            while inner.place < len(content):
                inner._one()
                for token in inner.found[seen:]:
                    if token.kind not in ("LBRACE", "RBRACE"):
                        if letter is not None or token.kind not in ("NAME", "WORD"):
                            return None
                        letter = token
                seen = len(inner.found)
        except UnreadError:
            return None
        return letter

    def _labelled(self) -> None:
        """Notes the label of a brace, \\underbrace{…}_{label}, which is no subscript, to be passed over."""
        start = self.place
        if self._braced() is not None and (mark := _LABEL.match(self.text, self.place)):
            behind = self.place
            self.place = mark.end()
            if self._braced() is None:
                command = _COMMAND.match(self.text, self.place)
                self.place = command.end() if command else self.place + 1
                if command:
                    self._braced()
            self.labels[behind] = self.place
        self.place = start

    def _stacked(self, name: str, start: int) -> None:
        """\\overset{def}{=}: what is written above or below doesn't count."""
        self._skip_argument()
        self.blank = True


GREEK_LETTERS = {
    unicodedata.lookup(
        f"GREEK {'SMALL' if name[0].islower() else 'CAPITAL'} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}"
    ): name
    for name in sorted(set(c.LETTERS.values()))
    if name.lower()
    in {
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
    }
} | {"ϵ": "epsilon", "ϕ": "phi", "ς": "sigma", "ϑ": "theta", "∞": "infty"}


def split(found: list[Token]) -> Iterator[list[Token]]:
    """The rows of an aligned block; without its layout marks."""
    row: list[Token] = []
    depth = 0
    for token in found:
        depth += (token.kind in ("OPEN", "LBRACE", "BEGIN", "ABS_OPEN")) - (
            token.kind in ("CLOSE", "RBRACE", "END", "ABS_CLOSE")
        )
        if token.kind == "ROWSEP" and depth <= 0:
            yield row
            row = []
        elif token.kind == "LAYOUT" or (token.kind == "AMP" and depth <= 0):
            continue
        else:
            row.append(token)
    yield row
