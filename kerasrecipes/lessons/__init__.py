"""What every recipe script has in common: its options, what it shows, its claims, its files.

A recipe is a function that gets a `Lesson`. It trains with the library's parts and Keras's own, and
tells the lesson what it measured; the lesson prints it, draws it on a page, and ends with exit
status 1 if a claim does not hold.
"""

from kerasrecipes.lessons.lesson import Claim, Lesson
from kerasrecipes.lessons.options import Options
from kerasrecipes.lessons.script import begin, end, lesson

__all__ = ["Claim", "Lesson", "Options", "begin", "end", "lesson"]
