"""No argument of a public class gives anything but an object or a documented error."""

import contextlib
import inspect
import io

import pytest
from hypothesis import given, strategies

import kerasrecipes as kr
from tests.fuzz.fuzzing import CASES, TOTAL, cases, documented_errors_alone
from tests.fuzz.values import anything, near
from tests.test_public_api import OBJECTS

CLASSES = {path: value for path, value in OBJECTS.items() if inspect.isclass(value)}
# Functions that take plain values: nothing is trained, started or written by them.
FUNCTIONS = {
    path: OBJECTS[path]
    for path in (
        "data.mini_batches", "data.same_distribution", "data.split_fractions",
        "data.suggest_batch_size", "data.train_dev_test_split", "data.with_wrong_labels",
        "diagnosis.bootstrap_interval",
        "diagnosis.estimate_error", "diagnosis.example_errors", "diagnosis.infer_metric",
        "diagnosis.infer_threshold", "diagnosis.is_one_hot", "diagnosis.measure_error",
        "diagnosis.read_bias_variance", "diagnosis.wilson_interval",
        "exponentially_weighted_average", "layers.image_augmentation", "regularizers.decay_factor",
    )
}  # fmt: skip
EACH = max(1, TOTAL * 3 // 4 // (len(CLASSES) + len(FUNCTIONS)))


def arguments(function):
    """Some of the arguments of a function, each expected or not."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # an exception without a constructor of its own
        return strategies.fixed_dictionaries({})
    required, optional = {}, {}
    for parameter in parameters:
        if parameter.kind.name in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            continue
        if parameter.default is parameter.empty:
            required[parameter.name] = anything
        else:
            optional[parameter.name] = near(parameter.default)
    return strategies.fixed_dictionaries(required, optional=optional)


def call(path, function, given_arguments):
    with documented_errors_alone(path), contextlib.redirect_stdout(io.StringIO()):
        made = function(**given_arguments)
        if inspect.isgenerator(made) or hasattr(made, "__next__"):
            next(made, None)
        if path == "schedules.Schedule":  # a base, without a formula
            return
        if isinstance(made, kr.schedules.Schedule):
            made(3)
            made.per_step(5)(7)
        if hasattr(made, "get_config"):
            type(made).from_config(made.get_config())
        repr(made)


@pytest.fixture(autouse=True)
def folder(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("path", CLASSES)
def test_a_constructor_gives_an_object_or_a_documented_error(path):
    @cases(EACH)
    @given(arguments(CLASSES[path]))
    def check(given_arguments):
        call(path, CLASSES[path], given_arguments)

    check()


@pytest.mark.parametrize("path", FUNCTIONS)
def test_a_function_gives_a_result_or_a_documented_error(path):
    @cases(EACH)
    @given(arguments(FUNCTIONS[path]))
    def check(given_arguments):
        call(path, FUNCTIONS[path], given_arguments)

    check()


def test_the_constructors_had_their_share_of_the_cases():
    counts = [CASES[path] for path in (*CLASSES, *FUNCTIONS)]
    if all(counts):  # not where a few of them were asked for
        assert sum(counts) >= TOTAL * 2 // 3
