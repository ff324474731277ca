"""Steps and epochs of training as functions that JAX compiles whole."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.flatten_util
import jax.numpy as jnp
from jax import lax

from symgrad.codegen.program import quantities
from symgrad.training.engine import Task

Arrays: TypeAlias = dict[str, Any]
AXIS = "devices"  # the name of the mesh's only axis


class Place(NamedTuple):
    """Where training stands: what a step reads and renews."""

    params: Arrays
    slots: dict[str, Arrays]
    gradients: Arrays  # for full batches: those of the cost at params, which the next step takes


class Trail(NamedTuple):
    """Room for what is recorded of epochs; its first axis counts them."""

    losses: Any
    norms: Any
    points: Arrays


class Chunk(NamedTuple):
    """What a call runs: `count` epochs; without `moves` no step is taken, and only the cost evaluated."""

    count: Any
    moves: Any
    norms: Any
    steps: Any  # the steps taken before
    rates: Any  # (room, steps)
    orders: Any  # (room, samples), or None


@dataclass(frozen=True)
class Steps:
    """The functions of one task, for a number of devices that each take a part of a batch."""

    task: Task
    devices: int

    def cost(self) -> Callable[[Arrays, Arrays], tuple[Any, Arrays]]:
        """The cost of a batch, and its gradients in the shapes of the parameters."""
        task = self.task
        scalar = not any(quantity.axes for quantity in task.model.inputs)
        program = task.model.compile(list(task.params), "mean" if scalar else "none", "jax")
        function = inspect.unwrap(program.function)

        def cost(params: Arrays, batch: Arrays) -> tuple[Any, Arrays]:
            loss, found = function(**batch, **params)
            gradients = {
                name: jnp.broadcast_to(jnp.asarray(found[name], theta.dtype), theta.shape)
                for name, theta in params.items()
            }
            return jnp.asarray(loss, _kind(params)), gradients

        return cost

    def shared(self) -> Callable[[Arrays, Callable[[Any, int], Arrays], int], tuple[Any, Arrays]]:
        """The cost of `length` samples of which `rows(start, size)` gives some, computed on all devices.

        Each device takes an equal part, and all of them the few samples that are left over; the cost being a mean
        over samples, the batch's is the mean of the parts', weighted by their sizes.
        """
        cost, devices = self.cost(), self.devices
        if devices == 1:
            return lambda params, rows, length: cost(params, rows(0, length))

        def shared(params: Arrays, rows: Callable[[Any, int], Arrays], length: int) -> tuple[Any, Arrays]:
            each, rest = divmod(length, devices)
            found: tuple[Any, Arrays] | None = None
            if each:
                part = cost(params, rows(lax.axis_index(AXIS) * each, each))
                flat, unravel = jax.flatten_util.ravel_pytree(part)
                # One message a step, however many parameters.
                found = unravel(lax.pmean(flat, AXIS))  # type: ignore[no-untyped-call]  # JAX's
            if rest:
                over = cost(params, rows(each * devices, rest))
                share = rest / length
                found = over if found is None else jax.tree.map(lambda a, b: a * (1 - share) + b * share, found, over)
            assert found is not None  # a batch has samples
            return found

        return shared

    def move(self) -> Callable[..., tuple[Arrays, dict[str, Arrays]]]:
        """The optimiser's step: new parameters and slots from the gradients, a rate, and the number of steps before."""
        task, optimizer = self.task, self.task.optimizer
        update = quantities(
            optimizer.model, ("theta_next", *(f"{slot}_next" for slot in optimizer.slots)), backend="jax"
        )

        def move(
            params: Arrays, slots: dict[str, Arrays], gradients: Arrays, rate: Any, steps: Any
        ) -> tuple[Arrays, dict[str, Arrays]]:
            scale: Any = -1.0 if task.maximize else 1.0
            if optimizer.clip_norm is not None:
                scale *= jnp.minimum(1.0, optimizer.clip_norm / jnp.maximum(norm(gradients), 1e-300))
            moved: Arrays = {}
            renewed: dict[str, Arrays] = {slot: {} for slot in slots}
            for name, theta in params.items():
                gradient = (gradients[name] * scale).astype(theta.dtype)
                if optimizer.clip_value is not None:
                    gradient = jnp.clip(gradient, -optimizer.clip_value, optimizer.clip_value)
                if optimizer.weight_decay:
                    gradient = gradient + optimizer.weight_decay * theta
                found = update(
                    theta=theta,
                    gradient=gradient,
                    step=steps + 1.0,
                    learning_rate=rate.astype(theta.dtype),
                    **{slot: values[name] for slot, values in slots.items()},
                    **optimizer.settings,
                )
                moved[name] = found["theta_next"].astype(theta.dtype)
                for slot in slots:
                    renewed[slot][name] = found[f"{slot}_next"].astype(theta.dtype)
            return moved, renewed

        return move

    def epochs(self) -> Callable[[Place, Trail, Arrays, Chunk], tuple[Place, Trail]]:
        """Whole epochs; what they are and where they go doesn't depend on how they are split over calls."""
        return self._full() if self.task.batch >= self.task.samples else self._batches()

    def _full(self) -> Callable[[Place, Trail, Arrays, Chunk], tuple[Place, Trail]]:
        """Epochs of one step each: the gradient at the start of the next is that of the cost after this one."""
        shared, move, samples = self.shared(), self.move(), self.task.samples

        def epochs(place: Place, trail: Trail, columns: Arrays, chunk: Chunk) -> tuple[Place, Trail]:
            def epoch(number: Any, state: tuple[Place, Trail]) -> tuple[Place, Trail]:
                here, trail = state
                moved = move(here.params, here.slots, here.gradients, chunk.rates[number, 0], chunk.steps + number)
                params, slots = _chosen(chunk.moves, moved, (here.params, here.slots))
                loss, gradients = shared(params, _rows(columns, None), samples)
                trail = _recorded(trail, number, loss, norm(gradients), params)
                return Place(params, slots, gradients), trail

            reached: tuple[Place, Trail] = lax.fori_loop(0, chunk.count, epoch, (place, trail))
            return reached

        return epochs

    def _batches(self) -> Callable[[Place, Trail, Arrays, Chunk], tuple[Place, Trail]]:
        """Epochs of several steps each, and one more pass for the cost after them unless it is that of the steps."""
        task, shared, move = self.task, self.shared(), self.move()
        whole, rest = divmod(task.samples, task.batch)

        def epochs(place: Place, trail: Trail, columns: Arrays, chunk: Chunk) -> tuple[Place, Trail]:
            def epoch(number: Any, state: tuple[Place, Trail]) -> tuple[Place, Trail]:
                here, trail = state
                order = None if chunk.orders is None else chunk.orders[number]
                done = chunk.steps + number * task.steps

                def step(at: Any, state: tuple[Arrays, Any, Any], size: int = task.batch) -> tuple[Arrays, Any, Any]:
                    params, slots, total = state
                    loss, gradients = shared(params, _rows(columns, order, at * task.batch), size)
                    if task.running:
                        total += size * loss.astype(jnp.float64)
                    return *move(params, slots, gradients, chunk.rates[number, at], done + at), total

                params, slots, total = lax.fori_loop(
                    0, whole, step, (here.params, here.slots, jnp.zeros((), jnp.float64))
                )
                if rest:
                    params, slots, total = step(whole, (params, slots, total), rest)
                if task.running:
                    return Place(params, slots, here.gradients), _recorded(
                        trail, number, total / task.samples, jnp.nan, params
                    )
                everything = _rows(columns, None)
                loss, _ = shared(params, everything, task.samples)
                length = lax.cond(
                    chunk.norms,
                    lambda: norm(shared(params, everything, task.samples)[1]),
                    lambda: jnp.zeros((), jnp.float64),
                )
                trail = _recorded(trail, number, loss, length, params)
                return Place(params, slots, here.gradients), trail

            reached: tuple[Place, Trail] = lax.fori_loop(0, chunk.count, epoch, (place, trail))
            return reached

        return epochs

    def one(self) -> Callable[..., tuple[Any, Arrays, dict[str, Arrays]]]:
        """One step on a batch from elsewhere: its cost before the step, the new parameters and slots."""
        shared, move = self.shared(), self.move()

        def one(
            params: Arrays, slots: dict[str, Arrays], batch: Arrays, rate: Any, steps: Any
        ) -> tuple[Any, Arrays, dict[str, Arrays]]:
            length = next((len(values) for values in batch.values() if values.ndim), 1)
            loss, gradients = shared(params, _rows(batch, None), length)
            return loss, *move(params, slots, gradients, rate, steps)

        return one


def norm(gradients: Mapping[str, Any]) -> Any:
    """The Euclidean norm of all gradients together, in 64 bits."""
    squares = [jnp.sum(jnp.square(gradient.astype(jnp.float64))) for gradient in gradients.values()]
    return jnp.sqrt(sum(squares[1:], squares[0]))


def _kind(params: Arrays) -> Any:
    return jnp.result_type(*(theta.dtype for theta in params.values()))


def _rows(columns: Arrays, order: Any, first: Any = 0) -> Callable[[Any, int], Arrays]:
    """What gives `size` samples from `start` on, counted from `first`, in an order."""

    def rows(start: Any, size: int) -> Arrays:
        picked = None if order is None else lax.dynamic_slice_in_dim(order, first + start, size)

        def of(column: Any) -> Any:
            if not column.ndim or (picked is None and size == len(column)):
                return column
            if picked is None:
                return lax.dynamic_slice_in_dim(column, first + start, size)
            return column.at[picked].get(mode="promise_in_bounds")

        return {name: of(column) for name, column in columns.items()}

    return rows


def _recorded(trail: Trail, number: Any, loss: Any, length: Any, params: Arrays) -> Trail:
    points = {name: trail.points[name].at[number].set(theta) for name, theta in params.items()}
    return Trail(trail.losses.at[number].set(loss), trail.norms.at[number].set(length), points)


def _chosen(condition: Any, one: Any, other: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)
