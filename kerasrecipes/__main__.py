"""`python -m kerasrecipes`: the command line."""

from importlib import import_module

if __name__ == "__main__":
    # Looked up by name: the library does not depend on the command line that stands on it.
    import_module("kerasrecipes_cli").main()
