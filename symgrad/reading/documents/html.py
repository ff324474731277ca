"""Formulas in web pages: between MathJax's and KaTeX's delimiters, and in formulas that are typeset already."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from symgrad.reading.documents.ahead import Ahead
from symgrad.reading.documents.delimiters import OPENER, Delimiters, Formula
from symgrad.reading.documents.found import Item, Prose, comment_fragments, formula_fragments, last_words, unclosed
from symgrad.reading.documents.markup import COMMENT_END, RAW, RAW_END, TAG, attributes, math_script, tag_name
from symgrad.reading.documents.source import Offsets, Source, offsets
from symgrad.reading.documents.text import Fragment, Problem, Text

_ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});"
_ENTITIES = re.compile(_ENTITY)
_MARK = re.compile(rf"(?P<comment><!--)|(?P<tag>{TAG})|<[!?][^<>]*>|(?P<entity>{_ENTITY})")
_FORMULA = re.compile(rf"(?P<opener>{OPENER})|\\.", re.DOTALL)
_INLINE = "a abbr b bdi bdo cite del dfn em font i ins kbd label mark q s samp small span strong sub sup tt u var img"
_INLINE_TAGS = frozenset(_INLINE.split())
_HEADING = re.compile("h[1-6]")
_SKIPPED_END = {name: RAW_END[name] for name in RAW} | {"title": re.compile(r"</title\b[^<>]*>?", re.IGNORECASE)}
_TYPESET_CLASSES = {"katex", "katex-display", "MathJax", "MathJax_Display", "MathJax_Preview", "MathJax_SVG"}
_TYPESET_TAGS = {
    name: re.compile(rf"</?(?:{name}|annotation|math)\b[^<>]*>", re.IGNORECASE)
    for name in ("math", "mjx-container", "span", "div")
}
_ANNOTATION_END = re.compile(r"</annotation\b", re.IGNORECASE)


def html_page(source: Source) -> Iterator[Item]:
    r"""What a web page has for a checker.

    >>> page = r"<p>If \(a &lt; b\) then<pre>$no$</pre><script type='math/tex'>c</script>"
    >>> [item.text.text for item in html_page(Source.of(page, "a.html"))]
    ['a < b', 'c']
    """
    return iter(_Page(source).read())


@dataclass
class _Segment:
    """Text between two tags, its entities decoded."""

    source: Source
    texts: list[str] = field(default_factory=list)
    starts: Offsets = field(default_factory=offsets)
    origins: Offsets = field(default_factory=offsets)
    length: int = 0

    def add(self, text: str, start: int) -> None:
        if text:
            self.texts.append(text)
            self.starts.append(self.length)
            self.origins.append(self.source.origin(start))
            self.length += len(text)

    def whole(self) -> Source:
        return Source("".join(self.texts), self.source.lines, self.starts, self.origins)


@dataclass
class _Page:
    """One pass over a page's tags; `segment` collects the text between two of them."""

    source: Source
    items: list[Item] = field(default_factory=list)
    said: str = ""
    level: int = 0
    titled: int = 0  # how many items there were before the heading that is open
    title: list[Text] = field(default_factory=list)
    never_closed: set[str] = field(default_factory=set)
    segment: _Segment = field(init=False)
    ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self.segment = _Segment(self.source)
        self.ahead = Ahead(self.source.text)

    def read(self) -> list[Item]:
        text, at = self.source.text, 0
        while match := _MARK.search(text, at):
            self.segment.add(text[at : match.start()], at)
            at = match.end()
            if match["tag"]:
                at = self._tag(match[0], match.start(), at)
            elif match["entity"]:
                self.segment.add(html.unescape(match[0]), match.start())
            elif match["comment"] and (close := self.ahead.find(COMMENT_END, at)):
                directives = list(comment_fragments(self.source, at, close.start()))
                if directives:
                    self._flush()
                self.items += directives
                at = close.end()
        self.segment.add(text[at:], at)
        self._end_heading()
        return self.items

    def _tag(self, tag: str, start: int, end: int) -> int:
        """What a tag means; where reading goes on."""
        name = tag_name(tag)
        if name == "wbr":
            return end
        if name == "br":
            self.segment.add("\n", start)
            return end
        self._flush()
        if name not in _INLINE_TAGS:
            self.said = ""
        opens = tag[1] != "/" and not tag.endswith("/>")
        if _HEADING.fullmatch(name):
            self._end_heading()
            if opens:
                self.level, self.titled = int(name[1]), len(self.items)
        elif opens and name in _SKIPPED_END and (close := self.ahead.find(_SKIPPED_END[name], end)):
            kind = math_script(tag) if name == "script" else None
            if kind:
                self._formula(end, close.start(), kind == "display")
            return close.end()
        elif opens and name in _TYPESET_TAGS:
            return self._typeset(name, tag, end)
        return end

    def _typeset(self, name: str, tag: str, end: int) -> int:
        """Behind a typeset formula, from whose annotation it is read; behind the tag alone if it begins none."""
        given = attributes(tag)
        classes = set(given.get("class", "").split())
        if name in self.never_closed or (name in ("span", "div") and not classes & _TYPESET_CLASSES):
            return end
        display = "katex-display" in classes or given.get("display") in ("block", "true")
        depth = 1
        annotations: list[tuple[int, int, bool]] = []
        for match in _TYPESET_TAGS[name].finditer(self.source.text, end):
            opens, inner = match[0][1] != "/", tag_name(match[0])
            if opens and match[0].endswith("/>"):
                continue
            if opens and inner == "annotation":
                close = self.ahead.find(_ANNOTATION_END, match.end())
                if close and attributes(match[0]).get("encoding") == "application/x-tex":
                    annotations.append((match.end(), close.start(), display))
            elif opens and inner == "math":
                display = display or attributes(match[0]).get("display") == "block"
            if inner == name:
                depth += 1 if opens else -1
            if depth == 0:
                for annotation in annotations:
                    self._formula(*annotation)
                return match.end()
        self.never_closed.add(name)
        message = f"this {name} element is never closed, so no formula is read from it: close it with </{name}>"
        self.items.append(Problem(self.source.place(end - len(tag)), message))
        return end

    def _formula(self, start: int, end: int, display: bool) -> None:
        """A whole formula that stands without delimiters."""
        segment, at = _Segment(self.source), start
        for entity in _ENTITIES.finditer(self.source.text, start, end):
            segment.add(self.source.text[at : entity.start()], at)
            segment.add(html.unescape(entity[0]), entity.start())
            at = entity.end()
        segment.add(self.source.text[at:end], at)
        whole = segment.whole()
        body = Formula("display" if display else "inline", 0, segment.length, 0, segment.length)
        self.items += formula_fragments(whole, body, last_words(self.said))

    def _flush(self) -> None:
        """Reads the formulas of the text since the last tag."""
        part = self.segment.whole()
        if not part.text:
            return
        self.segment = _Segment(self.source)
        if self.level:
            self.title.append(part.part(0, len(part.text)))
        prose, delimiters = Prose(part.text, said=self.said), Delimiters(part.text)
        at = 0
        while match := _FORMULA.search(part.text, at):
            at = match.end()
            if not match["opener"]:
                continue
            formula = delimiters.formula(match[0], match.start())
            if formula is not None:
                at = formula.end
                self.items += formula_fragments(part, formula, prose.before(match.start(), at))
            elif match[0] == "$$" or match[0].startswith("\\begin"):
                self.items.append(unclosed(part, match))
                break
        prose.skip(len(part.text), len(part.text))
        self.said = prose.said

    def _end_heading(self) -> None:
        self._flush()
        title = Text.joined(self.title)
        if title.text.strip():
            words = title.part(len(title.text) - len(title.text.lstrip()), len(title.text.rstrip()))
            self.items.insert(self.titled, Fragment("heading", words, level=self.level))
        self.level, self.title = 0, []
