"""The checks, as data: what each decides, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from secure_sagemaker.controls import Severity
from secure_sagemaker.preflight.findings import Check

__all__ = ["CHECKS"]


def _check(id_: str, title: str, severity: Severity, *, case: str, remedy: str) -> Check:
    return Check(id=id_, title=title, severity=severity, case=case, remedy=remedy)


_ROWS = (
    _check(
        "role-assumable",
        "The baseline's role is assumed",
        Severity.CRITICAL,
        case="calls of the session are signed as role.arn, which STS itself confirms; unknown where STS is not reached",
        remedy="have the role's trust policy name who starts the session, with what the baseline says of MFA and tags",
    ),
    _check(
        "role-reach",
        "The session reaches no more than the baseline's own",
        Severity.HIGH,
        case="evaluated, not compared, over the role's policies, its boundary and the session's policies: rewriting "
        "and passing another role, assuming one, another bucket's objects (the account's and a stranger's), another "
        "key, a secret; none may be allowed",
        remedy="state session_policy.tasks, or give the role what `secure-sagemaker policy launcher-role` writes",
    ),
    _check(
        "execution-role-trust",
        "Execution roles trust SageMaker, and no stranger",
        Severity.HIGH,
        case="evaluated: SageMaker may assume each of execution_roles for work of this account, and neither a made-up "
        "stranger nor any other account or principal that the policy names may, but for the role's own account and "
        "data_perimeter.trusted_accounts",
        remedy="give it the trust policy that `secure-sagemaker policy execution-role` writes",
    ),
    _check(
        "execution-role-deputy",
        "Execution roles trust SageMaker for this account alone",
        Severity.MEDIUM,
        case="evaluated: SageMaker may not assume it for work of a made-up account, nor of one that the policy names, "
        "but for data_perimeter.trusted_accounts",
        remedy="add aws:SourceAccount to its trust policy's conditions",
    ),
    _check(
        "execution-role-reach",
        "Execution roles reach no more than the baseline's own",
        Severity.HIGH,
        case="the same as role-reach, over each execution role's policies and its boundary",
        remedy="give it the policies that `secure-sagemaker policy execution-role` writes",
    ),
    _check(
        "key-exists",
        "The baseline's keys exist",
        Severity.HIGH,
        case="KMS describes each key that the baseline names, by ARN, id or alias",
        remedy="correct the key in the baseline's kms section",
    ),
    _check(
        "key-enabled",
        "The keys are enabled",
        Severity.HIGH,
        case="the key's state is Enabled: not disabled, not pending deletion or import",
        remedy="enable it, or name another key",
    ),
    _check(
        "key-kind",
        "The keys are symmetric, of the baseline's region",
        Severity.HIGH,
        case="it is a symmetric key for encryption, in the baseline's region",
        remedy="name a symmetric key of the region",
    ),
    _check(
        "key-rotation",
        "The keys are rotated",
        Severity.MEDIUM,
        case="automatic rotation is on, or the key is AWS's own; imported and external material is a problem, since "
        "KMS does not rotate it",
        remedy="turn rotation on",
    ),
    _check(
        "key-use",
        "The roles may use the keys",
        Severity.HIGH,
        case="evaluated, for the baseline's role and each execution role: GenerateDataKey and Decrypt by S3, and "
        "CreateGrant for AWS resources by SageMaker. Where the key's policy names the account alone, the role's own "
        "policies must allow it too",
        remedy="give the key the policy that `secure-sagemaker policy key` writes",
    ),
    _check(
        "key-policy",
        "The keys' policies are closed to others",
        Severity.CRITICAL,
        case="evaluated: neither a made-up stranger nor any other account or principal that the policy names may "
        "decrypt, generate data keys, make grants or change the policy, but for the key's own account and "
        "data_perimeter.trusted_accounts",
        remedy="name the roles, or the account, in place of everybody",
    ),
    _check(
        "bucket-exists",
        "The buckets exist, with their owners",
        Severity.HIGH,
        case="each bucket of the data perimeter answers a call that states its owner; unknown where S3 denies it, "
        "since that is also its answer where the owner is another",
        remedy="create it, or correct data_perimeter; let the role do s3:GetBucketLocation",
    ),
    _check(
        "bucket-region",
        "The buckets are in the baseline's region",
        Severity.MEDIUM,
        case="S3 locates the bucket in the baseline's region",
        remedy="use a bucket of the region",
    ),
    _check(
        "bucket-encryption",
        "What is written is encrypted with our key by default",
        Severity.HIGH,
        case="the default encryption of each bucket of data_perimeter.write is SSE-KMS with a key that the baseline "
        "names; with S3's own KMS key where kms.aws_managed says so",
        remedy="set the bucket's default encryption",
    ),
    _check(
        "bucket-versioning",
        "What is written is kept when it is overwritten",
        Severity.MEDIUM,
        case="versioning of each bucket of data_perimeter.write is on",
        remedy="turn versioning on",
    ),
    _check(
        "bucket-public-access",
        "The buckets block public access",
        Severity.HIGH,
        case="all four settings of the bucket's own block are on, whatever the account's are; of buckets that are "
        "written, or that the account owns",
        remedy="turn all four on",
    ),
    _check(
        "bucket-tls",
        "The buckets' policies deny what comes without TLS",
        Severity.HIGH,
        case="evaluated, for our role and for strangers: reading, writing and listing without TLS are denied; of "
        "buckets that are written, or that the account owns",
        remedy="give it the policy that `secure-sagemaker policy bucket` writes",
    ),
    _check(
        "bucket-policy",
        "The buckets' policies are closed to others",
        Severity.CRITICAL,
        case="evaluated: neither a made-up stranger nor any other account or principal that the policy names may read, "
        "write or list, but for the bucket's owner and data_perimeter.trusted_accounts; of the same buckets",
        remedy="give it the policy that `secure-sagemaker policy bucket` writes",
    ),
    _check(
        "macie-enabled",
        "Macie is enabled where scans are asked for",
        Severity.HIGH,
        case="where macie.mode is not off, Macie's status in the account and region is ENABLED",
        remedy="enable Macie",
    ),
    _check(
        "macie-results",
        "Macie's results go to a bucket of the perimeter",
        Severity.HIGH,
        case="where macie.mode is not off, Macie has a bucket for the results of discovery, and it is one of "
        "data_perimeter.read or data_perimeter.write: a scan reads there what of each object was read",
        remedy="have Macie write its results to a bucket, and name that in data_perimeter.read with its owner",
    ),
    _check(
        "macie-discovery",
        "Automated discovery is on where its scores are asked for",
        Severity.HIGH,
        case="where macie.maximum_bucket_score is stated, automated sensitive data discovery is ENABLED",
        remedy="turn automated discovery on, or leave macie.maximum_bucket_score out",
    ),
    _check(
        "macie-key",
        "Macie's role may decrypt with the baseline's keys",
        Severity.HIGH,
        case="where macie.mode is not off, evaluated: each key's own policy lets Macie's service-linked role decrypt. "
        "What it grants to the account alone does not, as the role's own policy says nothing of KMS; AWS's own keys do",
        remedy="give it the policy that `secure-sagemaker policy key` writes",
    ),
    _check(
        "macie-bucket",
        "The buckets do not keep Macie's role out",
        Severity.HIGH,
        case="where macie.mode is not off, evaluated: no statement of the bucket's policy denies Macie's "
        "service-linked role listing and reading, which it does through no VPC endpoint; of buckets that are written, "
        "or that the account owns",
        remedy="except the role from the statement, by aws:PrincipalArn",
    ),
    _check(
        "snapshot-policy",
        "Copies of data stay as they are",
        Severity.HIGH,
        case="where macie.snapshot is stated, the policy of its bucket denies to everybody, on all of the folder, "
        "deletion, replication over what stands there, and writing without If-None-Match; and to all but named roles "
        "any writing. What is not sure to deny that does not count",
        remedy="give it the policy that `secure-sagemaker policy bucket` writes",
    ),
    _check(
        "subnet-exists",
        "The baseline's subnets exist",
        Severity.HIGH,
        case="each of vpc.subnets is a subnet of this account and region",
        remedy="correct vpc.subnets",
    ),
    _check(
        "subnet-vpc",
        "The subnets are of one VPC",
        Severity.HIGH,
        case="all subnets that exist are of one VPC, which is vpc.vpc_id where that is stated",
        remedy="name subnets of one VPC in vpc.subnets",
    ),
    _check(
        "subnet-zones",
        "The subnets are in two availability zones",
        Severity.MEDIUM,
        case="the subnets that exist are in two availability zones or more, which endpoints need",
        remedy="add a subnet of another availability zone to vpc.subnets",
    ),
    _check(
        "subnet-addresses",
        "The subnets have free addresses",
        Severity.MEDIUM,
        case="each subnet has 16 free IPv4 addresses or more; an instance takes two",
        remedy="free addresses, or name a larger subnet",
    ),
    _check(
        "vpc-dns",
        "The VPC resolves its endpoints' names",
        Severity.HIGH,
        case="the VPC has DNS support and DNS hostnames on, which private DNS of endpoints needs",
        remedy="turn both on",
    ),
    _check(
        "vpc-flow-logs",
        "Flow logs record what is accepted",
        Severity.MEDIUM,
        case="the VPC, or each of the subnets, has an active flow log of ALL or ACCEPT traffic whose delivery works",
        remedy="create a flow log of the VPC",
    ),
    _check(
        "route-internet-gateway",
        "No route to an internet gateway",
        Severity.CRITICAL,
        case="in the subnet's own table, or its VPC's main one, no public IPv4 or IPv6 address takes a route to an "
        "internet or carrier gateway, by longest prefix, prefix lists read; a dropped route (blackhole) leads nowhere, "
        "and hides what is wider",
        remedy="delete the route, or name a private subnet in vpc.subnets",
    ),
    _check(
        "route-nat",
        "No route to a NAT gateway",
        Severity.HIGH,
        case="the same, of NAT gateways",
        remedy="delete the route; reach AWS by VPC endpoints",
    ),
    _check(
        "route-egress-only",
        "No route to an egress-only internet gateway",
        Severity.HIGH,
        case="the same, of egress-only gateways, by which IPv6 leaves",
        remedy="delete the route; reach AWS by VPC endpoints",
    ),
    _check(
        "route-elsewhere",
        "No public address is sent to another network",
        Severity.MEDIUM,
        case="the same, of transit gateways, peering connections, VPNs and appliances; unknown where there is one, "
        "since what lies behind it is not read",
        remedy="see to it that the network behind has no way to the internet, or narrow the route to private addresses",
    ),
    _check(
        "group-vpc",
        "The security groups are of the subnets' VPC",
        Severity.HIGH,
        case="each of vpc.security_groups exists, and is of the one VPC of the subnets",
        remedy="correct vpc.security_groups",
    ),
    _check(
        "group-egress",
        "The security groups do not let out to the whole internet",
        Severity.HIGH,
        case="the addresses of a group's egress rules, prefix lists read, do not hold the whole public internet of "
        "IPv4 or of IPv6, by one rule or by several together",
        remedy="let out what is needed alone: 443 to the endpoints' groups and to S3's prefix list",
    ),
    _check(
        "group-ingress",
        "The security groups do not let in the whole internet",
        Severity.CRITICAL,
        case="the same, of ingress rules",
        remedy="delete the rule",
    ),
    _check(
        "group-self",
        "Instances of one job reach one another",
        Severity.MEDIUM,
        case="for both directions a rule names one of the groups, or covers the subnets, for all of TCP: distributed "
        "training needs it",
        remedy="let the group in from itself, and out to itself",
    ),
    _check(
        "endpoint-present",
        "Each service has an interface endpoint",
        Severity.HIGH,
        case="the subnets' VPC has an available interface endpoint of SageMaker's API and runtime, STS, KMS, "
        "CloudWatch Logs and whatever else `privatelink.services` reaches so (Macie where scans are asked "
        "for), FIPS or not",
        remedy="create the endpoint, in each subnet's zone, with private DNS",
    ),
    _check(
        "endpoint-zones",
        "The endpoints are in the subnets' zones",
        Severity.MEDIUM,
        case="each zone of the subnets has one of the endpoint's own subnets",
        remedy="add a subnet of that zone to the endpoint",
    ),
    _check(
        "endpoint-private-dns",
        "The endpoints answer to the public names",
        Severity.HIGH,
        case="private DNS is on for each interface endpoint",
        remedy="turn private DNS on",
    ),
    _check(
        "endpoint-groups",
        "HTTPS passes from our groups to the endpoints'",
        Severity.HIGH,
        case="the baseline's groups let TCP 443 out to a group of the endpoint, or to all of its subnets' addresses, "
        "and the endpoint's groups let it in from one of ours, or from all of our subnets' addresses",
        remedy="add the rule that lacks",
    ),
    _check(
        "endpoint-acls",
        "Network ACLs let HTTPS and its answers pass",
        Severity.HIGH,
        case="from each subnet to each other subnet of an endpoint, all addresses at 443 pass both ACLs, and answers "
        "to the ports 32768 to 60999 pass both back, for the IP versions that the endpoint has: rules by number, "
        "first match",
        remedy="correct the ACL's rule",
    ),
    _check(
        "endpoint-policy",
        "The endpoints' policies are closed to others",
        Severity.HIGH,
        case="evaluated, not compared: neither a made-up stranger nor any other account or principal that the policy "
        "names may do anything by it, but for data_perimeter.trusted_accounts; and, of S3, our own role nothing with "
        "a bucket of a made-up account, or of one that it names and that owns no bucket of the data perimeter",
        remedy="add aws:PrincipalOrgID or aws:PrincipalAccount, and aws:ResourceAccount, to its policy's conditions",
    ),
    _check(
        "s3-endpoint",
        "S3 is reached by an endpoint",
        Severity.HIGH,
        case="each subnet's table has a live route for S3's prefix list to an available gateway endpoint of S3 in the "
        "VPC, or the VPC has an available interface endpoint of S3",
        remedy="create a gateway endpoint of S3 with each subnet's table",
    ),
    _check(
        "s3-path",
        "HTTPS passes to S3's gateway endpoint",
        Severity.HIGH,
        case="where a subnet reaches S3 by the gateway endpoint: our groups let 443 out to S3's prefix list, or to all "
        "its addresses, and the subnet's ACL lets 443 out there and answers back",
        remedy="let 443 out to S3's prefix list, and correct the ACL",
    ),
)

CHECKS: Mapping[str, Check] = MappingProxyType({row.id: row for row in _ROWS})
"""Every check by its id, in the order they are told."""
