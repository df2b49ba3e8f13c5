"""A gradient bug: a function, and its twin of the same value with a wrong gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

from keras import ops


@dataclass(frozen=True)
class Bug:
    """One row of the table of planted bugs.

    Attributes:
        name: What is wrong.
        blamed: Names of the arguments whose gradient is wrong; `x` stands for the inputs.
        shapes: Shape of each argument, the inputs `x` first, with their examples.
        sound: The function of `(x, *weights)` with the right gradient.
        buggy: The same values, with the wrong gradient.
        computes: What both compute, the same object for all bugs of one function.
        behind_a_layer: Whether a dense layer stands before it, to be blamed for a wrong gradient
            of the inputs.
        integers: Whether `x` are integers, which have no gradient.
    """

    name: str
    blamed: tuple[str, ...]
    shapes: dict[str, tuple[int, ...]]
    sound: Callable
    buggy: Callable
    computes: object
    behind_a_layer: bool = True
    integers: bool = False


@dataclass(frozen=True)
class Operation:
    """A function with a gradient written by hand.

    Attributes:
        forward: `forward(x, *weights)`.
        backward: `backward(up, x, *weights)`: the gradient of each argument, right.
        shapes: As in `Bug`.
        behind_a_layer: As in `Bug`.
        integers: As in `Bug`.
    """

    forward: Callable
    backward: Callable
    shapes: dict[str, tuple[int, ...]]
    behind_a_layer: bool = True
    integers: bool = False


def wrong(name: str, operation: Operation, **gradients: Callable) -> Bug:
    """A bug in a backward pass: some gradients of an operation, made wrong.

    Args:
        name: What is wrong.
        operation: The operation with its right gradients.
        **gradients: For each argument to get wrong, a function of a namespace that holds `up` (the
            gradient from above), each argument by its name, and its right gradient as `d` + name.
    """

    def backward(up, *arguments):
        names = list(operation.shapes)
        right = dict(zip(names, operation.backward(up, *arguments), strict=True))
        known = {f"d{name}": gradient for name, gradient in right.items()}
        scope = SimpleNamespace(up=up, **dict(zip(names, arguments, strict=True)), **known)
        right |= {name: gradient(scope) for name, gradient in gradients.items()}
        return [right[name] for name in names]

    return Bug(
        name,
        tuple(gradients),
        operation.shapes,
        _with_gradient(operation, operation.backward),
        _with_gradient(operation, backward),
        operation.forward,
        operation.behind_a_layer,
        operation.integers,
    )


def detour(
    name: str, function: Callable, shapes: dict, blamed: str, change: Callable = ops.stop_gradient
) -> Bug:
    """A bug in the structure: the gradient of a tensor inside is changed on its way.

    Args:
        name: What is wrong.
        function: `function(change, x, *weights)`; `change` leaves values as they are.
        shapes: As in `Bug`.
        blamed: Names of the arguments to blame, with blanks between.
        change: What the bug does to the tensor: stops its gradient, unless said otherwise.
    """
    return Bug(
        name,
        tuple(blamed.split()),
        shapes,
        lambda *arguments: function(lambda tensor: tensor, *arguments),
        lambda *arguments: function(change, *arguments),
        function,
    )


def gradient_times(factor: float) -> Callable:
    """An identity whose gradient is multiplied by a factor."""
    return lambda tensor: factor * tensor - ops.stop_gradient((factor - 1) * tensor)


def _with_gradient(operation: Operation, backward: Callable) -> Callable:
    def function(x, *weights):
        held = (x,) if operation.integers else ()  # integers have no gradient to give

        @ops.custom_gradient
        def inner(*arguments):
            everything = (*held, *arguments)

            def gradient(*args, upstream=None):
                up = args[0] if upstream is None else upstream
                return tuple(backward(up, *everything)[len(held) :])

            return operation.forward(*everything), gradient

        return inner(*weights) if held else inner(x, *weights)

    return function
