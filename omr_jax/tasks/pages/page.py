"""The page of a run's report, where a network finds symbols on pages: one HTML file."""

from collections.abc import Mapping

from omr_jax.evaluation.boxes import Counted
from omr_jax.report import of_training, parts
from omr_jax.report.parts import percent
from omr_jax.tasks.pages.run import DetectedRun


def page(run: DetectedRun, numbers: Mapping, counts: Mapping[str, Counted]) -> str:
  """The report of a run as HTML.

  Args:
    run: The run.
    numbers: The measured numbers of its summary.
    counts: The counts of boxes that reach the threshold, by class.
  """
  sections = {
    **({'Learning curves': of_training.curves(run)} if run.history else {}),
    'Run': of_training.facts(run),
  }
  return parts.fill(
    f'AP50 {percent(numbers["ap50"])} on {numbers["pages"]} test pages',
    f'{run.facts["config_name"]}, split {run.facts["protocol"]}',
    '',
    {},
    sections,
    2,
  )
