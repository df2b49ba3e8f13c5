"""The loop of the course, automated: train, read bias and variance, act, until both are low."""

from kerasrecipes.recipe.basic_recipe import BasicRecipe, RecipeInterrupted
from kerasrecipes.recipe.events import EpochDone, Said, StepDone, StepStarted
from kerasrecipes.recipe.job import Job, JobOptions, run_job
from kerasrecipes.recipe.predict import load_run, predict_rows
from kerasrecipes.recipe.result import RecipeResult, RecipeStep
from kerasrecipes.recipe.settings import Settings

__all__ = [
    "BasicRecipe",
    "EpochDone",
    "Job",
    "JobOptions",
    "RecipeInterrupted",
    "RecipeResult",
    "RecipeStep",
    "Said",
    "Settings",
    "StepDone",
    "StepStarted",
    "load_run",
    "predict_rows",
    "run_job",
]
