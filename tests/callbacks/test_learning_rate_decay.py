import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.learning_rate_decay import LearningRateDecay
from kerasrecipes.schedules import ExponentialDecay, ManualDecay

X = np.ones((2, 1), dtype="float32")


def linear(optimizer):
    """One weight, whose gradient is 1 whatever it is: SGD adds up the rates."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(optimizer, loss=lambda y, p: keras.ops.mean(p))
    return model


def fit(model, callback, **options):
    return model.fit(X, X, epochs=4, callbacks=[callback], verbose=0, **options).history


@pytest.mark.parametrize("schedule", [ManualDecay({0: 0.1, 2: 0.03}), ExponentialDecay(0.5, 0.5)])
def test_each_epoch_runs_at_its_rate_and_logs_it(schedule):
    model = linear("sgd")
    history = fit(model, LearningRateDecay(schedule))
    rates = [schedule(epoch) for epoch in range(4)]
    assert history["learning_rate"] == pytest.approx(rates)
    assert model.get_weights()[0].item() == pytest.approx(-sum(rates), rel=1e-5)
    assert float(model.optimizer.learning_rate) == pytest.approx(rates[-1])


def test_any_callable_of_the_epoch_will_do():
    history = fit(linear("sgd"), LearningRateDecay(lambda epoch: 1 / (epoch + 1)))
    assert history["learning_rate"] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])


def test_epochs_are_counted_from_initial_epoch():
    history = fit(linear("sgd"), LearningRateDecay(ExponentialDecay(0.8, 0.5)), initial_epoch=2)
    assert history["learning_rate"] == pytest.approx([0.2, 0.1])


def test_an_optimizer_wrapped_for_loss_scaling_is_reached():
    model = linear(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(9.0)))
    fit(model, LearningRateDecay(ExponentialDecay(0.8, 0.5)))
    assert float(model.optimizer.inner_optimizer.learning_rate) == pytest.approx(0.1)
    assert model.get_weights()[0].item() == pytest.approx(-1.5, rel=1e-3)


def test_rates_are_those_of_the_last_fit():
    decay, model = LearningRateDecay(ExponentialDecay(0.8, 0.5)), linear("sgd")
    fit(model, decay)
    fit(model, decay)
    assert decay.rates == pytest.approx([0.8, 0.4, 0.2, 0.1])
    other = LearningRateDecay(ExponentialDecay(0.8, 0.5))
    other.set_state(decay.get_state())
    assert other.rates == decay.rates


def test_verbose_says_each_rate():
    lines = []
    fit(linear("sgd"), LearningRateDecay(ExponentialDecay(0.8, 0.5), verbose=1, sink=lines.append))
    assert lines[:2] == ["Epoch 1: learning rate 0.8.", "Epoch 2: learning rate 0.4."]


def test_it_is_silent_by_default(capsys):
    fit(linear("sgd"), LearningRateDecay(ExponentialDecay(0.8)))
    assert capsys.readouterr().out == ""


def test_an_optimizer_with_a_schedule_is_refused():
    model = linear(keras.optimizers.SGD(ExponentialDecay(0.1).per_step(1)))
    with pytest.raises(ValueError, match=r"`optimizer` must have.*LearningRateDecay.*=PerStep"):
        fit(model, LearningRateDecay(ExponentialDecay(0.8)))


@pytest.mark.parametrize("rate", [0.0, -0.5, float("nan"), float("inf")])
def test_rates_that_are_none_are_refused(rate):
    decay = LearningRateDecay(lambda epoch: rate if epoch == 3 else 0.1)
    assert decay.rate(0) == 0.1
    with pytest.raises(ValueError, match=rf"finite learning rate > 0.*schedule\(3\)={rate}"):
        decay.rate(3)


def test_a_schedule_of_steps_is_refused():
    with pytest.raises(ValueError, match=r"function of the epoch.*schedule=PerStep"):
        LearningRateDecay(ExponentialDecay(0.1).per_step(10))


def test_a_number_is_no_schedule():
    with pytest.raises(TypeError, match=r"`schedule` must be callable.*schedule=0.1"):
        LearningRateDecay(0.1)
