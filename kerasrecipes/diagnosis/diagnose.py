"""The doctor before training."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import keras
from keras import tree

from kerasrecipes.diagnosis.bench import Bench
from kerasrecipes.diagnosis.case import Case, as_arrays, sampled
from kerasrecipes.diagnosis.collect import input_facts, program_facts, target_facts
from kerasrecipes.diagnosis.model_copy import compile_as, model_copy, undisturbed
from kerasrecipes.diagnosis.probe import probe
from kerasrecipes.diagnosis.trace import Trace
from kerasrecipes.diagnosis.trials import Benches, run_trials


def examine(
    model,
    x,
    y,
    *,
    validation_data=None,
    epochs=1,
    batch_size=None,
    shuffle=True,
    seconds=15.0,
    seed=0,
) -> Trace:
    ends = time.perf_counter() + seconds
    program = program_facts(model, batch_size=batch_size, epochs=epochs, shuffle=shuffle)
    x, y = as_arrays(x), as_arrays(y)
    dev = as_arrays(tuple(validation_data[:2])) if validation_data is not None else None
    targets = target_facts(y)
    trace = Trace(program, input_facts(x, model), targets)
    examples = len(tree.flatten(y)[0])
    case = Case(model, program, sampled(x, y), dev, examples, seed)
    with undisturbed():
        copy = model_copy(model)
        compile_as(copy, model)
        bench = Bench(copy, *case.train, batch_size=program.batch_size, shuffle=shuffle, seed=seed)
        begun = time.perf_counter()
        run = probe(case, bench, targets, 0.45 * (ends - begun))
        took = (time.perf_counter() - begun) / max(1, run.steps)
        trace = replace(trace, run=run)
        return run_trials(trace, Benches(case, bench), ends - time.perf_counter(), took)
