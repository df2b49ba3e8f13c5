"""`kerasrecipes check-gradients`: a saved model's gradient against differences."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras
from kerasrecipes_cli.saved_model import prepare, targets
from kerasrecipes_cli.working import working

if TYPE_CHECKING:
    from kerasrecipes.gradients import GradientCheck


def check_gradients_command(
    model: str,
    data: str,
    target: str | None,
    loss: str | None,
    examples: int,
    method: str,
    *,
    allow_code: bool = False,
    as_json: bool = False,
) -> None:
    """Prints the check; exit status 1 if it fails."""
    if method not in ("exact", "directional", "auto"):
        raise OptionError(f"--method must be exact, directional or auto, and is {method!r}.")
    with working("checking gradients"):
        check = _checked(Path(model), data, target, loss, examples, method, allow_code)
    from kerasrecipes.data.visible import visible

    if as_json:
        print(json.dumps(check.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(visible(str(check)))
    sys.exit(0 if check.passed else 1)


def _checked(
    model: Path,
    data: str,
    target: str | None,
    loss: str | None,
    examples: int,
    method: str,
    allow_code: bool,
) -> GradientCheck:
    load_keras()
    from kerasrecipes.data.visible import visible
    from kerasrecipes.gradients import gradient_check

    network, x, y = prepare(model, data, target, allow_code=allow_code)
    if loss is not None:
        network.compile(loss=_known(loss))
    if not network.compiled:
        raise OptionError(
            f"`{model}` was saved without a loss: name one, as in --loss sparse_categorical_"
            "crossentropy."
        )
    try:
        return gradient_check(network, x[:examples], targets(network, y)[:examples], method=method)
    except ValueError as error:
        raise OptionError(visible(str(error))) from error


def _known(loss: str) -> str:
    import keras

    try:
        keras.losses.get(loss)
    except ValueError as error:
        raise OptionError(
            f"--loss must name a loss of Keras, such as mse, binary_crossentropy or "
            f"sparse_categorical_crossentropy, and is {loss!r}."
        ) from error
    return loss
