"""Seeds faults into healthy programs and counts what the doctor finds.

    python benchmarks/doctor.py [--quick] [--half tuning|report|all] [--seeds 3] [--each N]
        [--doctor diagnose|callback] [--write] [--only FAULT] [--program NAME]
    python benchmarks/doctor.py --cases [PATH]      real programs, buggy and fixed
    python benchmarks/doctor.py --repair            the share that `repair` mends
    python benchmarks/doctor.py --rules             the table of rules into docs/doctor.md

First every program is trained, healthy and with each fault, by the same seeds: the healthy must
learn (skill above 0.25 in each seed), and a fault counts only where it does harm (it fails, or
loses 0.2 of skill). Then the doctor sees all that is left. Answers are kept in a file under
`--kept`, so that a run broken off goes on; those of the doctor hold for its sources only. The last
line is the ratios; the exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # one core for each process

from doctor_bench.cases import print_cases
from doctor_bench.examine import WAYS, examined
from doctor_bench.faults import FAULTS
from doctor_bench.healthy_programs import missing, programs_of
from doctor_bench.mend import print_mended
from doctor_bench.page import write_page
from doctor_bench.rules_table import write_rules
from doctor_bench.skill import LEARNED, does_harm, trained_skill
from doctor_bench.table import (
    Answers,
    false_alarms,
    fault_table,
    meets_goals,
    misses,
    ratio_line,
    ratios,
)
from doctor_bench.trial import Kept, Trial, answered, fingerprint, source_of

import kerasrecipes

KEPT = Path(tempfile.gettempdir()) / "kerasrecipes-doctor"
PACKAGE = Path(kerasrecipes.__file__).parent
QUICK_PROGRAMS = 2  # per fault


def main() -> int:
    options = parsed()
    if options.rules:
        write_rules()
        return 0
    if options.cases:
        return print_cases(Path(options.cases), options.only)
    for name in missing():
        print(f"skipped: {name}, its images are not at hand (KR_MNIST names the file)")
    kept = Kept(options.kept / "answers.jsonl")
    harmful, harmless, skills = measured_harm(options, kept)
    if options.harm:
        print(f"{sum(trial.fault is not None for trial in harmful)} faulty trials do harm")
        return 0
    if options.repair:
        return print_mended(harmful, skills, kept, options.processes, source_of(PACKAGE))
    answers = seen_by_the_doctor(options, kept, harmful)
    print("\n".join(fault_table(answers, harmless)))
    for line in misses(answers):
        print(f"MISS {line}")
    for trial, codes in false_alarms(answers):
        print(f"FALSE ALARM {trial.program}, seed {trial.seed}: {', '.join(codes)}")
    if options.write:
        write_page(options, answers, harmless)
    print(ratio_line(answers))
    return 0 if meets_goals(ratios(answers)) else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one seed, two programs a fault")
    parser.add_argument("--half", choices=("tuning", "report", "all"), default="report")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--each", type=int, help="at most so many programs a fault")
    parser.add_argument("--doctor", choices=WAYS, default="diagnose")
    parser.add_argument("--write", action="store_true", help="the tables into docs/doctor.md")
    parser.add_argument("--repair", action="store_true", help="count what `repair` mends")
    parser.add_argument("--rules", action="store_true", help="the table of rules")
    parser.add_argument("--harm", action="store_true", help="only which faults do harm")
    parser.add_argument("--cases", nargs="?", const="../shared/doctor_cases")
    parser.add_argument("--only", help="one fault, or one case")
    parser.add_argument("--program", help="one program")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kept", type=Path, default=KEPT)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.each = 1, QUICK_PROGRAMS
    return options


def trials_of(options: argparse.Namespace) -> list[Trial]:
    """The healthy ones first; the faulty where the fault applies."""
    names = [name for name in programs_of(options.half) if options.program in (None, name)]
    trials = [Trial(name, None, seed) for name in names for seed in range(options.seeds)]
    for fault in FAULTS if options.only is None else [options.only]:
        fitting = [name for name in names if Trial(name, fault, 0).made() is not None]
        if options.each and fitting:
            first = zlib.crc32(fault.encode()) % len(fitting)
            fitting = (fitting[first:] + fitting[:first])[: options.each]
        trials += [Trial(name, fault, seed) for name in fitting for seed in range(options.seeds)]
    return trials


def measured_harm(
    options: argparse.Namespace, kept: Kept
) -> tuple[list[Trial], Counter[str], dict[Trial, float]]:
    """The healthy trials and those whose fault did harm, the harmless of each fault, the skills.

    The skills are those of the healthy trials.
    """
    skills = dict(answered(train_job, "", trials_of(options), kept, skill_key, options.processes))
    healthy = {trial: value for trial, value in skills.items() if trial.fault is None}
    for trial, value in healthy.items():
        print(f"healthy {trial.program}, seed {trial.seed}: skill {value:.3f}")
    weak = [trial for trial, value in healthy.items() if not value > LEARNED]
    if weak:
        raise SystemExit(f"Healthy programs that do not learn: {weak}.")
    harmful, harmless = list(healthy), Counter()
    for trial, value in skills.items():
        if trial.fault is None:
            continue
        if does_harm(healthy[trial._replace(fault=None)], value):
            harmful.append(trial)
        else:
            harmless[trial.fault] += 1
    for fault, number in sorted(harmless.items()):
        print(f"harmless and left out: {fault}, {number} trials")
    return harmful, harmless, healthy


def seen_by_the_doctor(options: argparse.Namespace, kept: Kept, trials: list[Trial]) -> Answers:
    source = source_of(PACKAGE)

    def key(trial: Trial) -> str:
        return f"{options.doctor} {source} {fingerprint(trial.made())} {trial.seed}"

    return dict(answered(doctor_job, options.doctor, trials, kept, key, options.processes))


def skill_key(trial: Trial) -> str:
    return f"skill {fingerprint(trial.made())} {trial.seed}"


def train_job(trial: Trial, argument: str) -> float:
    return trained_skill(trial.made(), trial.seed)


def doctor_job(trial: Trial, way: str) -> dict:
    return examined(trial.made(), trial.seed, way)


if __name__ == "__main__":
    sys.exit(main())
