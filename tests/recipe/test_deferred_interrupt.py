import signal
import threading

import pytest

from kerasrecipes.recipe.deferred_interrupt import deferred_interrupt


def test_ctrl_c_does_nothing_inside_and_interrupts_again_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupt():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_the_handler_is_put_back_when_the_block_raises():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="disk full"), deferred_interrupt():
        raise ValueError("disk full")
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_passes_through():
    ran = []

    def work():
        with deferred_interrupt():
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [True]
