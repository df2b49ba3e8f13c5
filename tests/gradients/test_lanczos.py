import numpy as np
import pytest

from kerasrecipes.gradients import lanczos
from kerasrecipes.gradients.lanczos import extreme_eigenvalues

RANDOM = np.random.default_rng(0)


class Counted:
    """Products with a symmetric matrix of known eigenvalues, in a random basis of reflections."""

    def __init__(self, eigenvalues, rotate=True):
        self.eigenvalues = np.asarray(eigenvalues, "float64")
        mirror = RANDOM.normal(size=len(self.eigenvalues))
        self.mirror = mirror / np.linalg.norm(mirror) if rotate else 0 * mirror
        self.count = 0

    def reflected(self, vector):
        return vector - 2 * (self.mirror @ vector) * self.mirror

    def __call__(self, vector):
        self.count += 1
        return self.reflected(self.eigenvalues * self.reflected(vector))


BULK = RANDOM.normal(size=997) * 1e-2
SPECTRA = {
    "bulk and outliers": [*BULK, 10.0, 5.0, 3.0],
    "negative definite": -(np.linspace(1, 4, 300) ** 2),
    "small": np.linspace(-1, 2, 7),
    "no curvature": np.zeros(300),
    "all alike": np.full(300, 2.0),
    "low rank": np.r_[np.zeros(1000), 1.0, 2.0, 3.0, 4.0],
    "thrice each": np.repeat(np.r_[np.linspace(0, 1, 150), 2.0, 3.0, -0.5, -1.0], 3),
}


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("name", SPECTRA)
def test_both_ends_are_found_with_all_copies_of_an_eigenvalue(name, k):
    product = Counted(SPECTRA[name])
    expected = np.sort(product.eigenvalues)
    found = extreme_eigenvalues(product, len(expected), k)
    assert found.converged
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found.smallest, expected[:k], rtol=1e-6, atol=1e-6 * scale)
    np.testing.assert_allclose(found.largest, expected[::-1][:k], rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize(("size", "dense"), [(256, True), (257, False)])
def test_up_to_256_rows_there_is_one_product_for_each(size, dense):
    product = Counted(np.linspace(0, 1, size) ** 20)
    extreme_eigenvalues(product, size, 1)
    assert (product.count == size) == dense


@pytest.mark.parametrize("k", [8, 9])
def test_k_may_be_as_large_as_the_matrix(k):
    found = extreme_eigenvalues(Counted(np.arange(9.0)), 9, k)
    np.testing.assert_allclose(found.smallest, np.arange(9.0)[:k], atol=1e-12)
    np.testing.assert_allclose(found.largest, np.arange(9.0)[::-1][:k], atol=1e-12)


@pytest.mark.parametrize("hidden", [-1e-3, -1e-5])
def test_one_negative_direction_among_thousands_of_flat_ones_is_seen(hidden):
    product = Counted([*np.zeros(20_000), hidden, *np.linspace(0.1, 1, 20)])
    assert extreme_eigenvalues(product, 20_021, 1).smallest[0] == pytest.approx(hidden)


def test_what_has_not_converged_is_said_and_errs_to_the_inside():
    product = Counted(np.linspace(-1, 1, 5_000))
    found = extreme_eigenvalues(product, 5_000, 2, max_products=40)
    assert not found.converged
    assert product.count == 40
    assert -1 <= found.smallest[0] < -0.99
    assert 0.99 < found.largest[0] <= 1
    assert found.smallest_residuals.max() > 1e-6


def test_a_residual_is_that_of_the_vector():
    values = np.linspace(-1, 1, 600)
    found = extreme_eigenvalues(Counted(values, rotate=False), 600, 1, max_products=25)
    nearest = np.abs(values - found.smallest[0]).min()
    assert nearest <= found.smallest_residuals[0] < 0.1


def test_few_vectors_and_many_restarts_find_the_same(monkeypatch):
    monkeypatch.setattr(lanczos, "MEMORY", 0)
    product = Counted(np.linspace(-1, 2, 300) ** 3)
    found = extreme_eigenvalues(product, 300, 1)
    assert found.converged
    assert product.count > 3 * 16
    assert found.smallest[0] == pytest.approx(-1, rel=1e-6)
    assert found.largest[0] == pytest.approx(8, rel=1e-6)


def test_the_same_seed_finds_the_same():
    spectrum = SPECTRA["bulk and outliers"]
    one, two, other = (
        extreme_eigenvalues(Counted(spectrum, rotate=False), 1_000, 1, seed=seed, max_products=9)
        for seed in (1, 1, 2)
    )
    assert one.smallest[0] == two.smallest[0] != other.smallest[0]
