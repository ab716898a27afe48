"""What is done to an image before an engine reads it: named steps, whose boxes map back exactly."""

from ocr_plugins.preprocess.pipeline import STEPS, Pipeline, parse_steps
from ocr_plugins.preprocess.step import Prepared, Step, Transform

__all__ = ["STEPS", "Pipeline", "Prepared", "Step", "Transform", "parse_steps"]
