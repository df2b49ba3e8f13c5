"""Basic Recipe: train, read bias and variance, act, repeat; the dev error falls by a third.

Purpose: to see the loop of the course decide. A small network is trained on `digits`; the gap from
human to train error (bias) and from train to dev error (variance) say what to try next: a bigger or
another network against bias, which comes first where both are high, more data or regularisation
against variance. What does not lower the dev error is dropped. The test set is looked at once, at
the end.

Expected result: the gap that is treated first is smaller in the end, the dev error of the best
model falls to two thirds of the first one's or less (mean over 3 seeds, of which the first takes
three steps, the others two; with --quick one seed and two steps), and the test error agrees with
the dev error within their intervals.
Run time: about 100 s on 2 cores; with --quick about 18 s.
"""

import sys

import numpy as np

import kerasrecipes as kr

HUMAN_ERROR = 0.005  # stated: a person reads these digits almost without error


@kr.lesson
def main(lesson):
    """The loop for each seed, told step by step."""
    x, y = kr.data.load("digits")
    seeds = lesson.pick(quick=lesson.seeds[:1], full=lesson.seeds)
    results, tests = [], []
    for seed in lesson.progress(seeds, "walking round the loop"):
        # The data: 60/20/20, as the course has it for small sets, every class in every part.
        split = kr.data.train_dev_test_split(x, y, seed=seed)
        lesson.section(f"Seed {seed}")
        lesson.say(f"Dev and test: {kr.data.same_distribution(split.dev[0], split.test[0])}")

        # The loop. It ends when bias and variance are low, when nothing is left to try, or after
        # its budget, which is in minutes; here it also ends after so many steps.
        walk = Walk(lesson, lesson.pick(quick=2, full=3 if seed == seeds[0] else 2))
        recipe = kr.BasicRecipe(
            human_error=HUMAN_ERROR,
            budget=lesson.pick(quick=2.0, full=4.0),
            seed=seed,
            progress=walk.tell,
            should_stop=walk.is_over,
        )
        result = recipe.run(split, image_shape=(8, 8, 1))
        why = "it was to take so many steps" if walk.is_over() else result.stop_reason
        lesson.say(f"It ended because {why}.")
        results.append(result)
        show(lesson, result, seed)

        # The test set, once: no decision depended on it.
        x_test, y_test = split.test
        outputs = result.model.predict(x_test, batch_size=2048, verbose=0)
        tests.append(kr.diagnosis.measure_error("error_rate", y_test, outputs))

    # What the loop has done, by its own record.
    lesson.section("What came of it")
    dev = [(r.steps[0].reading.dev_error, r.best.reading.dev_error) for r in results]
    lesson.table(
        "Errors in %, a row for each seed",
        ("seed", "steps", "first dev error", "best dev error", "test error"),
        [
            (seed, len(result.steps), *(100 * e.error for e in (*dev[i], tests[i])))
            for i, (seed, result) in enumerate(zip(seeds, results, strict=True))
        ],
    )
    treated = [treatment(result) for result in results]
    lesson.claim(
        "the gap that is treated first is smaller in the best model, for each seed",
        all(aim and after < before for aim, before, after in treated),
        ", ".join(f"{aim} {before:.1%} to {after:.1%}" for aim, before, after in treated if aim),
    )
    ratio = np.mean([best.error / first.error for first, best in dev])
    lesson.claim(
        "the dev error falls to two thirds or less, on average",
        ratio <= 2 / 3,
        f"to {ratio:.2f} of the first: "
        + ", ".join(f"{first.error:.1%} to {best.error:.1%}" for first, best in dev),
    )
    agree = [a.low <= b.high and b.low <= a.high for (_, a), b in zip(dev, tests, strict=True)]
    lesson.claim(
        "the test error agrees with the dev error",
        all(agree),
        ", ".join(f"{b.error:.1%} and {a.error:.1%}" for (_, a), b in zip(dev, tests, strict=True)),
    )


class Walk:
    """Says each decision and each result as it comes, and counts them."""

    def __init__(self, lesson, steps):
        self.lesson, self.left = lesson, steps

    def tell(self, event):
        """One line for a decision, one for what it came to."""
        if isinstance(event, kr.recipe.StepStarted):
            self.lesson.say(f"{event.number}. {event.name}: {event.reason}")
        elif isinstance(event, kr.recipe.StepDone):
            self.left -= 1
            kept = "kept" if event.step.kept else "dropped"
            self.lesson.say(f"{kept}; {event.step.reading}")

    def is_over(self):
        """Whether there were enough steps."""
        return self.left <= 0


def treatment(result):
    """The gap that the first decision names, its size then, and in the best model."""
    first = result.steps[0]
    for step in result.steps[1:]:
        for aim in ("bias", "variance"):
            if step.reason.startswith(aim):
                return (
                    aim,
                    getattr(first.reading, aim).value,
                    getattr(result.best.reading, aim).value,
                )
    return "", 0.0, 0.0


def show(lesson, result, seed):
    """The errors of each step, and the cost curves."""
    lesson.table(
        "What was tried",
        ("step", "train error, %", "dev error, %", "verdict", "kept"),
        [
            (
                f"{step.number}. {step.name}",
                100 * step.reading.train_error.error,
                100 * step.reading.dev_error.error,
                step.reading.verdict,
                "yes" if step.kept else "no",
            )
            for step in result.steps
        ],
    )
    with lesson.sheet(
        f"costs-{seed}",
        "Train cost (thin) and dev cost (thick) of each step, on a log scale.",
        "; ".join(f"{step.name}: lowest dev cost {step.dev_cost:.3f}" for step in result.steps),
    ) as sheet:
        axes = sheet.subplots()
        for number, step in enumerate(result.steps):
            axes.plot(step.curves["train_cost"], color=f"C{number}", linewidth=0.8)
            axes.plot(step.curves["dev_cost"], color=f"C{number}", label=step.name)
        axes.set(xlabel="epoch", ylabel="cost", yscale="log")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
