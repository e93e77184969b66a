"""SageMaker's control plane, kept by one store that botocore's service model drives.

service     a call is held to its input shape, and answered
generic     made, described, listed, updated, started, stopped, deleted: what every kind has in common
kinds       the kinds of resources, read from the model, with a table of what it does not say
resources   the ARNs that a call is about
kept        the records, how one is found, how it is missed
listing     filters, order, pages
shapes      requests held to their shape, records told through one
jobs, hosting, registry, pipelines, lineage, search, workplaces
            what AWS does for some kinds beside that, and the operations that are like no other
values      JSON values, read by path
"""

from secure_sagemaker.local.sagemaker.service import SageMaker

__all__ = ["SageMaker"]
