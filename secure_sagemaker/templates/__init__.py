"""A conforming environment as a stack to deploy, from the same baseline that sessions are held to.

environment     what it consists of: a private network, roles, keys, buckets, with their policies
stands_for      names of what is not there yet, and what becomes of them in a policy
cloudformation  the environment as a CloudFormation template
terraform       the environment as a Terraform configuration
skipped         what scanners would find, and why it is meant
"""

from secure_sagemaker.templates.cloudformation import cloudformation
from secure_sagemaker.templates.environment import Environment, environment
from secure_sagemaker.templates.terraform import terraform

__all__ = ["Environment", "cloudformation", "environment", "terraform"]
