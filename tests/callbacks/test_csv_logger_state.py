import errno
import os
from pathlib import Path

import pytest
from keras.callbacks import CSVLogger

from kerasrecipes.callbacks import csv_logger_state
from kerasrecipes.callbacks.callback_states import restore, state_of

EARLIER = b"epoch;loss;val_loss\r\n0;9.0;9.0\r\n"


def log(logger, epochs, state=None):
    """A fit of these epochs; the state after them."""
    logger.on_train_begin()
    restore(logger, state)
    for epoch in epochs:
        logger.on_epoch_end(epoch, {"loss": float(epoch), "val_loss": 0.5})
    return state_of(logger)


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("earlier", [None, EARLIER])
@pytest.mark.parametrize("saved", [0, 2])
def test_rows_written_after_the_state_are_cut_and_there_is_one_header(
    tmp_path, append, earlier, saved
):
    paths = [tmp_path / name for name in ("whole.csv", "killed.csv")]
    for path in paths:
        if earlier is not None:
            path.write_bytes(earlier)
    whole, killed, resumed = (CSVLogger(path, ";", append) for path in (*paths, paths[1]))
    log(whole, range(4))
    state = log(killed, range(saved))
    killed.on_epoch_end(saved, {"loss": -1.0, "val_loss": -1.0})
    log(resumed, range(saved, 4), state)
    resumed.on_train_end()
    assert paths[1].read_bytes() == paths[0].read_bytes()
    assert paths[1].read_bytes().count(b"epoch") == 1


def test_a_second_fit_of_a_resumed_logger_begins_its_file_anew(tmp_path):
    path = tmp_path / "log.csv"
    state = log(CSVLogger(path), range(2))
    resumed = CSVLogger(path)
    log(resumed, range(2, 3), state)
    resumed.on_train_end()
    log(resumed, range(1))
    assert path.read_text().split() == ["epoch,loss,val_loss", "0,0.0,0.5"]


def test_a_link_to_the_file_stays_a_link(tmp_path):
    path, link = tmp_path / "log.csv", tmp_path / "link.csv"
    link.symlink_to(path)
    state = log(CSVLogger(link), range(2))
    log(CSVLogger(link), range(2, 3), state)
    assert link.is_symlink()
    assert len(path.read_text().split()) == 4


def test_what_is_no_file_is_gone_on_with_as_it_is():
    state = log(CSVLogger(os.devnull), range(1))
    assert state["content"] is None
    assert log(CSVLogger(os.devnull), range(1, 2), state)["keys"] == ["loss", "val_loss"]


def test_a_file_that_cannot_be_written_is_told_by_its_name(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = Path(tmp_path / "log.csv")
    state = log(CSVLogger(path), range(2))
    monkeypatch.setattr(csv_logger_state, "write_bytes", full)
    with pytest.raises(
        OSError, match=r"CSVLogger's file `.*log.csv` cannot.*No space left"
    ) as seen:
        log(CSVLogger(path), range(2, 3), state)
    assert seen.value.errno == errno.ENOSPC
