"""The demonstration: a real workflow, secured on the embedded AWS, and what becomes of insecure ones.

workflow    training and hosting, as a user of the SageMaker Python SDK v3 writes it
attempts    insecure calls, to be corrected or refused
container   runs the training script where SageMaker would start a container
evidence    reads the recorded HTTP requests: their controls, their signatures
story       tells it all on the terminal
"""

from secure_sagemaker.local.demonstration.story import run

__all__ = ["run"]
