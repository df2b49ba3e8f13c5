"""Real programs, buggy and fixed, shown to the doctor both ways.

A folder of cases holds `programs.json`, one specification each, and `programs.py`, which builds
and trains them. The truth is the set of causes of the bug.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

import kerasrecipes as kr
from doctor_bench.examine import WAYS, causes_named, examined_model


def print_cases(folder: Path, only: str | None) -> int:
    """Prints a line per program and way; status 1 if a verdict is not `right`."""
    module = _loaded(folder)
    if module is None:
        print(f"skipped: no programs.py in {folder.name}")
        return 0
    verdicts = []
    for program in module.load_programs():
        if only in (None, program["id"]):
            for way in WAYS:
                verdicts.append((way, *_told(module, program, way)))
    for way in WAYS:
        mine = [verdict for each, *verdict in verdicts if each == way]
        found, right, gone = (sum(column) for column in zip(*mine, strict=True))
        print(
            f"{way}: of {len(mine)} found {found}, right cause {right}, "
            f"right cause named on buggy and gone on fixed {gone}"
        )
    return 0 if all(gone for *_, gone in verdicts) else 1


def _told(module: ModuleType, program: dict[str, Any], way: str) -> tuple[bool, bool, bool]:
    truth = set(program["truth"])
    answers = {kind: _answer(module, program[kind], way) for kind in ("buggy", "fixed")}
    buggy, fixed = (causes_named(answers[kind]) for kind in ("buggy", "fixed"))
    found, right, gone = bool(buggy), bool(buggy & truth), bool((buggy - fixed) & truth)
    seconds = " + ".join(f"{answer['seconds']:.0f}" for answer in answers.values())
    print(
        f"{program['id']} {way}: truth {sorted(truth)}; buggy {_words(answers['buggy'])}; "
        f"fixed ({'learns' if program['fixed_learns'] else 'does not learn'}) "
        f"{_words(answers['fixed'])}; {'right and gone' if gone else 'NOT right and gone'}; "
        f"{seconds} s",
        flush=True,
    )
    return found, right, gone


def _words(answer: dict[str, Any]) -> list[str]:
    said = [f"{code}:{cause}" for severity, cause, code in answer["findings"] if severity != "note"]
    return [*said, f"raised {answer['raised']}"] if answer["raised"] else said


def _answer(module: ModuleType, spec: dict[str, Any], way: str) -> dict[str, Any]:
    """By `diagnose`, or by `Doctor` in the folder's own `train`."""
    if way == "callback":
        return _trained(module, spec)
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    x, y, x_dev, y_dev = module.make_data(spec, 0)
    arguments = {
        "batch_size": spec["batch_size"],
        "epochs": spec["epochs"],
        "validation_data": (x_dev, y_dev) if spec["validation"] else None,
        "shuffle": spec.get("shuffle", True),
    }
    return examined_model(module.build_model(spec), x, y, arguments, way)


def _trained(module: ModuleType, spec: dict[str, Any]) -> dict[str, Any]:
    import time

    doctor, start, raised = kr.callbacks.Doctor(sink=None), time.perf_counter(), None
    try:
        module.train(spec, callbacks=[doctor])
    except Exception as error:  # noqa: BLE001 - a buggy program may raise anything
        raised = f"{type(error).__name__}: {error}"[:200]
    findings = doctor.diagnosis.findings if doctor.diagnosis else ()
    return {
        "findings": [[each.severity, each.cause, each.code] for each in findings],
        "seconds": time.perf_counter() - start,
        "raised": raised,
    }


def _loaded(folder: Path) -> ModuleType | None:
    path = folder / "programs.py"
    if not path.is_file():
        return None
    specification = importlib.util.spec_from_file_location("doctor_cases", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
