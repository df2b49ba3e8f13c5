import base64
import io
import re

import numpy as np
import pytest
from matplotlib.image import imread

from kerasrecipes.report import figures
from tests.report.drawn import words_of


def cells(figure):
    """The colours of the cells, `(classes, classes, 4)`."""
    (data,) = re.findall(r"data:image/png;base64,\s*([^\"]+)", figure.image)
    return imread(io.BytesIO(base64.b64decode(data)))


def test_counts_and_labels_are_written():
    figure = figures.confusion_matrix([[7, 2], [0, 11]], ["cat", "dog"])
    texts = words_of(figure)
    assert {"7", "2", "11", "true class", "predicted class"} <= set(texts)
    assert texts.count("cat") == texts.count("dog") == 2
    assert "0" not in texts


def test_errors_are_red_and_darker_the_larger_their_share():
    image = cells(figures.confusion_matrix([[6, 1, 3], [0, 10, 0], [8, 0, 2]]))
    red, opacity = image[..., 0] - image[..., 2], image[..., 3]
    assert red[0, 1] > 0.5
    assert opacity[2, 0] > opacity[0, 2] > opacity[0, 1] > 0.1
    assert opacity[1, 0] == opacity[2, 1] == 0
    assert (red[np.eye(3, dtype=bool)] < 0).all()
    assert (opacity[np.eye(3, dtype=bool)] < opacity[0, 1]).all()


def test_the_summary_names_the_most_frequent_errors():
    figure = figures.confusion_matrix([[5, 1, 0], [4, 5, 2], [0, 0, 5]], ["a", "b", "c"])
    assert figure.alt == (
        "Confusion matrix of 3 classes: 7 of 22 examples wrong. "
        "Most often: b taken for a (4), b taken for c (2), a taken for b (1)."
    )


def test_no_error_names_none():
    assert figures.confusion_matrix(np.eye(2)).alt.endswith("0 of 2 examples wrong.")


@pytest.mark.parametrize(("classes", "labels", "counts"), [(20, 20, True), (21, 11, False)])
def test_above_twenty_classes_labels_thin_out_and_counts_go(classes, labels, counts):
    names = [f"n{n}" for n in range(classes)]
    texts = words_of(figures.confusion_matrix(1000 * np.eye(classes), names))
    assert sum(text.startswith("n") for text in texts) == 2 * labels
    assert ("1000" in texts) is counts


def test_a_long_label_is_cut():
    assert "a very long n…" in words_of(figures.confusion_matrix(np.eye(1), ["a very long name"]))


@pytest.mark.parametrize(
    ("matrix", "labels", "message"),
    [
        (np.ones((2, 3)), None, r"square.*matrix of shape \(2, 3\)"),
        (np.ones(4), None, r"square.*matrix of shape \(4,\)"),
        ([[1, -2], [0, 1]], None, r"none below 0. Received: a count of -2"),
        (np.eye(2), ["a"], r"Received: 1 labels for 2 classes"),
    ],
)
def test_a_matrix_that_is_none_is_refused(matrix, labels, message):
    with pytest.raises(ValueError, match=message):
        figures.confusion_matrix(matrix, labels)
