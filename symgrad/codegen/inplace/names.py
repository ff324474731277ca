"""Names for what a printed program adds to a model's own: buffers, numbers, functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from symgrad.codegen.helpers import HELPERS

BUILT_IN = {"min", "max", "float", *HELPERS}  # names that a text uses as they are


@dataclass
class Names:
    """Gives out names that nothing else has."""

    taken: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)  # a NumPy function -> what it is called in the text

    def new(self, wanted: str) -> str:
        """The wanted name, with a number where it is taken; a name that ends in 0 is counted up."""
        stem, number = (wanted[:-1], 0) if wanted.endswith("0") else (f"{wanted}_", 1)
        name = wanted
        while name in self.taken:
            number += 1
            name = f"{stem}{number}"
        self.taken.add(name)
        return name

    def called(self, text: str) -> str:
        """A statement with its bare function names replaced by the local ones.

        >>> Names({"add"}).called("add(x, y, out=z)")
        'add_2(x, y, out=z)'
        """

        def local(found: re.Match[str]) -> str:
            function = found.group(1)
            if function in BUILT_IN:
                return f"{function}("
            if function not in self.functions:
                self.functions[function] = self.new(function)
            return f"{self.functions[function]}("

        return re.sub(r"(?<![\w.])([a-z_]+)\(", local, text)

    def imports(self) -> list[str]:
        """The lines that give the functions their local names."""
        return [f"{local} = np.{name}" for name, local in self.functions.items()]
