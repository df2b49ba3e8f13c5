"""Whether an optimizer's learning rate can be set from outside."""

import keras


def check_learning_rate_is_settable(optimizer, caller):
    """Raises ValueError unless the optimizer's learning rate is a plain variable.

    Args:
        optimizer: A Keras optimizer; one wrapped for loss scaling shows its inner one's rate.
        caller: Name of the callback that wants to set it, for the message.
    """
    if isinstance(getattr(optimizer, "learning_rate", None), keras.Variable):
        return
    rate = optimizer.get_config().get("learning_rate") if optimizer is not None else None
    kind = rate.get("class_name", rate) if isinstance(rate, dict) else rate
    raise ValueError(
        f"`optimizer` must have a learning rate that is a number, for {caller} sets it. "
        f"Received: learning_rate={kind}. Compile with a number, as in Adam(0.001), or leave "
        f"{caller} out and the schedule in."
    )
