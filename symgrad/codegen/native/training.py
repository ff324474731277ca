"""The C of a whole training loop: batches gathered, gradients, the update, the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from symgrad.codegen.native.affine_step import AffineStep
from symgrad.codegen.native.kernel import Kernel
from symgrad.codegen.native.operations import safe


@dataclass(frozen=True)
class Loop:
    """What a training loop is made of.

    `gradients` computes those of a batch, `cost` that of all samples (None where the loss of an epoch comes with the
    gradients: of a full batch, or batch by batch), `whole` the gradients and the cost of all samples; `rows`: the
    numbers of each sample in each column that is cut into batches; `count` parameters, `slots` numbers that the
    optimiser keeps of each; `batch` samples a step, None for all of them.  `climbs`: whether steps go up the gradient.
    `affine`: a step on all samples that needs no gradient.
    """

    gradients: Kernel
    cost: Kernel | None
    whole: Kernel
    rows: dict[str, int]
    count: int
    slots: int
    batch: int | None
    climbs: bool = False
    affine: AffineStep | None = None


REGISTERS = 16  # up to this many parameters are kept in local variables through a loop

PARAMETERS = (
    "const long epochs, const long samples, const long *restrict orders, const double *restrict rates,"
    " const long apart,"
    " const int record, const void *const *restrict columns, real *restrict theta, real *restrict slots,"
    " double *restrict steps, real *restrict gradient, real *restrict work, void *const *restrict gathered,"
    " double *restrict losses, double *restrict norms, real *restrict points"
)

LENGTH = """\
/* the Euclidean norm of a gradient */
static double length(const real *gradient)
{{
    double sum = 0;
    for (long i = 0; i < {count}; i++)
        sum += (double)gradient[i]*gradient[i];
    return __builtin_sqrt(sum);
}}

"""


def run(loop: Loop) -> str:
    """The exported function `run`, and `cost`, which gives the cost of all samples."""
    lines = list(_columns(loop))
    before, after = _kept(loop)
    lines += [*before, *(_full(loop) if loop.batch is None else _batches(loop, loop.batch)), *after]
    text = "\n".join(f"    {line}" for line in lines)
    parameters = PARAMETERS
    if before:
        for name in ("theta", "slots", "steps", "gradient"):
            parameters = parameters.replace(f"restrict {name},", f"restrict all_{name},")
    return LENGTH.format(count=loop.count) + f"EXPORTED void run({parameters})\n{{\n{text}\n}}\n"


def _kept(loop: Loop) -> tuple[list[str], list[str]]:
    """What keeps a few parameters in registers through the loop: local arrays, copied before and after it.

    The gradient of a batch has no use after its step: left where it is, it joins the update's operations.
    """
    sizes = {"theta": loop.count, "gradient": loop.count, "slots": loop.slots * loop.count, "steps": 1}
    if loop.count > REGISTERS:
        return [], []
    before, after = [], []
    for name, size in sizes.items():
        if size:
            before.append(f"{'double' if name == 'steps' else 'real'} {name}[{size}];")
            if name != "gradient" or loop.batch is None:
                before.append(f"memcpy({name}, all_{name}, sizeof {name});")
                after.append(f"memcpy(all_{name}, {name}, sizeof {name});")
    return before, after


def _columns(loop: Loop) -> list[str]:
    """The data by name."""
    kernels = [loop.gradients, *([loop.cost] if loop.cost else []), loop.whole]
    names = dict.fromkeys(name for kernel in kernels for name in kernel.columns)
    order = all_columns(loop.gradients)
    lines = []
    for name in names:
        kind = "long" if name in loop.gradients.whole else "real"
        place = order.index(name)
        if loop.gradients.extents[name]:
            lines.append(f"const {kind} *restrict {safe(name)} = columns[{place}];")
        else:
            lines.append(f"const {kind} {safe(name)} = *(const {kind} *)columns[{place}];")
    return lines


def all_columns(kernel: Kernel) -> tuple[str, ...]:
    """The inputs that aren't parameters, in the order in which their addresses are handed over."""
    return tuple(name for name, one in kernel.outside.items() if one.role == "column")


def _update(loop: Loop, rate: str, name: str = "update") -> str:
    return f"{name}(theta, gradient, {'slots, ' if loop.slots else ''}{rate}, ++*steps);"


def _record(loop: Loop) -> list[str]:
    if loop.count <= REGISTERS:
        return [
            "    if (record)",
            f"        for (long i = 0; i < {loop.count}; i++)",
            f"            points[epoch*{loop.count} + i] = theta[i];",
        ]
    return [
        "    if (record)",
        f"        memcpy(points + epoch*{loop.count}, theta, {loop.count}*sizeof(real));",
    ]


def _full(loop: Loop) -> list[str]:
    """A full batch: `gradient` holds that at the parameters, before and after, so that it is computed once an epoch."""
    sizes = dict.fromkeys(loop.gradients.varying, "samples")
    call = loop.gradients.call({name: safe(name) for name in loop.gradients.columns}, sizes)
    rate = "rates[apart*epoch]"
    return [
        "for (long epoch = 0; epoch < epochs; epoch++) {",
        f"    {_update(loop, rate) if loop.affine is None else f'{loop.affine.call(rate)} ++*steps;'}",
        f"    losses[epoch] = {call};",
        "    if (norms)",
        "        norms[epoch] = length(gradient);",
        *_record(loop),
        "}",
    ]


def _batches(loop: Loop, batch: int) -> list[str]:
    kernel = loop.gradients
    length = str(batch) if not kernel.varying else "count"
    lines = [
        "for (long epoch = 0; epoch < epochs; epoch++) {",
        *(["    double total = 0;"] if loop.cost is None else []),
        f"    for (long start = 0; start < samples; start += {batch}) {{",
    ]
    if kernel.varying:
        lines.append(f"        const long count = samples - start < {batch} ? samples - start : {batch};")
    cut = [name for name in kernel.columns if name in loop.rows]
    if cut:
        lines.append("        const long *restrict order = orders ? orders + epoch*samples + start : 0;")
    given = {name: safe(name) for name in kernel.columns}
    if batch == 1 and cut:
        lines.append("        const long sample = order ? *order : start;")
    for place, name in enumerate(cut):
        kind = "long" if name in kernel.whole else "real"
        row = loop.rows[name]
        given[name] = f"batch_{name}"
        if batch == 1:
            lines.append(f"        const {kind} *restrict batch_{name} = {safe(name)} + sample{_times(row)};")
            continue
        lines.append(f"        const {kind} *restrict batch_{name} = {safe(name)} + start{_times(row)};")
        lines.append("        if (order) {")
        lines.append(f"            {kind} *restrict into = gathered[{place}];")
        lines.append(f"            for (long i = 0; i < {length}; i++)")
        if row == 1:
            lines.append(f"                into[i] = {safe(name)}[order[i]];")
        else:
            copied = f"{safe(name)} + order[i]{_times(row)}, {row}*sizeof({kind})"
            lines.append(f"                memcpy(into + i{_times(row)}, {copied});")
        lines += [f"            batch_{name} = into;", "        }"]
    sizes = dict.fromkeys(kernel.varying, "count")
    rate = (
        f"rates[apart*(epoch*((samples + {batch - 1})/{batch}) + start/{batch})]"
        if batch > 1
        else "rates[apart*(epoch*samples + start)]"
    )
    found = kernel.call(given, sizes, rate if loop.climbs else f"-{rate}")
    lines.append(
        f"        total += {found if batch == 1 else f'{length}*(double){found}'};"
        if loop.cost is None
        else f"        {found};"
    )
    lines.append(f"        {_update(loop, rate, 'update_rest' if kernel.moved else 'update')}")
    lines.append("    }")
    if loop.cost is None:
        return [*lines, "    losses[epoch] = total/samples;", *_record(loop), "}"]
    cost, all_of_it = (
        one.call({name: safe(name) for name in one.columns}, dict.fromkeys(one.varying, "samples"))
        for one in (loop.cost, loop.whole)
    )
    lines += ["    if (norms) {", f"        losses[epoch] = {all_of_it};", "        norms[epoch] = length(gradient);"]
    return [*lines, "    } else", f"        losses[epoch] = {cost};", *_record(loop), "}"]


def _times(row: int) -> str:
    return "" if row == 1 else f"*{row}"


def entry(kernel: Kernel, export: str) -> str:
    """An exported function that calls one kernel: on `columns`, with the lengths that vary in `sizes`."""
    lines = []
    for name in kernel.columns:
        kind = "long" if name in kernel.whole else "real"
        place = all_columns(kernel).index(name)
        star = "*restrict " if kernel.extents[name] else ""
        value = f"columns[{place}]" if star else f"*(const {kind} *)columns[{place}]"
        lines.append(f"const {kind} {star}{safe(name)} = {value};")
    sizes = {name: f"sizes[{place}]" for place, name in enumerate(kernel.varying)}
    call = kernel.call({name: safe(name) for name in kernel.columns}, sizes)
    lines += [f"return {call};"] if kernel.returns else [f"{call};", "return 0;"]
    text = "\n".join(f"    {line}" for line in lines)
    return (
        f"EXPORTED double {export}(const long *sizes, const void *const *restrict columns, const real *restrict theta,"
        f" real *restrict gradient, real *restrict work)\n{{\n{text}\n}}\n"
    )


def move(loop: Loop) -> str:
    """The exported function `move`: one step along a gradient that comes from elsewhere."""
    return (
        "EXPORTED void move(real *restrict theta, real *restrict slots, double *restrict steps,"
        f" const real *restrict gradient, const double rate)\n{{\n    {_update(loop, 'rate')}\n}}\n"
    )


def workspace(kernels: Sequence[Kernel], export: str) -> str:
    """An exported function that gives the number of entries of the workspace that the kernels need."""
    varying = dict.fromkeys(name for kernel in kernels for name in kernel.varying)
    lines = [f"const long {name} = sizes[{place}];" for place, name in enumerate(varying)]
    lines.append("long most = 0;")
    for kernel in kernels:
        if kernel.work:
            constants = kernel.constants("*".join(size for _, size in kernel.work))
            total = " + ".join(f"ALIGNED({size})" for _, size in kernel.work)
            body = f"const long all = {total}; most = all > most ? all : most;"
            lines.append(f"{{ {constants} {body} }}" if constants else f"{{ {body} }}")
    lines.append("return most;")
    text = "\n".join(f"    {line}" for line in lines)
    return f"EXPORTED long {export}(const long *sizes)\n{{\n{text}\n}}\n"


def entries_of(shape: tuple[int, ...]) -> int:
    """The number of entries of an array."""
    return prod(shape)
