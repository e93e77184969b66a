"""A whole process, or a whole program, under one session.

with session.activate():
    boto3.client("sagemaker").create_training_job(...)  # or whatever makes clients of its own

process       begins and ends, one baseline at a time
source        what it takes from the session
patches       the names of botocore's that are replaced, and no others
securing      what is done when a client is made, and about credentials
asynchronous  the same for aiobotocore
earlier       clients that were there before
places        where in a program something was done
sdk           the SageMaker Python SDK's own sessions
surroundings  what child processes inherit
broker        hands out the role's credentials to them
children      a child process, put under the same; bootstrap/ is what starts it
running       a program, from its start to its end
notes         what happened besides calls; summary sums up both
"""

from secure_sagemaker.activation.process import Activation, begin
from secure_sagemaker.activation.running import ProgramRun, run
from secure_sagemaker.activation.source import Children, Earlier, OtherKeys, Source
from secure_sagemaker.activation.summary import ActivationSummary
from secure_sagemaker.activation.whole import activate

__all__ = [
    "Activation",
    "ActivationSummary",
    "Children",
    "Earlier",
    "OtherKeys",
    "ProgramRun",
    "Source",
    "activate",
    "begin",
    "run",
]
