"""Model files that would run, read or write something are refused, and nothing happens."""

import builtins
import os
import stat
import time
import zipfile

import h5py
import keras
import numpy as np
import pytest

import kerasrecipes as kr
from kerasrecipes.data import DataError, memory
from kerasrecipes.model_files import load_model_file
from tests.model_files.crafted import (
    sound,
    with_activation,
    with_config,
    with_layer,
    with_members,
    with_weights,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.keras"


def function(module, name, registered=None):
    entry = {"module": module, "class_name": "function", "config": name}
    return {**entry, "registered_name": registered or name}


def refused(path, match, **options):
    """Refused in one line, fast, and with the folder as it was."""
    before, began = sorted(os.listdir(path.parent)), time.monotonic()
    with pytest.raises(DataError, match=match) as error:
        load_model_file(path, **options)
    assert "\n" not in str(error.value)
    assert time.monotonic() - began < 60
    assert sorted(os.listdir(path.parent)) == before


def every_part():
    """A model with a part of each kind: layers, operations, a schedule, a wrapper, own classes."""
    inputs = keras.Input((6, 4))
    x = keras.layers.Flatten()(keras.layers.TimeDistributed(keras.layers.Dense(3))(inputs))
    x = keras.ops.tanh(x) + 1.0
    x = keras.layers.Activation(keras.activations.gelu)(keras.layers.Rescaling(0.5)(x))
    x = kr.layers.DenseBlock(4, kernel_initializer=kr.initializers.He(seed=0))(x)
    penalty = kr.regularizers.L2(0.1, 10)
    outputs = keras.layers.Dense(2, "softmax", kernel_regularizer=penalty)(x)
    model = keras.Model(inputs, outputs)
    rate = kr.schedules.ExponentialDecay(0.1).per_step(5)
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.AdamW(rate), loss, metrics=["accuracy", keras.metrics.Mean()])
    return model


def test_a_model_with_parts_of_every_kind_is_loaded_as_it_was(path):
    model = every_part()
    model.save(path)
    x = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
    np.testing.assert_array_equal(
        load_model_file(path).predict(x, verbose=0), model.predict(x, verbose=0)
    )
    assert load_model_file(path).compiled


@pytest.mark.parametrize(
    "named",
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("keras.utils", "get_file"),
        ("keras.src.utils.file_utils", "get_file"),
        ("keras.datasets.mnist", "load_data"),
        ("keras.applications", "ResNet50"),
        ("keras.config", "enable_unsafe_deserialization"),
        ("keras.models", "load_model"),
        ("keras.saving", "load_model"),
        ("keras.layers", "deserialize"),
        ("kerasrecipes.recipe.predict", "predict_rows"),
        (None, "system"),
        ("os", "system", "kerasrecipes>He"),
        ("keras.layers", 7),
        (7, "relu"),
    ],
)
def test_a_function_that_is_no_part_of_a_model_is_not_looked_up(path, monkeypatch, named):
    monkeypatch.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("Keras saw it"))
    with_activation(path, function(*named))
    refused(path, "`a.keras` names `.*`, `.*`, which is no part of a Keras model")


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "os", "class_name": "system"},
        {"module": "kerasrecipes.recipe.job", "class_name": "run_job"},
        {"module": "a_module_that_prints", "class_name": "Layer", "registered_name": "x>Layer"},
        {"module": "keras.utils", "class_name": "FeatureSpace"},
        {"module": "keras.callbacks", "class_name": "ModelCheckpoint"},
        {"module": "keras.src.saving.saving_lib", "class_name": "DiskIOStore"},
        {"module": "keras.layers", "class_name": "os"},
        {"module": "keras.layers", "class_name": ["Dense"]},
        {"module": None, "class_name": "Popen"},
    ],
)
def test_a_class_that_is_no_part_of_a_model_is_not_imported(path, monkeypatch, layer):
    def watch(name, *rest, **options):
        assert name != "a_module_that_prints"
        return imported(name, *rest, **options)

    imported = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", watch)
    with_layer(path, **layer)
    refused(path, "`a.keras` names ")


@pytest.mark.parametrize("module", ["keras.layers", None, "keras.src.layers.core.lambda_layer"])
@pytest.mark.parametrize("name", ["Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer"])
def test_a_layer_that_holds_code_is_refused(path, module, name):
    with_layer(path, module=module, class_name=name)
    refused(path, f"holds a layer `{name}`, which runs code .* --allow-code")


def test_a_lambda_is_run_only_where_that_is_allowed(path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: 2 * x)])
    model.save(path)
    refused(path, "--allow-code")
    found = load_model_file(path, allow_code=True).predict(np.ones((1, 2)), verbose=0)
    assert found.tolist() == [[2.0, 2.0]]


def test_a_bare_python_function_is_refused(path):
    with_activation(
        path, {"class_name": "__lambda__", "config": {"value": ["4wEAAA==", None, None]}}
    )
    refused(path, "holds a Python function, which runs code")


@pytest.mark.parametrize("entry", ["vocabulary", "idf_weights"])
def test_a_vocabulary_outside_the_model_is_not_read(path, entry):
    config = {"name": "lookup", entry: "/etc/passwd"}
    with_layer(path, class_name="StringLookup", config=config)
    refused(path, f"would read `/etc/passwd` as the {entry} of `StringLookup`")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("../outside.txt", "a path outside the archive"),
        ("/tmp/outside.txt", "a path outside the archive"),
        ("assets/../../outside.txt", "a path outside the archive"),
        ("assets\\..\\outside.txt", "a path outside the archive"),
        ("C:outside.txt", "a path outside the archive"),
        ("more.py", "`more.py`, which is no part of a model"),
    ],
)
def test_a_member_outside_of_the_archive_is_refused(path, name, match):
    refused(with_members(path, [(name, b"text")]), match)


def test_a_link_a_repeated_and_an_encrypted_member_are_refused(path):
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(with_members(path, [(link, b"/etc/passwd")]), "a link or a device")
    with pytest.warns(UserWarning, match="Duplicate"):
        with_members(path, [("config.json", b"{}")])
    refused(path, "holds `config.json` twice")
    content = bytearray(with_members(path).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    refused(path, "encrypted")


@pytest.mark.parametrize("name", ["assets/a", "model.weights.h5", "config.json"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(path, name):
    extra = (
        {}
        if name == "assets/a"
        else {name.partition(".")[0].replace("model", "weights"): bytes(400 << 20)}
    )
    with_members(
        path, [(name, bytes(400 << 20))] * (not extra), compression=zipfile.ZIP_DEFLATED, **extra
    )
    assert path.stat().st_size < 2_000_000
    refused(path, "no model that Keras saves is like that")


def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(path, monkeypatch):
    with_members(path)
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was read"))
    refused(path, "`a.keras` takes about")


WEIGHTS = "layers/dense/vars/0"


def external_link(file):
    file["more"] = h5py.ExternalLink("other.h5", "/")


def soft_link(file):
    file["layers/more"] = h5py.SoftLink("/layers/dense")


def virtual(file):
    del file[WEIGHTS]
    layout = h5py.VirtualLayout((2, 2), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2, 2))
    file.create_virtual_dataset(WEIGHTS, layout)


def external(file):
    del file[WEIGHTS]
    file.create_dataset(WEIGHTS, (2, 2), "f4", external=[("/etc/passwd", 0, 16)])


def claims_much(file):
    del file[WEIGHTS]
    file.create_dataset(WEIGHTS, (1 << 20, 1 << 20), "f4", chunks=(64, 64))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (external_link, "weights `/more` that lie elsewhere"),
        (soft_link, "weights `/layers/more` that lie elsewhere"),
        (virtual, f"weights `/{WEIGHTS}` that lie elsewhere"),
        (external, f"weights `/{WEIGHTS}` that lie elsewhere"),
        (claims_much, f"claims 4398.0 GB for the weights `/{WEIGHTS}` and stores 0 bytes"),
    ],
)
def test_weights_that_lie_elsewhere_or_claim_much_are_refused(path, change, match):
    refused(with_weights(path, change), match)


def test_groups_that_hold_each_other_end(path):
    def loop(file):
        file["layers/dense/loop"] = file["layers"]

    assert load_model_file(with_weights(path, loop)).count_params() == 6


@pytest.mark.parametrize(
    "content",
    [b"", b"junk" * 100, b"PK\x03\x04junk" * 10, b"\x89HDF\r\n\x1a\n" + bytes(100)],
)
def test_what_is_no_archive_is_refused(path, content):
    path.write_bytes(content)
    refused(path, r"cannot be loaded \(.*\): save")


def test_a_truncated_file_is_refused(path):
    content = with_members(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    refused(path, "cannot be loaded")


@pytest.mark.parametrize("text", [b"", b"[1, 2", b"\xff\xfe\x00", b"[" * 100_000, b"3", b"null"])
def test_a_configuration_that_is_none_is_refused(path, text):
    refused(with_members(path, config=text), "a.keras` ")


def test_a_file_of_another_kind_is_not_opened(path, tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]).save(tmp_path / "a.h5")
    refused(tmp_path / "a.h5", "no `.keras` file, and no other format is loaded")
    path.mkdir()
    (path / "config.json").write_bytes(sound()["config.json"])
    refused(path, "it is no file")
    path.joinpath("config.json").unlink()
    path.rmdir()
    os.mkfifo(path)
    refused(path, "it is no file")


def test_a_layer_registered_here_may_be_loaded(path):
    @keras.saving.register_keras_serializable("tests")
    class Twice(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    keras.Sequential([keras.Input((2,)), Twice()]).save(path)
    assert type(load_model_file(path).layers[0]).__name__ == "Twice"


def test_a_saved_part_that_is_no_model_is_refused(path):
    with_config(path, lambda config: (config.clear(), config.update(ACTIVATION)))
    refused(path, "holds Activation, and no model: save a model")


ACTIVATION = {"module": "keras.layers", "class_name": "Activation", "registered_name": None}
ACTIVATION |= {"config": {"activation": "relu"}}
