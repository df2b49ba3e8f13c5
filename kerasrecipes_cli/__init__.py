"""The command line of kerasrecipes.

A package of its own, so that `--help` and a wrong argument answer at once: importing the library
loads Keras and its backend, which takes seconds; the commands do so when they begin to work.
"""

from kerasrecipes_cli.app import app, main

__all__ = ["app", "main"]
