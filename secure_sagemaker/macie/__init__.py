"""What Amazon Macie says of input data, before it is used.

inputs      which data a request has SageMaker read, by the tables of input_shapes and one walk, input_walk
verdicts    what is known of one object: clear, sensitive or unread
manifests   the objects that an input lists instead of carrying
listing     what lies under a prefix, several folders at a time
planning    what one job is told to read: what has no verdict, and as little else as can be
estimate    what that would cost
results     what Macie wrote of each object that a job looked at
memory      verdicts kept by object version, in a file; shared_memory in a bucket or a table
settings    what is looked for, and so what a verdict holds for
acceptance  which verdicts are good enough
progress    how far a scan is; progress_bar draws it
report      what is told of a scan in the end; formats has its forms
"""

from secure_sagemaker.macie.progress import ScanProgress
from secure_sagemaker.macie.report import ScanJob, ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion

__all__ = [
    "Detection",
    "ObjectVerdict",
    "ObjectVersion",
    "ScanJob",
    "ScanProgress",
    "ScanReport",
    "ScannedInput",
]
