"""SecureSession: a boto3.Session whose every call is made as the baseline says. The only place that wires.

secure_session  what a program has of it
wiring          the botocore session, role and guard of each region
making          how it comes to be
loading         the baseline that it is held to
scope           what AWS will hold it to
scanning        what has Macie read its data
verification    what verify tells
operations      which operation a person means
"""

from secure_sagemaker.session.secure_session import SecureSession

__all__ = ["SecureSession"]
