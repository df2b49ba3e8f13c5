import sys

import keras
import numpy as np
import pytest

from kerasrecipes.layers import image_augmentation

IMAGES = np.random.default_rng(0).random((8, 12, 12, 3)).astype("float32")


def output(layer, images, **arguments):
    return keras.ops.convert_to_numpy(layer(images, **arguments))


def test_images_change_in_training_alone():
    augment = image_augmentation(seed=0)
    np.testing.assert_array_equal(output(augment, IMAGES), IMAGES)
    np.testing.assert_array_equal(output(augment, IMAGES, training=False), IMAGES)
    assert (output(augment, IMAGES, training=True) != IMAGES).any(axis=(1, 2, 3)).all()


def test_flip_mirrors_half_of_the_images_left_to_right():
    images = np.tile(IMAGES, (50, 1, 1, 1))
    result = output(image_augmentation(True, 0, 0, 0, seed=0), images, training=True)
    mirrored = (result == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert ((result == images).all(axis=(1, 2, 3)) ^ mirrored).all()
    assert 0.4 < mirrored.mean() < 0.6


@pytest.mark.parametrize("part", ["rotation", "distortion", "translation"])
def test_each_part_acts_alone_and_zero_switches_it_off(part):
    off = {"flip": False, "rotation": 0, "distortion": 0, "translation": 0}
    np.testing.assert_array_equal(output(image_augmentation(**off), IMAGES, training=True), IMAGES)
    changed = output(image_augmentation(**{**off, part: 0.2}, seed=0), IMAGES, training=True)
    assert changed.shape == IMAGES.shape
    assert np.abs(changed - IMAGES).max() > 0.05


def test_a_seed_repeats_the_augmentation():
    first, second = (output(image_augmentation(seed=3), IMAGES, training=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_integer_images_come_out_as_floats():
    result = image_augmentation(seed=0)((IMAGES * 255).astype("uint8"), training=True)
    assert keras.backend.standardize_dtype(result.dtype) == "float32"


def test_it_trains_and_predicts_inside_a_model(tmp_path):
    augment = image_augmentation(rotation=0, distortion=0, translation=0.5, seed=0)
    model = keras.Sequential([keras.Input((12, 12, 3)), augment, keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    model.fit(IMAGES, np.zeros((8, 1)), batch_size=4, verbose=0)
    expected = model.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(output(model, IMAGES), expected, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(IMAGES, verbose=0), expected, atol=1e-6)
    assert (output(loaded.layers[0], IMAGES, training=True) != IMAGES).any()


def test_all_parts_survive_the_config_and_follow_the_dtype():
    augment = image_augmentation(seed=5, fill_mode="reflect")
    config = {**augment.get_config(), "dtype": "float16"}
    copy = type(augment).from_config(config)
    assert {layer.compute_dtype for layer in copy.random_layers} == {"float16"}
    assert [layer.seed for layer in copy.random_layers] == [5, 6, 7, 8, 9]
    assert type(augment).from_config(augment.get_config()).get_config() == augment.get_config()


def test_it_needs_no_tensorflow_on_jax():
    if keras.backend.backend() != "jax":
        pytest.skip("TensorFlow is the backend of this run")
    output(image_augmentation(), IMAGES, training=True)
    assert sys.modules.get("tensorflow") is None


@pytest.mark.parametrize("name", ["rotation", "distortion", "translation"])
@pytest.mark.parametrize("value", [-0.1, 1, "a lot", True])
def test_fractions_out_of_range_are_refused_at_once(name, value):
    with pytest.raises(ValueError, match=rf"`{name}` must lie in \[0, 1\).*{name}={value!r}"):
        image_augmentation(**{name: value})


def test_an_unknown_fill_mode_is_refused_at_once():
    with pytest.raises(ValueError, match="fill_mode='mirror'"):
        image_augmentation(fill_mode="mirror")
