"""Makes the font of the pages from STIXTwoMath-Regular.ttf: python symgrad/notation/fonts/subset.py FILE.

Needs fonttools and brotli. The font is STIX Two Math 2.11 (SIL Open Font License, no reserved name).
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

OUT = Path(__file__).parent / "STIXTwoMath-subset.woff2"
# First and last character of each range kept.
RANGES = """
20-7E A0-A0 A8-A8 AC-AC AF-B1 B4-B4 B7-B7 D7-D7 F7-F7 131-131 237-237 2C6-2C7 2D8-2DC 300-308 30A-30A 30C-30C
332-332 338-338 391-3A9 3B1-3C9 3D1-3D1 3D5-3D6 3F0-3F1 3F5-3F5 2013-2016 2020-2022 2026-2026 2032-2037
203E-203E 2044-2044 2057-2057
2061-2064 20D7-20D7 210B-210B 210E-210E 2110-2115 2119-211D 2124-2124 212C-212C 2130-2133
2190-2194 21A6-21A6 21D0-21D4 2200-222B 2234-2237 223C-223C 2243-2248 2254-2254 2260-226B 2282-2287 2295-2299
22A4-22A5 22C5-22C6 22EE-22F1 2308-230B 23DE-23DF 2713-2713 2717-2717 27E8-27E9 FE00-FE01 1D400-1D467
1D49C-1D4B5 1D538-1D56B 1D6A4-1D6A5 1D6E2-1D71B 1D7CE-1D7E1
"""
PRIMES = range(0x2032, 0x2035)


def main(source: str) -> None:
    """Write the font that the pages embed, from the whole font in the file `source`."""
    font = TTFont(source)
    script_form = {a: b[0] for a, b in _script_alternates(font).items()}
    # Browsers raise the baseline form of a prime, which is up there already; the superscript form is right.
    for mapping in {id(t.cmap): t.cmap for t in font["cmap"].tables if t.isUnicode()}.values():
        mapping.update({code: script_form[mapping[code]] for code in PRIMES if code in mapping})
    options = Options(flavor="woff2", hinting=False, layout_features=["dtls"])
    subsetter = Subsetter(options)
    pairs = [pair.split("-") for pair in RANGES.split()]
    subsetter.populate(unicodes=[code for a, b in pairs for code in range(int(a, 16), int(b, 16) + 1)])
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(OUT)
    print(f"{OUT}: {OUT.stat().st_size} bytes")


def _script_alternates(font: TTFont) -> dict[str, list[str]]:
    gsub = font["GSUB"].table
    feature = next(f.Feature for f in gsub.FeatureList.FeatureRecord if f.FeatureTag == "ssty")
    found: dict[str, list[str]] = {}
    for number in feature.LookupListIndex:
        for table in gsub.LookupList.Lookup[number].SubTable:
            found.update(getattr(getattr(table, "ExtSubTable", table), "alternates", {}))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
