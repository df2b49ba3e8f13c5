"""The public names keep the contract, are documented and serialisable; sources keep the rules."""

import ast
import dataclasses
import importlib
import inspect
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasrecipes as kr

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for folder in ("kerasrecipes", "kerasrecipes_cli", "recipes")
    for path in (ROOT / folder).rglob("*.py")
)  # fmt: skip

# The contract: names, arguments and defaults. More arguments may follow if they have defaults.
CONTRACT = {
    "data.load": lambda name_or_path, *, target=None: ...,
    "data.split_fractions": lambda m: ...,
    "data.train_dev_test_split": (
        lambda x, y, fractions=None, *, stratify="auto", groups=None, seed=0: ...
    ),
    "data.same_distribution": lambda a, b, *, alpha=0.01: ...,
    "data.suggest_batch_size": lambda m, *, example_bytes=None, model=None, memory_bytes=None: ...,
    "data.mini_batches": lambda x, y, batch_size, *, seed=0: ...,
    "data.Split": lambda train, dev, test: ...,
    "data.DriftReport": lambda same, p_value, features: ...,
    "layers.Standardize": lambda axis=-1: ...,
    "layers.Standardize.adapt": lambda self, data: ...,
    "layers.InvertedDropout": lambda keep_prob, seed=None: ...,
    "layers.DenseBlock": lambda units, activation="relu", normalize=True, keep_prob=1.0: ...,
    "layers.ConvBlock": lambda filters, kernel_size=3: ...,
    "layers.Hardmax": lambda: ...,
    "layers.fold_batch_normalization": lambda model: ...,
    "layers.dropout_disabled": lambda model: ...,
    "layers.image_augmentation": lambda flip=True, rotation=0.05, distortion=0.05: ...,
    "initializers.He": lambda negative_slope=0.0, distribution="normal", seed=None: ...,
    "initializers.Xavier": lambda distribution="normal", seed=None: ...,
    "initializers.unit_variance": lambda model, x: ...,
    "initializers.signal_propagation": lambda model, x: ...,
    "regularizers.L1": lambda strength, num_examples: ...,
    "regularizers.L2": lambda strength, num_examples: ...,
    "regularizers.decay_factor": lambda learning_rate, strength, num_examples: ...,
    "schedules.InverseTimeDecay": lambda initial, decay_rate: ...,
    "schedules.ExponentialDecay": lambda initial, base=0.95: ...,
    "schedules.InverseSqrtDecay": lambda initial, k=1.0: ...,
    "schedules.StepDecay": lambda initial, factor, every: ...,
    "schedules.ManualDecay": lambda rates: ...,
    "schedules.WarmUp": lambda schedule, epochs: ...,
    "schedules.Schedule.per_step": lambda self, steps_per_epoch: ...,
    "tuning.launch_workers": lambda n, script, arguments=(): ...,
    "devices.use": (
        lambda device="auto", *, mixed_precision=None, jit=None, data_parallel=False: ...
    ),
    "devices.current": lambda: ...,
    "devices.compile_options": lambda: ...,
    "ExponentiallyWeightedAverage": lambda beta=0.9, bias_correction=True: ...,
    "ExponentiallyWeightedAverage.update": lambda self, value: ...,
    "exponentially_weighted_average": lambda series, beta=0.9, bias_correction=True: ...,
    "gradient_check": (
        lambda model, x, y, *, epsilon=1e-7, method="exact", variables=None, seed=0: ...
    ),
    "check_gradients": lambda function, *arguments, epsilon=1e-7: ...,
    "curvature": lambda model, x, y, k=1: ...,
    "diagnose": lambda model, x, y, *, validation_data=None, epochs=None, batch_size=None: ...,
    "diagnosis.repair": lambda build, compile_args, data: ...,
    "callbacks.LearningRateDecay": lambda schedule: ...,
    "callbacks.LearningRateFinder": lambda: ...,
    "callbacks.BiasVarianceReporter": lambda human_error=0.0, metric="auto", every=1: ...,
    "callbacks.CostMonitor": lambda: ...,
    "callbacks.Report": lambda path: ...,
    "callbacks.Babysitter": lambda host="127.0.0.1", port=0, token=None, read_only=False: ...,
    "callbacks.Resume": lambda directory, every_steps=None, every_epochs=1, keep=2: ...,
    "callbacks.GradientMonitor": lambda: ...,
    "callbacks.ActivationMonitor": lambda x_probe: ...,
    "callbacks.Doctor": lambda: ...,
    "tuning.CoarseToFine": lambda hypermodel=None, objective=None, max_trials=20, rounds=4: ...,
    "tuning.CoarseToFineOracle": lambda objective=None, max_trials=None, rounds=4: ...,
    "tuning.space": lambda hp: ...,
    "tuning.one_minus_log": lambda hp, name, low, high: ...,
    "tuning.importance": lambda tuner: ...,
    "tuning.plot": lambda tuner, path=None: ...,
    "tuning.VectorizedSearch": lambda hypermodel=None, objective=None, max_trials=64: ...,
    "Ensemble.train": lambda build, x, y, members=5: ...,
    "BasicRecipe": lambda build=None, target_error=None, human_error=0.0, budget=2.0: ...,
    "BasicRecipe.run": lambda self, split: ...,
}
ATTRIBUTES = {
    "gradients.GradientCheck": (
        "distance", "verdict", "variables", "worst", "kinks", "noise", "passed",
    ),
    "gradients.Curvature": (
        "smallest", "largest", "gradient_norm", "verdict", "evidence", "converged",
    ),
    "diagnosis.Diagnosis": (
        "findings", "healthy", "prescription", "to_dict", "_repr_html_", "__str__",
    ),
    "diagnosis.Finding": (
        "code", "cause", "severity", "where", "evidence", "advice", "reference",
    ),
    "devices.Devices": ("device", "names", "precision", "jit", "data_parallel"),
    "recipe.RecipeResult": ("model", "diagnosis", "history", "steps"),
    "ExponentiallyWeightedAverage": ("update", "value"),
}  # fmt: skip
LISTS = {
    "devices": "DeviceError Devices compile_options current divisible even renew use",
    "data": "DataError DriftReport Encoding Examples Split TargetEncoding load mini_batches read "
    "same_distribution split_fractions suggest_batch_size train_dev_test_split with_wrong_labels",
    "layers": "ConvBlock DenseBlock Hardmax InvertedDropout Standardize dropout_disabled "
    "fold_batch_normalization image_augmentation",
    "initializers": "He LayerSignal SignalPropagation SignalRate Xavier signal_propagation "
    "unit_variance",
    "regularizers": "L1 L2 decay_factor",
    "schedules": "ExponentialDecay InverseSqrtDecay InverseTimeDecay ManualDecay PerStep Schedule "
    "StepDecay WarmUp",
    "callbacks": "ActivationMonitor Babysitter BiasVarianceReporter CostMonitor Doctor "
    "EarlyStopping GradientMonitor LearningRateDecay LearningRateFinder Report Resume",
    "gradients": "Curvature Element GradientCheck GradientTap TapReading TappedFit VariableCheck "
    "check_gradients curvature gradient_check",
}
PACKAGES = (*LISTS, "diagnosis", "lessons", "recipe", "report", "tuning")


def found(path):
    value = kr
    for name in path.split("."):
        value = getattr(value, name)
    return value


def public_objects():
    """Every public function and class by its path, once."""
    objects = {name: getattr(kr, name) for name in kr.__all__}
    for package in PACKAGES:
        module = getattr(kr, package)
        objects |= {f"{package}.{name}": getattr(module, name) for name in module.__all__}
    chosen = {}
    for path, value in objects.items():
        if (inspect.isclass(value) or inspect.isfunction(value)) and value not in chosen.values():
            chosen[path] = value
    return chosen


OBJECTS = public_objects()
each_object = pytest.mark.parametrize("path", OBJECTS)


def parameters(function):
    return list(inspect.signature(function).parameters.values())


@pytest.mark.parametrize("path", CONTRACT)
def test_the_contract_is_kept(path):
    wanted, actual = parameters(CONTRACT[path]), parameters(found(path))
    for kind in ("POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL"):
        names = [p.name for p in wanted if p.kind.name == kind]
        assert [p.name for p in actual if p.kind.name == kind][: len(names)] == names
    named = {p.name: p for p in actual}
    for parameter in wanted:
        assert named[parameter.name].kind == parameter.kind
        if parameter.default is not parameter.empty:
            assert named[parameter.name].default == parameter.default
    for parameter in actual:  # what is beyond the contract may be left out
        optional = parameter.default is not parameter.empty or parameter.kind.name == "VAR_KEYWORD"
        assert optional or parameter.name in {p.name for p in wanted}


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_the_attributes_of_the_contract_are_there(path):
    kind = found(path)
    fields = (
        {field.name for field in dataclasses.fields(kind)}
        if dataclasses.is_dataclass(kind)
        else set()
    )
    assigned = set(re.findall(r"self\.(\w+)\b", inspect.getsource(kind)))
    assert set(ATTRIBUTES[path]) <= fields | assigned | set(dir(kind))


def test_early_stopping_takes_what_the_one_of_keras_takes():
    ours = list(inspect.signature(kr.callbacks.EarlyStopping).parameters.values())
    theirs = list(inspect.signature(keras.callbacks.EarlyStopping).parameters.values())
    assert [(p.name, p.default) for p in ours[: len(theirs)]] == [
        (p.name, p.default) for p in theirs
    ]
    assert [(p.name, p.default) for p in ours[len(theirs) :]] == [
        ("smoothing", 0.0), ("max_gap", None), ("sink", print),
    ]  # fmt: skip


@pytest.mark.parametrize("package", LISTS)
def test_a_package_lists_what_the_contract_lists(package):
    assert sorted(getattr(kr, package).__all__) == sorted(LISTS[package].split())


@pytest.mark.parametrize("package", ["", *PACKAGES])
def test_what_is_listed_is_there_once_and_in_order(package):
    module = getattr(kr, package) if package else kr
    listed = module.__all__
    assert len(set(listed)) == len(listed)
    assert all(hasattr(module, name) for name in listed)
    assert len(module.__doc__.strip()) > 40


def sections(docstring):
    """The text of a docstring under each of its headings."""
    parts = re.split(
        r"^(Args|Returns|Raises|Attributes|Example|Source|Yields):", docstring, flags=re.M
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def arguments_of(value):
    """The arguments of a constructor or a function, without those that are handed on."""
    return [parameter for parameter in parameters(value) if parameter.kind.name != "VAR_KEYWORD"]


def documented(text):
    """The text of each argument in a section `Args:`."""
    entries, names = {}, ()
    for line in text.strip("\n").splitlines():
        entry = re.match(r"    (\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*)", line)
        if entry:
            names = [name.strip("* ") for name in entry[1].split(",")]
            entries |= dict.fromkeys(names, entry[2])
        else:
            entries |= {name: f"{entries[name]} {line.strip()}" for name in names}
    return entries


def is_record(value):
    """A plain value: made by the library, its fields documented as attributes."""
    return inspect.isclass(value) and (
        issubclass(value, tuple | BaseException) or dataclasses.is_dataclass(value)
    )


@each_object
def test_every_argument_is_documented(path):
    value = OBJECTS[path]
    docstring = inspect.getdoc(value)
    assert docstring, path
    assert len(docstring.splitlines()[0]) <= 100
    if is_record(value):
        return
    text = sections(docstring).get("Args", "")
    assert [p.name for p in arguments_of(value) if p.name not in documented(text)] == []


def documented_defaults():
    for path, value in OBJECTS.items():
        for name, text in documented(sections(inspect.getdoc(value) or "").get("Args", "")).items():
            told = re.search(r"Defaults to (?:`([^`]+)`|([\w.\-]*\w))", text)
            if told:
                yield path, name, told[1] or told[2]


DEFAULTS = list(documented_defaults())


def test_there_are_defaults_to_compare():
    assert len(DEFAULTS) > 20


@pytest.mark.parametrize(("path", "name", "told"), DEFAULTS)
def test_a_documented_default_is_that_of_the_signature(path, name, told):
    default = inspect.signature(OBJECTS[path]).parameters[name].default
    if callable(default):
        assert told == default.__name__
    else:
        assert ast.literal_eval(told) == default


@each_object
def test_what_is_raised_is_documented(path):
    value = OBJECTS[path]
    if is_record(value):
        return
    raising = value.__init__ if inspect.isclass(value) else value
    if inspect.isfunction(raising) and re.search(r"^\s+raise \w", inspect.getsource(raising), re.M):
        assert "Raises" in sections(inspect.getdoc(value))


@each_object
def test_there_is_an_example(path):
    value = OBJECTS[path]
    if not is_record(value):
        assert ">>> " in inspect.getdoc(value)


def small_model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


# One instance of every class that Keras can serialise; adding a class is adding a row.
SERIALISABLE = {
    "ConvBlock": lambda: kr.layers.ConvBlock(4, 5, "tanh", keep_prob=0.5, pool="max"),
    "DenseBlock": lambda: kr.layers.DenseBlock(3, "tanh", normalize=False, keep_prob=0.5),
    "Hardmax": kr.layers.Hardmax,
    "InvertedDropout": lambda: kr.layers.InvertedDropout(0.75, seed=3),
    "Standardize": lambda: kr.layers.Standardize(axis=1),
    "ImageAugmentation": lambda: kr.layers.image_augmentation(rotation=0.125, seed=3),
    "He": lambda: kr.initializers.He(0.25, "uniform", seed=3),
    "Xavier": lambda: kr.initializers.Xavier("uniform", seed=3),
    "L1": lambda: kr.regularizers.L1(0.5, 30),
    "L2": lambda: kr.regularizers.L2(0.5, 30),
    "ExponentialDecay": lambda: kr.schedules.ExponentialDecay(0.5, 0.75),
    "InverseSqrtDecay": lambda: kr.schedules.InverseSqrtDecay(0.5, 2.0),
    "InverseTimeDecay": lambda: kr.schedules.InverseTimeDecay(0.5, 0.75),
    "ManualDecay": lambda: kr.schedules.ManualDecay({0: 0.5, 3: 0.25}),
    "StepDecay": lambda: kr.schedules.StepDecay(0.5, 0.25, 3),
    "WarmUp": lambda: kr.schedules.WarmUp(kr.schedules.ExponentialDecay(0.5), 3),
    "PerStep": lambda: kr.schedules.ExponentialDecay(0.5).per_step(7),
    "Ensemble": lambda: kr.Ensemble([small_model(), small_model()], name="both"),
}


def classes_with_a_config():
    """Every public class of the library that Keras can ask for its config."""
    for path in SOURCES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] != "kerasrecipes" or parts[-1] == "__main__":
            continue
        module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
        for name, value in vars(module).items():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and hasattr(value, "get_config") and not name.startswith("_"):
                yield value


def test_every_class_with_a_config_is_registered_and_in_the_table():
    registered = set()
    for value in classes_with_a_config():
        name = keras.saving.get_registered_name(value)
        if name == value.__name__:  # not registered: only a base of others may be so
            assert value.__subclasses__(), f"{name} is not registered"
        else:
            assert name == f"kerasrecipes>{value.__name__}"
            registered.add(value.__name__)
    assert registered == set(SERIALISABLE)


@pytest.mark.parametrize("name", SERIALISABLE)
def test_a_class_survives_its_config(name):
    first = SERIALISABLE[name]()
    assert type(first).__name__ == name
    saved = json.loads(json.dumps(keras.saving.serialize_keras_object(first)))
    again = keras.saving.deserialize_keras_object(saved)
    assert type(again) is type(first)
    assert plain(again.get_config()) == plain(first.get_config())


def plain(config):
    """A config as JSON has it, without the state of a random seed."""
    return json.loads(json.dumps(config, default=keras.saving.serialize_keras_object))


@pytest.mark.parametrize("name", ["ConvBlock", "DenseBlock", "Hardmax", "InvertedDropout"])
def test_a_layer_survives_a_keras_file(name, tmp_path):
    layer = SERIALISABLE[name]()
    shape = (8, 8, 3) if name == "ConvBlock" else (5,)
    model = keras.Sequential([keras.Input(shape), layer])
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(4, *shape))
    expected = model.predict(x, verbose=0)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-6)


def trees():
    return [
        (path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES
    ]


def nodes(kind):
    return [
        (path, node) for path, tree in trees() for node in ast.walk(tree) if isinstance(node, kind)
    ]


def test_frameworks_are_imported_in_backend_alone():
    own = {"tensorflow", "jax", "torch", "keras.src"}
    for path, node in nodes(ast.Import | ast.ImportFrom):
        names = (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
        for name in names:
            if path.parent.name != "backend":
                assert not any(name == o or name.startswith(f"{o}.") for o in own), (path, name)


def test_no_source_reaches_into_keras():
    for path, node in nodes(ast.Attribute):
        inside = (
            isinstance(node.value, ast.Name) and node.value.id == "keras" and node.attr == "src"
        )
        assert not inside, path


def test_input_is_never_checked_by_assert():
    assert [(path, node.lineno) for path, node in nodes(ast.Assert)] == []


def test_no_exception_is_swallowed():
    for path, node in nodes(ast.ExceptHandler):
        broad = node.type is None or (
            isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
        )
        raised = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        assert raised or not broad, (path, node.lineno)


@pytest.mark.parametrize("pattern", [r"https?://", r"\bTODO\b", r"\bFIXME\b", r"\bXXX\b"])
def test_no_source_holds_an_address_or_an_open_end(pattern):
    allowed = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, not addresses
    allowed |= {"http://127.0.0.1", "http://{", "https://{"}  # this machine, or the one in use
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for name in allowed:
            text = text.replace(name, "")
        assert not re.search(pattern, text), path


def test_no_module_is_a_drawer():
    assert not [p for p in SOURCES if p.stem in ("utils", "helpers", "misc", "common", "tools")]
