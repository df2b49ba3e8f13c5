import pytest

from kerasrecipes.tuning.distributed import uninstall


@pytest.fixture(autouse=True)
def keras_tuner_as_it_is():
    """The library's tuners put their parts in the place of keras-tuner's; no test leaves them."""
    uninstall()
    yield
    uninstall()
