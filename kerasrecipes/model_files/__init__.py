"""Model files that someone else may have written: looked at before Keras reads them."""

from kerasrecipes.model_files.load_model_file import load_model_file

__all__ = ["load_model_file"]
