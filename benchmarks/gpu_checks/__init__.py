"""The measurements of `gpu_check.py`, and how they are shown."""
