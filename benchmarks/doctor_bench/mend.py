"""How many seeded faults `kr.diagnosis.repair` mends, and how many trainings it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import keras

import kerasrecipes as kr
from doctor_bench.trial import Kept, Trial, answered, fingerprint

GOAL = 0.90
WITHIN = 1.1  # of the healthy program's dev error
# What no change of the program can bring back; counted as not mended all the same.
BEYOND = {
    "dev_not_scaled": "dev was prepared otherwise than train, and train does not say how",
    "labels_shuffled": "which target belongs to which example is lost",
    "labels_sorted_apart": "which target belongs to which example is lost",
    "one_class_only": "train never shows the other classes",
}


def print_mended(
    trials: list[Trial], skills: Mapping[Trial, float], kept: Kept, processes: int, source: str
) -> int:
    """Prints what was not mended and the ratios; status 1 if the goal is missed.

    The dev error is 1 - skill: of classes, the error over that of guessing; of a regression, the
    squared error over the variance.
    """
    faulty = [trial for trial in trials if trial.fault is not None]

    def key(trial: Trial) -> str:
        return f"repair {source} {fingerprint(trial.made())} {trial.seed}"

    answers = dict(answered(mend_job, "", faulty, kept, key, processes))
    mended, near, beyond = 0, 0, 0
    for trial, answer in answers.items():
        healthy, after = skills[trial._replace(fault=None)], answer["skill"]
        is_mended = 1 - after <= WITHIN * (1 - healthy)
        mended, near = mended + is_mended, near + (after >= healthy - 0.1)
        if not is_mended:
            beyond += trial.fault in BEYOND
            word = "BEYOND REPAIR" if trial.fault in BEYOND else "NOT MENDED"
            print(
                f"{word} {trial.fault} in {trial.program}, seed {trial.seed}: skill "
                f"{answer['before']:.3f}, then {after:.3f}, healthy {healthy:.3f}; kept "
                f"{answer['kept']} {answer['raised'] or ''}{BEYOND.get(trial.fault, '')}"
            )
    number = max(1, len(answers))
    trainings = median([answer["trainings"] for answer in answers.values()] or [0])
    seconds = median([answer["seconds"] for answer in answers.values()] or [0])
    print(
        f"mended {mended / number:.1%} of {len(answers)} (goal >= 90 %), "
        f"{mended / max(1, number - beyond):.1%} without {beyond} beyond repair; within 0.1 of "
        f"skill {near / number:.1%}; median {trainings:g} trainings, {seconds:.0f} s"
    )
    return 0 if mended >= GOAL * number else 1


def mend_job(trial: Trial, argument: str) -> dict[str, Any]:
    """Repairs one faulty program; trainings count the probe's and the trials' too."""
    program, start = trial.made(), time.perf_counter()
    keras.backend.clear_session()
    keras.utils.set_random_seed(trial.seed)
    answer = {"skill": 0.0, "before": 0.0, "trainings": 0, "kept": [], "raised": None}
    try:
        result = kr.diagnosis.repair(
            program.build,
            program.compile_arguments(),
            (program.x, program.y, program.x_dev, program.y_dev),
            epochs=program.epochs,
            batch_size=program.batch_size,
            shuffle=program.shuffle,
        )
    except Exception as error:  # noqa: BLE001 - whatever the repair raises is its failure
        return answer | {
            "raised": f"{type(error).__name__}: {error}"[:300],
            "seconds": time.perf_counter() - start,
        }
    trace = result.diagnosis.trace
    return {
        "skill": float(result.skill_after),
        "before": float(result.skill_before),
        "trainings": result.trainings + 1 + (len(trace.trials) if trace else 0),
        "kept": [change.line for change in result.kept],
        "raised": None,
        "seconds": time.perf_counter() - start,
    }
