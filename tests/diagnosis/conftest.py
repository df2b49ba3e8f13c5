import pytest

from kerasrecipes.diagnosis import own_time


@pytest.fixture(autouse=True)
def only_work_counts(monkeypatch):
    """What a diagnosis has time for does not depend on what else the machine does."""
    monkeypatch.setattr(own_time, "WAITED", 0.0)
