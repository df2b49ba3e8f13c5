"""What the fuzz tests found, each as it was found."""

import numpy as np
import pytest

import kerasrecipes as kr
from kerasrecipes.data import DataError
from kerasrecipes.tuning import VectorizedSearch

SHARE = kr.diagnosis.estimate_error(np.array([0.0, 1.0]))
FINDINGS = {
    "a message that is no text": (lambda: str(DataError(7)), None, "7"),
    "a slope whose square overflows": (
        lambda: kr.initializers.He(1e300),
        ValueError,
        "scale",
    ),
    "a rate that int32 does not hold": (
        lambda: float(kr.schedules.ExponentialDecay(2**31).per_step(1)(0)),
        None,
        "2147483648.0",
    ),
    "a rate that float32 does not hold": (
        lambda: kr.schedules.ExponentialDecay(1e300),
        ValueError,
        r"`initial` must be a finite learning rate > 0.*initial=1e\+300",
    ),
    "a small integer type that overflows": (
        lambda: kr.schedules.InverseSqrtDecay(2**20, np.uint8(255))(0),
        None,
        "267386880.0",
    ),
    "rates that are no dict": (
        lambda: kr.schedules.ManualDecay(7),
        ValueError,
        "`rates` must be a dict from epoch to rate. Received: rates=7",
    ),
    "more steps than an optimizer counts": (
        lambda: kr.schedules.ExponentialDecay(0.1).per_step(10**30),
        ValueError,
        "`steps_per_epoch` must be a whole number",
    ),
    "a schedule that is none": (
        lambda: kr.schedules.PerStep(0, 1),
        TypeError,
        "`schedule` must be a Schedule .* Received: schedule=0",
    ),
    "a log that is no name": (
        lambda: kr.callbacks.EarlyStopping(monitor=0, max_gap=0),
        ValueError,
        "`monitor` must be the name of a log, .* Received: monitor=0",
    ),
    "a seed that is too large for a backend": (
        lambda: kr.layers.InvertedDropout(0.5, seed=2**63),
        ValueError,
        "`seed` must be None or an integer from 0 to 2147483647",
    ),
    "a seed of an augmentation that is no integer": (
        lambda: kr.layers.image_augmentation(seed="a"),
        ValueError,
        "`seed` must be None or an integer .* Received: seed='a'",
    ),
    "findings that are none": (
        lambda: kr.diagnosis.Diagnosis("a"),
        TypeError,
        "`findings` must hold Finding objects. Received: str",
    ),
    "items that are no findings": (
        lambda: kr.report.Findings("a"),
        TypeError,
        "`items` must hold findings, .* Received: str",
    ),
    "sections that are none": (
        lambda: kr.report.Page("t", sections="a"),
        TypeError,
        "`sections` must hold Section only. Received: str",
    ),
    "words of a picture that are none": (
        lambda: kr.report.Figure("a", "", "", 0),
        ValueError,
        "`alt` must say in words .* Received: alt=0",
    ),
    "an oracle that is none": (
        lambda: VectorizedSearch(oracle=0),
        TypeError,
        "`oracle` must be a keras_tuner.Oracle, .* Received: int",
    ),
    "no errors to draw from": (
        lambda: kr.diagnosis.bootstrap_interval(()),
        ValueError,
        "`errors` must hold at least one example",
    ),
    "a baseline of another length": (
        lambda: kr.diagnosis.estimate_error([1.0, 2.0], baseline=[1.0]),
        ValueError,
        "`baseline` must have one error for each of `errors`. Received: 1 and 2",
    ),
    "errors that were not estimated": (
        lambda: kr.diagnosis.read_bias_variance(SHARE, 0),
        TypeError,
        "`dev_error` must be an ErrorEstimate, .* Received: dev_error=0",
    ),
    "a share of nothing": (
        lambda: kr.diagnosis.wilson_interval(0, 0),
        ValueError,
        "`examples` must be > 0 .* Received: wrong=0, examples=0",
    ),
    "a number of examples whose square overflows": (
        lambda: kr.diagnosis.wilson_interval(0, 1e300),
        ValueError,
        r"`examples` must be > 0 and at most 1e\+100",
    ),
}


@pytest.mark.parametrize(("call", "error", "told"), FINDINGS.values(), ids=FINDINGS)
def test_a_finding_stays_mended(call, error, told):
    if error is None:
        assert str(call()) == told
    else:
        with pytest.raises(error, match=told):
            call()


@pytest.mark.parametrize("text", ['"', '""', '"\n', '\n"" \n'])
def test_a_csv_of_quotation_marks_alone_is_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match="is empty but for a quotation mark"):
        kr.data.load(tmp_path / "a.csv")
