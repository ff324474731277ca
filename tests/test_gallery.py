import re
import runpy
from pathlib import Path

import pytest
from katex import assert_katex

FOLDER = Path(__file__).parent.parent / "derivations"
GALLERY = runpy.run_path(str(FOLDER / "__main__.py"))


@pytest.mark.parametrize("source", GALLERY["sources"](), ids=lambda source: source.stem)
def test_the_page_beside_each_derivation_is_the_one_it_makes(source):
    kept = source.with_suffix(".md").read_text(encoding="utf-8")
    assert GALLERY["page"](source) == kept, "regenerate the pages with: python derivations"


def test_no_page_is_left_over_from_a_derivation_that_is_gone():
    assert {path.stem for path in FOLDER.glob("*.md")} == {path.stem for path in GALLERY["sources"]()}


def test_katex_takes_every_formula_of_the_pages():
    text = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md"))
    blocks = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    inline = re.findall(r"\$([^$\n]+)\$", re.sub(r"\$\$.+?\$\$|```.+?```", "", text, flags=re.DOTALL))
    assert len(blocks) >= 6
    assert_katex(blocks)
    assert_katex(inline, display=False)
