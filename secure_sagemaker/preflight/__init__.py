"""What is checked before any work: whether the account really is what the baseline says.

    report = session.preflight()
    print(report)  # a table; report.worst is the highest severity of what is not known to hold

findings    what a check is, and what it says: ok, problem or unknown
catalogue   the checks, as data: what each decides, exactly
report      all findings, and their table

facts       what was read, as plain values; responses turns EC2's answers into them
addresses   sets of IP addresses
services    which services need an endpoint, by the baseline
subnets, routes, groups, acls, endpoints    pure decisions about the network
policies    evaluates a policy for one request; foreigners knows whom to try as a stranger
network     which decision needs which facts

account_facts           what was read beside the network
roles, keys, buckets    pure decisions about them; account tells all

reading, account_reading    ask AWS, as the support role, several things at once
inspection  reads, then decides
"""

from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.findings import Check, Finding, Status
from secure_sagemaker.preflight.report import PreflightReport

__all__ = ["CHECKS", "Check", "Finding", "PreflightReport", "Status"]
