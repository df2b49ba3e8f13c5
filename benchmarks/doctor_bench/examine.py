"""What the doctor says of a program, by `kr.diagnose` or by `kr.callbacks.Doctor` in its fit."""

from __future__ import annotations

import time
from typing import Any

import keras

import kerasrecipes as kr
from doctor_bench.program import Program
from kerasrecipes.diagnosis import Diagnosis

WAYS = ("diagnose", "callback")


def examined(program: Program, seed: int, way: str) -> dict[str, Any]:
    """Findings as `[severity, cause, code]` and seconds; `raised` if the doctor raised."""
    model = program.compiled(seed)
    return examined_model(model, program.x, program.y, program.fit_arguments(), way)


def examined_model(
    model: keras.Model, x: Any, y: Any, fit_arguments: dict[str, Any], way: str
) -> dict[str, Any]:
    """The same of a compiled model, its data and the other arguments of its `fit`."""
    start, raised, diagnosis = time.perf_counter(), None, Diagnosis()
    try:
        diagnosis = (diagnosed if way == "diagnose" else watched)(model, x, y, fit_arguments)
    except Exception as error:  # noqa: BLE001 - whatever the doctor raises is its failure
        raised = f"{type(error).__name__}: {error}"[:300]
    return {
        "findings": [[each.severity, each.cause, each.code] for each in diagnosis.findings],
        "seconds": time.perf_counter() - start,
        "raised": raised,
    }


def diagnosed(model: keras.Model, x: Any, y: Any, fit_arguments: dict[str, Any]) -> Diagnosis:
    return kr.diagnose(model, x, y, **fit_arguments)


def watched(model: keras.Model, x: Any, y: Any, fit_arguments: dict[str, Any]) -> Diagnosis:
    """A fit that raises by itself is the program's fault; what the doctor said counts."""
    doctor = kr.callbacks.Doctor(sink=None)
    try:
        model.fit(x, y, verbose=0, callbacks=[doctor], **fit_arguments)
    except Exception as error:  # noqa: BLE001 - a fault may raise anything
        print(f"  fit raises {type(error).__name__}", flush=True)
    return doctor.diagnosis or Diagnosis()  # None where the fit raised before an epoch's end


def causes_named(answer: dict[str, Any]) -> set[str]:
    """Causes of errors and warnings."""
    return {cause for severity, cause, _ in answer["findings"] if severity != "note"}
