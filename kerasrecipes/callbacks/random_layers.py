"""Layers that make the cost of a training step random."""


def random_layers(model):
    """Names of the layers that draw random numbers in training: dropout, noise, augmentation."""
    layers = model._flatten_layers(include_self=False)  # no public way to layers inside blocks
    return [layer.name for layer in layers if _is_random(layer)]


def _is_random(layer):
    found = [getattr(layer, name, None) for name in ("dropout", "recurrent_dropout")]
    rates = [rate for rate in found if isinstance(rate, (int, float))]
    if rates:  # recurrent and attention layers hold a generator even where they do not use it
        return any(rate > 0 for rate in rates)
    return any(getattr(layer, name, None) is not None for name in ("seed_generator", "generator"))
