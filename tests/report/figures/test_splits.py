import pytest

from kerasrecipes.report import figures
from tests.report.drawn import bars, words_of

COLOURS = ("#2457b8", "#b54a04", "#586273")


@pytest.mark.parametrize("sizes", [(60, 20, 20), (980, 15, 5)])
def test_each_part_has_a_bar_as_long_as_its_size(sizes):
    figure = figures.split_sizes(*sizes)
    widths = [max(bars(figure, colour)) for colour in COLOURS]
    assert [width / widths[0] for width in widths] == pytest.approx(
        [size / sizes[0] for size in sizes], abs=0.001
    )


def test_counts_and_shares_are_written():
    texts = words_of(figures.split_sizes(995_000, 2_500, 2_500))
    assert texts.count("2,500 (0.25 %)") == 2
    assert {"train", "dev", "test", "995,000 (99.5 %)"} <= set(texts)


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_a_negative_size_is_refused(part):
    sizes = {"train": 1, "dev": 1, "test": 1, part: -3}
    with pytest.raises(ValueError, match=rf"`{part}` must be.*Received: {part}=-3"):
        figures.split_sizes(**sizes)
