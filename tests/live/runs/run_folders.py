"""Runs of every kind as their programs leave them."""

import json
import os
import socket

from kerasrecipes.diagnosis import Finding
from kerasrecipes.live.board import Board
from kerasrecipes.live.nudge import Nudge
from kerasrecipes.live.setting import Setting

STARTED = "2026-01-01T00:00:00+00:00"
FINDING = Finding("dead-units", "activation", "warning", {"dead_share": 0.75}, "Try He.")
TOKEN = "0123456789abcdefghij"


def fit(folder, status="running", title="digits", **parts):
    folder.mkdir(parents=True, exist_ok=True)
    board = Board()
    for step in range(4):
        board.point("loss", step, 1 / (step + 1), "cost", "train")
    board.put(
        run={"id": "x", "title": title, "started": STARTED},
        status=status,
        progress={"epoch": 2, "epochs": 9, "updated": "2026-01-01T00:10:00+00:00"},
        metrics={"loss": 0.25},
        settings=[Setting("learning_rate", "Learning rate", 0.01, scale="log").to_dict()],
        nudges=[Nudge(3, 0, STARTED, "pause").to_dict()],
    )
    board.put(**parts)
    (folder / "state.json").write_text(json.dumps(board.snapshot()))
    return folder


def alive(folder, pid=None, machine=None, **told):
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "format": 1,
        "pid": os.getpid() if pid is None else pid,
        "machine": machine or socket.gethostname(),
        "address": "http://127.0.0.1:4711/?token=" + TOKEN,
        "started": STARTED,
        **told,
    }
    (folder / "live.json").write_text(json.dumps(told))
    return folder


def recipe(folder, **fields):
    folder.mkdir(parents=True, exist_ok=True)
    result = {
        "data": "iris",
        "test_error": 0.05,
        "train_error": 0.01,
        "dev_error": 0.04,
        "human_error": 0.0,
        "bias": 0.01,
        "variance": 0.03,
        "verdict": "balanced",
        "advice": ["Use it."],
        "stop_reason": "both are low",
        "interrupted": False,
        "seconds": 3.5,
        "steps": [
            {"name": "smallest", "reason": "begin", "settings": {"units": 0}, "kept": True,
             "learning_rate": 0.1, "epochs": 1},
            {"name": "bigger", "reason": "bias", "settings": {"units": 8, "layers": [8, 8]},
             "kept": True, "learning_rate": 0.02, "epochs": 2},
            {"name": "worse", "reason": "try", "settings": {"units": 99}, "kept": False,
             "learning_rate": 5.0, "epochs": 0},
        ],
        "diagnosis": {"findings": [FINDING.to_dict(), {"code": "of another kind"}]},
        **fields,
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))
    (folder / "history.csv").write_text(
        "step,name,epoch,train_cost,dev_cost,learning_rate\n"
        "1,smallest,1,0.9,1.0,0.1\n2,bigger,1,0.5,,0.02\n2,bigger,2,0.25,0.5,0.02\n"
    )
    return folder


def search(folder, statuses=("COMPLETED", "RUNNING", "FAILED")):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "oracle.json").write_text("{}")
    for number, status in enumerate(statuses):
        trial = folder / f"trial_{number}"
        trial.mkdir()
        observed = [{"value": [0.5, 0.7], "step": 0}, {"value": [0.25], "step": 3}]
        told = {
            "trial_id": f"{number}",
            "hyperparameters": {"values": {"lr": 0.1, "act": "relu", "bn": True, "x": [1]}},
            "metrics": {"metrics": {"val_loss": {"direction": "min", "observations": observed}}},
            "score": 0.25 if status == "COMPLETED" else None,
            "best_step": 3,
            "status": status,
            "message": "Traceback\n  boom\n" if status == "FAILED" else None,
        }
        (trial / "trial.json").write_text(json.dumps(told))
    return folder
