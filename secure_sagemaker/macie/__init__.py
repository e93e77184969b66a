"""What Amazon Macie says of input data, before it is used.

inputs      which data a request has SageMaker read, by the tables of input_shapes and one walk, input_walk
service     Macie as it is asked, and what its refusals mean
verdicts    what is known of one object: clear, sensitive or unread
manifests   the objects that an input lists instead of carrying
reading     the objects that an input names; listing lists prefixes, several folders at a time
planning    what one job is told to read: what has no verdict, and as little else as can be
estimate    what that would cost
results     what Macie wrote of each object that a job looked at
memory      verdicts kept by object version, in a file; shared_memory in a bucket or a table
engine      a scan, from its inputs to its report; precautions keep one from being made
jobs        made once, found again, waited for (underway); collecting takes in what they tell
survey      one look at what lies there, what is known of it and what is thought of that
gate        a call's data, looked at twice; safeguards is what a call must have for its sake
snapshots   copies that nobody changes, made by copying under write_protection
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
