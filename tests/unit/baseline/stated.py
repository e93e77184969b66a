"""A complete baseline as a file states it, for tests to change one thing of."""

import tomllib
from datetime import date

TODAY = date(2026, 11, 1)

COMPLETE = """\
schema_version = 1
region = "eu-west-1"

[role]
arn = "arn:aws:iam::111122223333:role/ml-launcher"

[execution_roles]
default = "arn:aws:iam::111122223333:role/ml-execution"

[kms]
default = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

[vpc]
subnets = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]
security_groups = ["sg-0a1b2c3d"]

[network_isolation]
training = "require"
processing = "require"
tuning = "require"
models = "default"
monitoring = "off"

[data_perimeter]
write = { ml-artifacts = "111122223333" }
default_bucket = "ml-artifacts"
"""

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# Two regions, one of them chosen by an environment; keys and subnets belong to their region.
REGIONS = (
    COMPLETE.replace('region = "eu-west-1"\n', "")
    .replace(f'default = "{KEY}"', 'default = "alias/ml"')
    .replace('subnets = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]\n', "")
    + """
[env.prod]
region = "eu-west-1"

[env.prod.hardening]
vpc_image_repositories_only = true

[region.eu-west-1.vpc]
subnets = ["subnet-0a1b2c3d"]

[region.us-east-1.vpc]
subnets = ["subnet-0c1d2e3f"]
"""
)

WAIVER = """
[[waivers]]
control = "network-isolation"
operations = ["CreateTrainingJob"]
resources = ["churn-*"]
reason = "reads a feature store while it trains"
ticket = "SEC-101"
approver = "jane.doe"
expires = 2026-12-31
"""


def changed(old: str, new: str, text: str = COMPLETE) -> str:
    """The text with one thing of it changed, which must be there."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def parsed(text: str = COMPLETE) -> dict[str, object]:
    return tomllib.loads(text)
