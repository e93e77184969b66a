"""Pipeline definitions: their steps' settings, held to the same controls as the calls that the steps make.

variables    what stands for a value that is known when the pipeline runs
steps        which operation each type of step calls, and what is governed in the others
definitions  one walk over a definition
"""

from secure_sagemaker.controls.pipelines.definitions import (
    StepCall,
    calls_of,
    hold_definition,
    steps_of,
    with_parameters,
)
from secure_sagemaker.controls.pipelines.variables import Reading

__all__ = ["Reading", "StepCall", "calls_of", "hold_definition", "steps_of", "with_parameters"]
