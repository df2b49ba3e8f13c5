"""How long a test waits for what must come about: a limit for hangs, never for slow machines.

A test that expects something at once still waits this long before it fails, for the disk or the
cores of a shared machine may stand still for minutes.
"""

HANG = 300.0  # seconds
