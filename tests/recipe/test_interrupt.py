import signal
import threading

import pytest

from kerasrecipes.recipe.interrupt import Interrupt


@pytest.fixture(autouse=True)
def listening():
    """Ctrl-C interrupts, also where the suite runs in the background and inherits it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_is_noted_and_the_second_interrupts():
    with Interrupt() as interrupt:
        assert not interrupt()
        signal.raise_signal(signal.SIGINT)
        assert interrupt()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_is_as_before_after_the_block_also_when_it_raised():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="disk full"), Interrupt():
        raise ValueError("disk full")
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_another_thread_passes_through():
    asked = []

    def work():
        with Interrupt() as interrupt:
            asked.append(interrupt())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]
