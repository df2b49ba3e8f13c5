"""A state of a fit as the training writes it: lively, with names that try to break out."""

import math
import random

HOSTILE = '<img src=x onerror="document.title=666"> $$x^2$$ \u202egnp.exe'
LAYERS = ["conv_1", "conv_2", "dense", "dense_1", HOSTILE, "block/branch/projection", "head", "out"]


def curve(group, part, steps, values):
    return {"group": group, "part": part, "steps": list(steps), "values": list(values)}


def noisy(low, high, steps, seed=0, noise=0.08):
    draw = random.Random(seed)
    return [
        low + (high - low) * math.exp(-3 * n / len(steps)) * (1 + draw.gauss(0, noise))
        for n in range(len(steps))
    ]


def curves(points=412, epochs=4, layers=LAYERS):
    steps, ends = range(points), [int(points * (n + 1) / epochs) for n in range(epochs)]
    made = {
        "loss": curve("cost", "train", steps, noisy(0.1, 2.3, steps, 1)),
        "val_loss": curve("cost", "dev", ends, noisy(0.35, 1.4, ends, 2)),
        "accuracy": curve(
            "metric:accuracy", "train", steps, [1 - v / 3 for v in noisy(0.1, 2.3, steps, 3)]
        ),
        "val_accuracy": curve(
            "metric:accuracy", "dev", ends, [1 - v / 3 for v in noisy(0.35, 1.6, ends, 4)]
        ),
        f"f {HOSTILE}": curve(f"metric:{HOSTILE}", "train", steps, noisy(0.2, 0.9, steps, 5)),
        "learning_rate": curve("learning_rate", "train", steps, [1e-2 * 0.995**n for n in steps]),
        "bytes": curve("memory", "train", steps, [5e8 + 1e5 * n for n in steps]),
        "train_error": curve("bias_variance", "train", ends, noisy(0.02, 0.3, ends, 6)),
        "dev_error": curve("bias_variance", "dev", ends, noisy(0.07, 0.35, ends, 7)),
    }
    for n, layer in enumerate(layers):
        rough = noisy(10.0**-n, 10.0 ** (1 - n), steps, n, 0.3)
        made[f"gradient_norm/{layer}"] = curve(
            "gradient_norm", layer, steps, [abs(v) + 1e-12 for v in rough]
        )
        made[f"update_ratio/{layer}"] = curve(
            "update_ratio", layer, steps, [abs(v) * 1e-3 + 1e-12 for v in rough]
        )
    return made


def setting(name, label, value, low=0.0, high=1.0, scale="linear", **more):
    empty = {"owner": None, "taken": False, "unavailable": None, "optional": False}
    return {
        "name": name,
        "label": label,
        "value": value,
        "low": low,
        "high": high,
        "scale": scale,
        **empty,
        **more,
    }


def settings():
    return [
        setting(
            "learning_rate", "Learning rate", 0.01, 1e-8, 10.0, "log", owner="ExponentialDecay"
        ),
        setting("decay_schedule", "Decay schedule", True, scale="switch", owner="ExponentialDecay"),
        setting("beta_1", "beta_1", 0.9, 0.0, 0.9999, "one_minus_log"),
        setting(
            "weight_decay",
            "Weight decay",
            None,
            0.0,
            1.0,
            "log",
            unavailable="the optimizer has none; compile with weight_decay=0.0",
        ),
        setting("clip_norm", "Clip norm", None, 1e-6, 1e6, "log", optional=True),
        setting(f"keep_prob/{HOSTILE}", f"Keep probability of {HOSTILE}", 0.8, 0.05, 1.0),
    ]


def nudge(step, name, old=None, new=None, note="", epoch=0):
    return {
        "step": step,
        "epoch": epoch,
        "time": "2026-11-29T20:00:00+00:00",
        "name": name,
        "old": old,
        "new": new,
        "note": note,
    }


def finding(
    severity,
    code="dead-units",
    where="dense_1",
    advice="Use He initialisation or a lower learning rate.",
):
    return {
        "code": code,
        "cause": "activation",
        "severity": severity,
        "where": where,
        "evidence": {"dead_share": 0.61, "limit": 0.5},
        "advice": advice,
        "reference": "course 2, vanishing/exploding gradients",
        "epoch": 2,
    }


def state(**more):
    return {
        "format": 1,
        "version": 1,
        "run": {
            "id": "9f3a",
            "title": "mnist_cnn",
            "model": "sequential",
            "started": "2026-11-29T19:59:00+00:00",
            "backend": "tensorflow",
            "parameters": 1234567,
            "read_only": False,
            "directory": "runs/mnist",
        },
        "status": "running",
        "said": "Epoch 4 begins.",
        "progress": {
            "epoch": 3,
            "epochs": 20,
            "step": 412,
            "steps": 2000,
            "batch": 12,
            "batches": 100,
            "seconds": 41.2,
            "seconds_left": 160.0,
            "step_seconds": 0.0051,
            "updated": "2026-11-29T20:00:01+00:00",
        },
        "memory": {"bytes": 734003200, "peak_bytes": 912680550, "device_bytes": None},
        "metrics": {
            "loss": 0.3123,
            "val_loss": 0.4512,
            "accuracy": 0.912,
            "val_accuracy": 0.874,
            HOSTILE: 0.2,
        },
        "curves": curves(),
        "layers": [
            {"name": name, "gradient_norm": 10.0**-n, "update_ratio": 1e-3 * 10.0**-n}
            for n, name in enumerate(LAYERS)
        ],
        "bias_variance": {
            "human_error": 0.01,
            "train_error": 0.035,
            "dev_error": 0.09,
            "bias": 0.025,
            "variance": 0.055,
            "verdict": "high variance",
            "text": "Train is near the human, dev is far from train: more data, "
            "or stronger regularisation.",
            "epoch": 3,
        },
        "findings": [
            finding("note", "small-batches"),
            finding("warning"),
            finding(
                "error",
                "exploding-gradients",
                HOSTILE,
                "The gradients grow from layer to layer. " * 6,
            ),
        ],
        "messages": [
            {"time": "2026-11-29T20:00:01+00:00", "text": f"Epoch {n + 1}: loss fell."}
            for n in range(4)
        ],
        "settings": settings(),
        "actions": {
            "pause": None,
            "go_on": "it is not paused",
            "save": "add Resume to the callbacks",
            "go_back": None,
            "stop_after_epoch": None,
            "stop": None,
        },
        "saved_points": [
            {
                "number": n,
                "epoch": n - 1,
                "step": 100 * n,
                "time": "2026-11-29T19:59:30+00:00",
                "by_hand": n == 2,
            }
            for n in (1, 2, 3)
        ],
        "nudges": [
            nudge(180, "beta_1", 0.9, 0.95, "less noise, I hope"),
            nudge(300, "pause"),
            nudge(300, "go_on"),
        ],
        **more,
    }
