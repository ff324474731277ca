"""The command line: each command calls public functions and prints what they return.

Nothing above the commands imports SymPy, NumPy or rich, so that `symgrad --help` answers at once.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

if TYPE_CHECKING:
    from symgrad.derivation import Derivation
    from symgrad.verification.verdict import Verdict

OK, REFUTED, UNUSABLE = 0, 1, 2

Format = Literal["latex", "markdown", "html", "python"]
CheckFormat = Literal["text", "json", "sarif", "github"]
Flag = Annotated[bool, Parameter(negative=())]
Names = Annotated[list[str] | None, Parameter(negative=())]


def _version() -> str:
    from importlib.metadata import version

    return version("symgrad")


app = App(
    name="symgrad",
    version=_version,
    help="Derive gradients from named equations, print them, check those in programs and documents, and train.",
    help_epilogue="Exit status: 0; 1 if a claim is refuted (verify: or undecided); 2 if the input can't be used.",
    result_action="return_value",
)


@app.command
def article(*, out: Path = Path("article")) -> int:
    """Write the whole article, from the gradient to backpropagation, and check each of its numbers.

    Parameters
    ----------
    out
        The folder for the page (Markdown and HTML) and its pictures.
    """
    from symgrad.article import write_article
    from symgrad.cli.show import print_table

    report = write_article(out)
    print_table("The article's numbers", ("where", "the article", "symgrad", "verdict"), report.rows)
    print("\nwhat doesn't hold:")
    for item in report.refuted:
        print(f"- {item.claim.where}: {item.verdict.why}")
    print(f"\nwritten: {', '.join(map(str, report.pages))} and {len(report.pictures)} pictures")
    return OK


@app.command
def derive(
    model: str,
    /,
    *,
    wrt: Names = None,
    format: Format = "markdown",
) -> int:
    """Derive the gradient of a model, step by step.

    Parameters
    ----------
    model
        FILE.py:MODEL, a Python file and the name of a model in it.
    wrt
        A quantity to differentiate by, or several with commas; may be repeated. Left out: every input.
    format
        latex, markdown, html (one self-contained page) or python (the gradient as a NumPy function).
    """
    from symgrad.cli.loading import load_model
    from symgrad.derivation import derive as derivation_of

    print(_formatted(derivation_of(load_model(model), _listed(wrt) or None), format))
    return OK


def _formatted(derivation: "Derivation", format: Format) -> str:
    if format == "latex":
        return derivation.latex()
    if format == "python":
        return derivation.model.compile(wrt=derivation.wrt).source
    markdown = derivation.markdown()
    if format == "markdown":
        return markdown
    from symgrad.notation.page import html_page

    return html_page(markdown, f"The gradient of {derivation.model.name}", Path())


@app.command
def export(
    model: str,
    /,
    *,
    to: Literal["python", "c", "torch", "jax"],
    wrt: Names = None,
    optimizer: str | None = None,
) -> int:
    """Print a model and its gradients as a program that needs no symgrad.

    Parameters
    ----------
    model
        FILE.py:MODEL, a Python file and the name of a model in it.
    to
        python (NumPy alone, with a training loop), c, torch (an autograd.Function) or jax (a custom_vjp function).
    wrt
        An input to differentiate by, or several with commas; may be repeated. Left out: every input.
    optimizer
        What the training loop of the Python file does in a step: sgd, momentum, nesterov, adam, adamw or rmsprop.
    """
    from symgrad.cli.loading import load_model
    from symgrad.exporting.export import export as exported

    print(exported(load_model(model), to, wrt=_listed(wrt) or None, optimizer=optimizer), end="")
    return OK


@app.command
def train(
    model: str,
    /,
    *,
    data: Path,
    param: Annotated[list[str], Parameter(negative=())],
    learning_rate: float | None = None,
    epochs: int = 100,
    optimizer: str = "sgd",
    schedule: Literal["constant", "cosine"] = "constant",
    warm_up: int = 0,
    batch: str = "full",
    maximize: Flag = False,
    weight_decay: float | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    validation: str | None = None,
    patience: int | None = None,
    checkpoint: Path | None = None,
    resume: Flag = False,
    epoch_loss: Literal["after", "running"] = "after",
    backend: str = "numpy",
    processes: int | None = None,
    coordinator: str | None = None,
    process_id: int | None = None,
    out: Path | None = None,
) -> int | Callable[[Sequence[str]], int]:
    """Train a model on the columns of a file by gradient descent.

    Parameters
    ----------
    model
        FILE.py:MODEL, a Python file and the name of a model in it.
    data
        A CSV file with a header; its columns are inputs of the model.
    param
        A parameter and its start value, such as w=0.7, or several with commas; may be repeated.
    learning_rate
        How far a step goes along the gradient; lbfgs and newton find it on their own.
    epochs
        How often to pass over all samples.
    optimizer
        sgd, momentum, nesterov, adam, adamw, rmsprop, lbfgs or newton.
    schedule
        Keep the learning rate constant, or let it fall to 0 along half a cosine.
    warm_up
        The steps in which the learning rate rises from 0 first.
    batch
        The samples in one step: full, sample (one at a time) or a number.
    maximize
        Climb the gradient instead of descending it.
    weight_decay
        How much of a parameter is added to its gradient (in adamw: subtracted in each step).
    clip_norm
        The largest Euclidean norm of a gradient; a longer one is scaled.
    seed
        Shuffle the samples in each epoch, in an order that this number repeats.
    validation
        The share of the samples, such as 0.2, or the file with those that the loss is checked on.
    patience
        Stop after so many epochs without a better loss on the validation samples, with the best parameters.
    checkpoint
        A file that the run is written to from time to time.
    resume
        Go on from the checkpoint, if it is there.
    epoch_loss
        The cost of all samples after each epoch, or the mean in it, which spares a pass over the samples.
    backend
        What computes: numpy, native or jax.
    processes
        With --backend jax, the number of processes that share each batch; they are started on this machine.
    coordinator
        HOST:PORT of process 0, for processes on several machines: give each the whole command and its --process-id.
    process_id
        The number of this process, from 0.
    out
        A CSV file for the history: the loss and the parameters, epoch by epoch.
    """
    from symgrad.cli.loading import learning_rates, load_model, share_or_file, start_values
    from symgrad.cli.processes import launch
    from symgrad.cli.show import print_table, write_csv
    from symgrad.training.fit import fit

    shared = launch(processes, coordinator, process_id, backend)
    if shared is not None:
        return shared.run
    run = fit(
        load_model(model),
        data,
        start_values(param),
        learning_rate=learning_rates(learning_rate, schedule, warm_up),
        epochs=epochs,
        optimizer=optimizer,
        batch=int(batch) if batch.isdecimal() else batch,
        maximize=maximize,
        weight_decay=weight_decay,
        clip_norm=clip_norm,
        shuffle=seed is not None,
        seed=seed,
        validation=share_or_file(validation),
        patience=patience,
        checkpoint=checkpoint,
        resume=resume,
        epoch_loss=epoch_loss,
        backend=backend,
    )
    table = run.history.table()
    rows = list(zip(*table.values(), strict=True))
    shown = rows if len(rows) <= 12 else [*rows[:6], ("…",) * len(table), *rows[-5:]]
    print_table(run.model_name, tuple(table), shown)
    print(f"\n{run.reason}: " + ", ".join(f"{name} = {value:.6g}" for name, value in run.params.items()))
    if out is not None:
        write_csv(out, tuple(table), rows)
        print(f"written: {out}")
    return OK


@app.command
def verify(model: str, claims: Path, /) -> int:
    """Check hand-written derivatives against the derived ones.

    Parameters
    ----------
    model
        FILE.py:MODEL, a Python file and the name of a model in it.
    claims
        A Python file whose functions are named after what they claim: `def w1(...)` or `def dL_dw1(...)`
        for the loss's derivative by w1, `def dz2_dw1(...)` for that of z2, `def yhat(...)` for a quantity. One that
        is called `backward` returns all gradients by name.
    """
    from symgrad.cli.loading import load_claims, load_model
    from symgrad.cli.show import print_table
    from symgrad.derivation import derive as derivation_of

    derivation = derivation_of(load_model(model))
    verdicts: dict[str, Verdict] = {}
    remarks: list[str] = []
    for name, claim in load_claims(claims).items():
        if name == "backward":
            from symgrad.verification.backward import verify_backward

            report = verify_backward(derivation.model, claim)
            verdicts |= {f"backward: {by}": verdict for by, verdict in report.items()}
            remarks += report.remarks
        else:
            verdicts[name] = derivation.verify(name, claim)
    rows = [(name, verdict.status, verdict.why) for name, verdict in verdicts.items()]
    print_table(str(claims), ("claim", "verdict", "why"), rows)
    malformed = [f"{name}: {verdict.reason}" for name, verdict in verdicts.items() if verdict.status == "malformed"]
    if malformed:
        return _refuse(f"{claims}: {malformed[0]}")
    for remark in remarks:
        print(remark)
    return OK if all(verdicts.values()) and not remarks else REFUTED


@app.command
def check(
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    format: CheckFormat | None = None,
    json: Flag = False,
    sarif: Flag = False,
    explain: Flag = False,
    strict: Flag = False,
    select: Names = None,
    ignore: Names = None,
    html: Path | None = None,
    seconds: float = 5.0,
    decimal_comma: Flag = False,
    allow_empty: Flag = False,
    stdin_name: str = "",
    watch: Flag = False,
) -> int:
    """Check the mathematics in documents: each claim and each line of numbers gets a verdict.

    Parameters
    ----------
    files
        Documents in Markdown, LaTeX, reStructuredText or HTML, or notebooks; - is the standard input.
    format
        text, json, sarif (for code hosts and editors) or github (for GitHub Actions).
    json
        The same as --format json.
    sarif
        The same as --format sarif.
    explain
        Say too why, what is proved, and what the reading had to choose.
    strict
        Exit with 1 too for what is undecided, malformed or unread, or was read by a choice.
    select
        Only these rules, with commas or repeated: gradient, formula, numbers, update, unread, undecided, malformed,
        choice.
    ignore
        All rules but these.
    html
        Write a page with the formulas and their verdicts to this file, too.
    seconds
        The time for one claim.
    decimal_comma
        Read 2,5 as a number.
    allow_empty
        Exit with 0 where there is no equation at all, for hooks that are given every file.
    stdin_name
        The file name of the standard input, whose suffix says its format; without it, how the text begins does.
    watch
        Check again after each change, until Ctrl-C.
    """
    from symgrad.cli.checking import Options, check_on_change, chosen_format
    from symgrad.cli.checking import check as check_once

    options = Options(
        format=chosen_format(format, json, sarif),
        explain=explain,
        strict=strict,
        select=_listed(select),
        ignore=_listed(ignore),
        html=html,
        seconds=seconds,
        decimal_comma=decimal_comma,
        allow_empty=allow_empty,
        stdin_name=stdin_name,
    )
    return (check_on_change if watch else check_once)(files, options)


def _listed(parts: list[str] | None) -> tuple[str, ...]:
    """Names that were given with commas, or one by one."""
    return tuple(name.strip() for part in parts or () for name in part.split(",") if name.strip())


@app.command
def bench(
    what: Literal["derive", "verify", "check", "train"] = "derive",
    /,
    *,
    json: Flag = False,
    folder: Path = Path("derivations"),
    mutants: int = 3000,
    cases: Names = None,
    growth: Flag = False,
    parts: Flag = False,
    plot: Path | None = None,
) -> int:
    """Measure the cost of derivations (derive) and of training (train), verdicts (verify), or documents (check).

    Parameters
    ----------
    what
        derive: with the number of equations, beside CasADi if installed, and with a network's depth. verify: slips
        made in correct derivatives, and correct rewritings of them, beside SymPy and numerical gradient checks.
        check: equations a second in documents of up to 500 equations. train: whole training loops, beside other
        libraries if installed and beside C, with one core and with all.
    json
        Print the rows as JSON.
    folder
        For verify, the Python files whose derivations are mutated.
    mutants
        For verify, about how many.
    cases
        For train, only these of line, neuron, curve, digits and images, with commas or repeated.
    growth
        For train: how a step's cost grows with depth, width, batch and samples, instead of the cases.
    parts
        For train: what the parts of a step take, instead of whole loops; of the case digits, or another classifier.
    plot
        For train --growth, a folder for a figure.
    """
    if what == "verify":
        return _bench_verify(folder, mutants, json)
    if what == "check":
        return _bench_check(json)
    if what == "train":
        from symgrad.cli.training import bench_training

        return bench_training(_listed(cases), growth=growth, parts=parts, plot=plot, json=json)
    from symgrad.bench import growth as chain_growth
    from symgrad.bench import networks

    chains, deep = chain_growth.measure(), networks.measure()
    if json:
        print(f"[{chains.json()},\n{deep.json()}]")
        return OK
    from symgrad.cli.show import print_table

    print_table("tanh chains, seconds (medians)", *chains.table)
    print(f"\n{chains.summary}\n")
    print_table("networks, seconds", *deep.table)
    print(f"\n{deep.summary}")
    return OK


def _bench_check(json: bool) -> int:
    from symgrad.bench import documents
    from symgrad.cli.show import print_table

    speed = documents.measure()
    if json:
        print(speed.json())
        return OK
    print_table("documents", *speed.table)
    return OK


def _bench_verify(folder: Path, mutants: int, json: bool) -> int:
    from symgrad.bench import verification
    from symgrad.cli.show import print_table

    report = verification.measure(folder, mutants)
    if json:
        print(report.json())
        return OK
    print_table("verdicts on mutants and on rewritings", *report.table)
    print(f"\n{report.summary}\n")
    print_table("scalar claims, beside other checkers", *report.peers)
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; what can't be used is one clear line on standard error."""
    try:
        status = app(arguments, exit_on_error=False, print_error=False)
        if callable(status):  # to be run by processes of their own, on the same command line
            status = status(sys.argv[1:] if arguments is None else arguments)
    except CycloptsError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has stopped; there is nobody to tell
        return OK
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    except Exception as error:  # SymgradError is imported only now: --help doesn't wait for it; others are raised again
        from symgrad.errors import SymgradError

        if not isinstance(error, SymgradError):
            raise
        return _refuse(str(error))
    return status if isinstance(status, int) else OK


def _refuse(message: str) -> int:
    print("symgrad:", " ".join(message.split()), file=sys.stderr)
    return UNUSABLE
