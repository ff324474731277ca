"""Documents that coverage finds, for symgrad check: `python tests/fuzz_guided.py -max_total_time=600`, with atheris.

The options are libFuzzer's.  A document is read, its first byte saying as what; what raises, or takes long, stops the
run and is written to a file, with which the same command reproduces it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["symgrad"]):
        from fuzz_check import FIXTURES, KINDS, TOKENS, read

    kinds = sorted(KINDS)

    def one(data: bytes) -> None:
        if data:
            read(kinds[data[0] % len(kinds)], data[1:].decode("utf-8", "surrogateescape"))

    with tempfile.TemporaryDirectory() as folder:
        markdown = bytes([kinds.index("markdown")])
        for number, text in enumerate(FIXTURES):
            for start in range(0, len(text), 400):
                part = text[start : start + 400].encode("utf-8", "surrogatepass")
                Path(folder, f"{number}-{start}").write_bytes(markdown + part)
        words = Path(folder).with_suffix(".dictionary")
        tokens = (token.encode("utf-8", "surrogatepass").hex(" ") for token in TOKENS if token)
        words.write_text("".join(f'"{chr(92)}x{token.replace(" ", chr(92) + "x")}"\n' for token in tokens))
        atheris.Setup([*sys.argv, folder, f"-dict={words}", "-timeout=10", "-rss_limit_mb=2048"], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
