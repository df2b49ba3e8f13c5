"""The loop of the course, automated: train, read bias and variance, act, until both are low."""

from kerasrecipes.recipe.basic_recipe import BasicRecipe, RecipeInterrupted
from kerasrecipes.recipe.events import EpochDone, RunBegun, Said, StepDone, StepStarted
from kerasrecipes.recipe.job import Job, JobOptions, resume_job, run_job
from kerasrecipes.recipe.predict import load_run, predict_rows
from kerasrecipes.recipe.result import RecipeResult, RecipeStep
from kerasrecipes.recipe.settings import Settings
from kerasrecipes.recipe.unfinished_run import UnfinishedRun

__all__ = [
    "BasicRecipe",
    "EpochDone",
    "Job",
    "JobOptions",
    "RecipeInterrupted",
    "RecipeResult",
    "RecipeStep",
    "RunBegun",
    "Said",
    "Settings",
    "StepDone",
    "StepStarted",
    "UnfinishedRun",
    "load_run",
    "predict_rows",
    "resume_job",
    "run_job",
]
