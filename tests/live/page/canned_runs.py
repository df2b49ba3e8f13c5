"""Runs of a directory as the watch page gets them."""

from tests.live.page.canned_state import HOSTILE, curves, state


def run(
    name, kind="fit", parent=None, status="finished", rate=0.01, loss=0.3, address=None, minute=0
):
    return {
        "id": name,
        "title": name,
        "kind": kind,
        "parent": parent,
        "status": status,
        "started": "2026-11-29T19:00:00+00:00",
        "updated": f"2026-11-29T20:{minute:02d}:00+00:00",
        "epoch": 4,
        "epochs": 20,
        "metrics": {"loss": loss, "val_loss": loss + 0.1, "accuracy": 1 - loss},
        "settings": {"learning_rate": rate},
        "address": address,
        "nudges": 2,
    }


def runs():
    trials = [
        run(
            f"trial_{n}",
            "trial",
            "sweep",
            "running" if n == 5 else "finished",
            10.0**-n,
            0.2 + n / 20,
            minute=n,
        )
        for n in range(6)
    ]
    return [
        run(
            "mnist_cnn",
            status="running",
            loss=0.31,
            address="http://127.0.0.1:9/?token=x",
            minute=50,
        ),
        run("sweep", "search", loss=0.25, minute=40),
        *trials,
        run(HOSTILE, status="failed", loss=2.5, minute=30),
        run("script", address="javascript:document.title=666", loss=0.5, minute=20),
        run("lost/one", status="lost", rate=None, loss=0.7, minute=10),
        run("long_" * 30, "recipe", loss=0.28, minute=5),
    ]


def run_states():
    return {
        each["id"]: state(status=each["status"], curves=curves(200 + 40 * n, layers=[]))
        for n, each in enumerate(runs())
    }
