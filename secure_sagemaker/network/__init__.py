"""Where a request may go.

endpoints   which origins a client of the session may be pointed to
"""

from secure_sagemaker.network.endpoints import EndpointPolicy

__all__ = ["EndpointPolicy"]
