"""The SageMaker Python SDK's own ``Session``, v2 or v3, made to carry a secured boto3 session.

The SDK is imported when a session is asked for, never before. What such a session holds to:

1. Every client it makes comes from the boto3 session it was given.
2. Its defaults are the baseline's alone: the SDK reads no configuration file for it.
3. Its default bucket is the baseline's. A missing bucket is an error; the SDK never makes one.
4. Asked for "the role", it names the execution role of jobs and not the launcher's.
5. It sends no telemetry.

``process`` tells what the SDK keeps once a process, and is set there too.
"""

from secure_sagemaker.sagemaker_sdk.defaults import SdkDefaults, sagemaker_defaults, sdk_defaults
from secure_sagemaker.sagemaker_sdk.installed import SdkVersion, installed_sdk
from secure_sagemaker.sagemaker_sdk.sessions import make_sagemaker_session

__all__ = [
    "SdkDefaults",
    "SdkVersion",
    "installed_sdk",
    "make_sagemaker_session",
    "sagemaker_defaults",
    "sdk_defaults",
]
