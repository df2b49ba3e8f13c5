"""Two virtual CPU devices, in the process that `tests/devices/test_two_devices.py` starts."""

import os

import keras

IS_ASKED_FOR = "KERASRECIPES_TWO_DEVICES" in os.environ
collect_ignore_glob = [] if IS_ASKED_FOR else ["test_*.py"]

if IS_ASKED_FOR and keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
