"""Keras's own tests of a callback, to be run with one of ours in its place."""

import importlib
import unittest
import unittest.mock

import pytest


class AnyMark:
    """Keras's tests carry marks of their own, which mean nothing here."""

    def __getattr__(self, name):
        return lambda test: test


def keras_own_tests(name):
    """The module of Keras's tests of that name; skips what asks for it if Keras comes without."""
    with unittest.mock.patch.object(pytest, "mark", AnyMark()):
        try:
            return importlib.import_module(f"keras.src.callbacks.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"keras.src.callbacks.{name}":
                raise
            pytest.skip(f"this Keras comes without its {name}", allow_module_level=True)


def cases(test_class):
    """The names of its tests."""
    return unittest.TestLoader().getTestCaseNames(test_class)


def failures(test_class, case):
    """What one of Keras's tests says went wrong; empty if it passes."""
    result = unittest.TestResult()
    test_class(case).run(result)
    assert result.testsRun == 1
    return [text for _, text in result.errors + result.failures]
