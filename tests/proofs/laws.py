"""What the client refuses, as laws about a request's condition keys: from the controls, not from the policies.

A law is broken by some requests of some actions. It is about a value that is wrong, or about one that is missing; of
the second kind are those that a policy may declare unguarded, by control and action. A law says nothing of actions
that it does not name, nor of what no key tells.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import z3

import secure_sagemaker
from secure_sagemaker.baseline import ControlId, IsolationMode, Mode, SecurityBaseline, Waiver
from tests.proofs.actions import of_service
from tests.proofs.globs import Glob, arn, literal, plain
from tests.proofs.keys import Keys, Vocabulary
from tests.proofs.policies import Case

__all__ = ["Broken", "Law", "Laws", "Setting", "every_law", "no_law"]

VOLUME, OUTPUT = "sagemaker:VolumeKmsKeyArn", "sagemaker:OutputKmsKeyArn"
SHARING = "sagemaker:DomainSharingOutputKmsKeyArn"
OFFLINE, ONLINE = "sagemaker:FeatureGroupOfflineStoreKmsKeyArn", "sagemaker:FeatureGroupOnlineStoreKmsKeyArn"
STORE_URI, STORE = "sagemaker:FeatureGroupOfflineStoreS3Uri", "sagemaker:FeatureGroupOfflineStoreConfig"
STORE_ONLINE = "sagemaker:FeatureGroupEnableOnlineStore"
SUBNETS, GROUPS = "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds"
TYPES, MODEL = "sagemaker:InstanceTypes", "sagemaker:ModelArn"
ISOLATED, ENCRYPTED = "sagemaker:NetworkIsolation", "sagemaker:InterContainerTrafficEncryption"
SSE, SSE_KEY = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
SSE_CALLER = "s3:x-amz-server-side-encryption-customer-algorithm"
GRANTS = tuple(
    f"s3:x-amz-grant-{right}" for right in ("full-control", "read", "read-acp", "write", "write-acp")
)


def sagemaker(*operations: str) -> frozenset[str]:
    return frozenset(f"sagemaker:{operation}" for operation in operations)


JOBS = sagemaker("CreateHyperParameterTuningJob", "CreateProcessingJob", "CreateTrainingJob")
AUTOML = sagemaker("CreateAutoMLJob", "CreateAutoMLJobV2")
CLARIFY = sagemaker("CreateModelBiasJobDefinition", "CreateModelExplainabilityJobDefinition")
QUALITY = sagemaker("CreateDataQualityJobDefinition", "CreateModelQualityJobDefinition")
DEFINITIONS = CLARIFY | QUALITY
SCHEDULES = sagemaker("CreateMonitoringSchedule", "UpdateMonitoringSchedule")
TRANSFORM = sagemaker("CreateTransformJob")
ENDPOINTS = sagemaker("CreateEndpointConfig")
# What holds a network of its own, and must: where no law says otherwise, what is absent is AWS's own choice.
NETWORKED = (
    JOBS
    | AUTOML
    | DEFINITIONS
    | sagemaker("CreateCluster", "CreateDomain", "CreateModel", "CreateNotebookInstance")
    | sagemaker("CreateJob", "CreateTrainingSession")
)
# Operations that take tags and are not held to the required ones, in botocore's and in the client's tables alike:
# what they make is part of something else, or they make nothing.
UNTAGGED = sagemaker("AddTags", "CreateEdgeDeploymentStage", "CreateReservedCapacity") | sagemaker(
    "UpdateMonitoringSchedule", "UpdateProject"
)
OBJECT_READS = frozenset(
    name for name in of_service("s3") if name.startswith(("s3:GetObject", "s3:ListBucket"))
)
# The actions by which S3 authorizes the operations that write, and that the client holds to the data perimeter.
BUCKET_WRITES = frozenset(
    f"s3:{name}"
    for name in (
        *(
            "AbortMultipartUpload",
            "DeleteBucket",
            "DeleteBucketPolicy",
            "DeleteBucketWebsite",
            "DeleteObject",
        ),
        *("DeleteObjectTagging", "DeleteObjectVersion", "PutAccelerateConfiguration"),
        *("PutAnalyticsConfiguration", "PutBucketAcl", "PutBucketCORS", "PutBucketLogging"),
        *("PutBucketNotification", "PutBucketOwnershipControls", "PutBucketPolicy"),
        *("PutBucketPublicAccessBlock", "PutBucketTagging", "PutBucketVersioning", "PutBucketWebsite"),
        *("PutEncryptionConfiguration", "PutIntelligentTieringConfiguration", "PutInventoryConfiguration"),
        *("PutLifecycleConfiguration", "PutMetricsConfiguration", "PutObject", "PutObjectAcl"),
        *("PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging", "PutReplicationConfiguration"),
        "RestoreObject",
    )
)
ACLS = frozenset({"s3:CreateBucket", "s3:PutBucketAcl", "s3:PutObject", "s3:PutObjectAcl"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What a proof is about: a baseline, and what its policies were made with."""

    baseline: SecurityBaseline
    arns: Mapping[str, str]
    """The keys that the baseline names, as written there, with their ARNs."""
    clarify_jobs: tuple[str, ...] = ()
    services: tuple[str, ...] = ("sagemaker.amazonaws.com",)
    """The service principals that may be given an execution role."""
    tomorrow: bool = True
    """The laws hold for the actions that AWS may yet make, too."""
    unguarded: frozenset[tuple[ControlId, str]] = frozenset()
    """Controls and actions for which the policies declare that a missing value is not refused."""
    excepted_roles: tuple[str, ...] = ()
    """Patterns of the roles that no law is about."""
    overruled: frozenset[tuple[ControlId, str]] = frozenset()
    """Controls and actions for which the policies declare that a waiver is of no use."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The ARNs of every key that the baseline names."""
        return tuple(dict.fromkeys(self.arns.values()))

    @property
    def partition(self) -> str:
        """The partition of the baseline."""
        return self.baseline.role_arn.partition


def _anything(_: str) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """One thing that the client refuses."""

    name: str
    control: ControlId | None
    """None for what no mode and no waiver softens."""
    actions: frozenset[str]
    broken: z3.BoolRef
    missing: bool = False
    """It is about a value that is missing."""
    everywhere: str = ""
    """The service of which it is about every action, those that AWS may yet make too; none where it is empty."""
    resources: Callable[[str], bool] = _anything
    """The resources it is about."""

    def names(self, case: Case) -> bool:
        """Whether it says something of a case's action."""
        return case.name in self.actions or case.service == self.everywhere


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """The requests of a case that break a law."""

    law: Law
    must: z3.BoolRef
    """Those that AWS must refuse: not those that a waiver excuses."""
    may: z3.BoolRef
    """Those that it may refuse: some waivers are declared to be of no use."""


def every_law(_: Law) -> bool:
    return True


def no_law(_: Law) -> bool:
    return False


class Laws:
    """The laws of a baseline, without those that it only observes."""

    def __init__(self, setting: Setting, *, chosen: Callable[[Law], bool] = every_law) -> None:
        self.setting = setting
        self._chosen = chosen
        self.vocabulary = Vocabulary()
        self._own = [arn(key) for key in setting.keys]
        self._words()

    def _words(self) -> None:
        baseline, add, examples = self.setting.baseline, self.vocabulary.add, self.vocabulary.add_examples
        for key in (VOLUME, OUTPUT, SHARING, OFFLINE, ONLINE, SSE_KEY):
            add(key, *self._own)
            examples(key, f"arn:{self.setting.partition}:kms:{baseline.region}:999988887777:key/another")
        add(SUBNETS, *map(literal, baseline.vpc.subnets))
        add(GROUPS, *map(literal, baseline.vpc.security_groups))
        add(TYPES, *self.local_types)
        examples(TYPES, "ml.m5.xlarge", "ml.g5.xlarge", "ml.p4d.24xlarge", "ml.c6i.large")
        add(MODEL)
        add(STORE_URI, *self._written())
        for key in (ISOLATED, ENCRYPTED, STORE, STORE_ONLINE, "sagemaker:EnableRemoteDebug"):
            add(key)
        add("sagemaker:ServerlessMaxConcurrency")
        for key, value in _CHOICES:
            add(key, literal(value))
        add("sagemaker:WorkteamType", literal("public-crowd"))
        for tag, values in baseline.required_tags.items():
            add(f"aws:RequestTag/{tag}", *map(literal, values))
            add("aws:TagKeys", literal(tag))
        for waiver in baseline.waivers:
            self.vocabulary.add_days("aws:CurrentTime", _end(waiver))
            for tag, value in waiver.resource_tags.items():
                add(f"aws:RequestTag/{tag}", literal(value))
        add("iam:PassedToService", *map(literal, self.setting.services))
        add("aws:SecureTransport")
        if self.setting.excepted_roles:
            add("aws:PrincipalArn", *map(arn, self.setting.excepted_roles))
            examples("aws:PrincipalArn", baseline.role.arn)
        add(SSE, literal("aws:kms"), literal("aws:kms:dsse"))
        for key in (SSE_CALLER, *GRANTS):
            add(key)
        add("s3:x-amz-acl", *map(literal, _PRIVATE))
        add("aws:ResourceAccount", *map(literal, self._owners().values()))

    @property
    def local_types(self) -> tuple[Glob, ...]:
        """The instance types that take no volume key, since their hardware encrypts what they store."""
        data = Path(secure_sagemaker.__file__).parent / "controls/data/instance_storage.json"
        table = json.loads(data.read_text("utf-8"))["local_storage"]
        stated = self.setting.baseline.instance_families
        families = {family for family, encryption in table.items() if encryption == "required"}
        families |= {family for family, kind in stated.items() if kind == "local-storage"}
        return tuple(plain(f"ml.{family}.*") for family in sorted(families))

    def _written(self, chosen: Callable[[str], bool] = _anything) -> tuple[Glob, ...]:
        names = [name for name in self.setting.baseline.data_perimeter.write if chosen(name)]
        return tuple(plain(form) for name in names for form in (f"s3://{name}", f"s3://{name}/*"))

    def _owners(self) -> Mapping[str, str]:
        perimeter = self.setting.baseline.data_perimeter
        return {**perimeter.read, **perimeter.write}

    # --- which laws there are ---

    def of(self, keys: Keys) -> tuple[Law, ...]:
        """Every law that holds, over some keys."""
        modes = self.setting.baseline.mode
        made = [*self._kms(keys), *self._network(keys), *self._switches(keys), *self._tags(keys)]
        made += [*self._roles(keys), *self._objects(keys), *self._buckets(keys)]
        holding = (law for law in made if law.control is None or modes(law.control) is not Mode.OBSERVE)
        roles = tuple(map(arn, self.setting.excepted_roles))
        return tuple(
            replace(law, broken=z3.And(law.broken, keys.another("aws:PrincipalArn", roles))) if roles else law
            for law in holding
            if self._chosen(law)
        )

    def _kms(self, keys: Keys) -> Iterator[Law]:
        volume, output = ControlId.KMS_VOLUME_KEY, ControlId.KMS_OUTPUT_KEY
        managed = self.setting.baseline.kms.aws_managed
        for key, control in (
            *((VOLUME, volume), (OUTPUT, output), (SHARING, output), (OFFLINE, output)),
            (ONLINE, ControlId.KMS_RESOURCE_KEY),
        ):
            yield Law(
                name=f"another key in {key.partition(':')[2]}",
                control=control,
                actions=of_service("sagemaker", key.lower()),
                broken=keys.another(key, self._own),
                everywhere="sagemaker",
            )
        if volume not in managed:
            yield from self._volumes(keys)
        if output not in managed:
            yield from self._outputs(keys)
        if ControlId.KMS_RESOURCE_KEY not in managed:
            yield Law(
                name="no key for an online store",
                control=ControlId.KMS_RESOURCE_KEY,
                actions=sagemaker("CreateFeatureGroup"),
                broken=z3.And(keys.absent(ONLINE), keys.some(STORE_ONLINE, [literal("true")])),
                missing=True,
            )

    def _volumes(self, keys: Keys) -> Iterator[Law]:
        def law(name: str, actions: frozenset[str], *broken: z3.BoolRef) -> Law:
            return Law(
                name=name,
                control=ControlId.KMS_VOLUME_KEY,
                actions=actions,
                broken=z3.And(keys.absent(VOLUME), *broken),
                missing=True,
            )

        with_volume, untold = keys.another(TYPES, self.local_types), keys.absent(TYPES)
        yield law(
            "no volume key", AUTOML | sagemaker("CreateDomain", "CreateLabelingJob", "CreateNotebookInstance")
        )
        yield law(
            "no volume key though instances have volumes",
            JOBS | TRANSFORM | DEFINITIONS | SCHEDULES,
            with_volume,
        )
        yield law("no volume key, and no instance type", JOBS | TRANSFORM | DEFINITIONS, untold)
        setting = self.setting.baseline.kms.endpoint_local_storage
        some_local = keys.some(TYPES, self.local_types)
        if setting == "omit":
            yield law("no key of an endpoint with volumes", ENDPOINTS, z3.Not(some_local))
        else:
            yield law("no key of an endpoint", ENDPOINTS)
        if setting == "refuse":
            yield Law(
                name="an endpoint with local storage",
                control=ControlId.KMS_VOLUME_KEY,
                actions=ENDPOINTS,
                broken=some_local,
            )

    def _outputs(self, keys: Keys) -> Iterator[Law]:
        def law(name: str, actions: frozenset[str], *broken: z3.BoolRef) -> Law:
            return Law(
                name=name,
                control=ControlId.KMS_OUTPUT_KEY,
                actions=actions,
                broken=z3.And(*broken),
                missing=True,
            )

        writing = sagemaker("CreateJob", "CreateLabelingJob", "CreateTrainingSession")
        yield law("no output key", JOBS | AUTOML | TRANSFORM | DEFINITIONS | writing, keys.absent(OUTPUT))
        yield law("no output key of a schedule's job", SCHEDULES, keys.absent(OUTPUT), keys.present(TYPES))
        yield law(
            "no key for what is shared",
            sagemaker("CreateDomain", "CreateUserProfile", "UpdateDomain", "UpdateUserProfile"),
            keys.absent(SHARING),
        )
        directories = self._written(lambda name: name.endswith("--x-s3"))
        yield law(
            "no key for an offline store",
            sagemaker("CreateFeatureGroup"),
            keys.absent(OFFLINE),
            keys.present(STORE),
            z3.Not(keys.some(STORE_URI, directories)),
        )

    def _network(self, keys: Keys) -> Iterator[Law]:
        vpc, control = self.setting.baseline.vpc, ControlId.VPC_CONFIG
        for key, listed in ((SUBNETS, vpc.subnets), (GROUPS, vpc.security_groups)):
            what, absent = key.partition(":")[2], keys.absent(key)
            yield Law(
                name=f"another one in {what}",
                control=control,
                actions=of_service("sagemaker", key.lower()),
                broken=keys.another(key, map(literal, listed)),
                everywhere="sagemaker",
            )
            for actions, broken in (
                (NETWORKED, absent),
                (SCHEDULES, z3.And(absent, keys.present(TYPES))),
                (ENDPOINTS, z3.And(absent, keys.absent(MODEL))),
            ):
                yield Law(name=f"no {what}", control=control, actions=actions, broken=broken, missing=True)
        yield Law(
            name="serverless inference",
            control=ControlId.SERVERLESS_INFERENCE,
            actions=ENDPOINTS,
            broken=keys.present("sagemaker:ServerlessMaxConcurrency"),
        )
        yield from self._isolation(keys)
        if self.setting.baseline.hardening.inter_container_encryption:
            open_traffic = z3.Not(keys.some(ENCRYPTED, [literal("true")]))
            for actions, broken in (
                (JOBS | AUTOML | DEFINITIONS, open_traffic),
                (SCHEDULES, z3.And(open_traffic, keys.present(TYPES))),
            ):
                yield Law(
                    name="traffic between containers is not encrypted",
                    control=ControlId.INTER_CONTAINER_ENCRYPTION,
                    actions=actions,
                    broken=broken,
                    missing=True,
                )

    def _isolation(self, keys: Keys) -> Iterator[Law]:
        modes, runs_clarify = self.setting.baseline.network_isolation, self._runs_clarify
        open_network = z3.Not(keys.some(ISOLATED, [literal("true")]))
        of_job, of_components = keys.present(TYPES), keys.absent(MODEL)
        for mode, actions, condition in (
            (modes.training, sagemaker("CreateTrainingJob"), z3.BoolVal(True)),
            (modes.tuning, sagemaker("CreateHyperParameterTuningJob"), z3.BoolVal(True)),
            (modes.processing, sagemaker("CreateProcessingJob"), z3.BoolVal(True)),
            (modes.models, sagemaker("CreateModel"), z3.BoolVal(True)),
            (modes.models, ENDPOINTS, of_components),
            (modes.monitoring, DEFINITIONS, z3.BoolVal(True)),
            (modes.monitoring, SCHEDULES, of_job),
        ):
            if mode is IsolationMode.REQUIRE:
                yield Law(
                    name="no network isolation",
                    control=ControlId.NETWORK_ISOLATION,
                    actions=actions,
                    broken=z3.And(open_network, condition),
                    missing=True,
                    resources=lambda resource: not runs_clarify(resource),
                )

    def _runs_clarify(self, resource: str) -> bool:
        kind, _, name = resource.rpartition(":")[2].partition("/")
        return kind in ("processing-job", "monitoring-schedule") and _is_named(
            name, self.setting.clarify_jobs
        )

    def _switches(self, keys: Keys) -> Iterator[Law]:
        hardening = self.setting.baseline.hardening

        def wrong(
            control: ControlId, actions: Iterable[str], broken: z3.BoolRef, *, all_: bool = False
        ) -> Law:
            return Law(
                name=f"{control} is open",
                control=control,
                actions=frozenset(actions),
                broken=broken,
                everywhere="sagemaker" if all_ else "",
            )

        def unlike(key: str, value: str) -> z3.BoolRef:
            return keys.another(key, [literal(value)])

        def not_stated(key: str, value: str) -> z3.BoolRef:
            return z3.Not(keys.some(key, [literal(value)]))

        (internet, disabled), (access, only), (root, rootless), (version, second), (remote, off) = _CHOICES
        notebook, changed = sagemaker("CreateNotebookInstance"), sagemaker("UpdateNotebookInstance")
        if not hardening.allow_remote_debug:
            debug = "sagemaker:EnableRemoteDebug"
            yield wrong(
                ControlId.REMOTE_DEBUG,
                of_service("sagemaker", debug.lower()),
                keys.some(debug, [literal("true")]),
                all_=True,
            )
        if not hardening.allow_remote_access:
            opened = of_service("sagemaker", remote.lower())
            yield wrong(ControlId.REMOTE_ACCESS, opened, unlike(remote, off), all_=True)
            yield wrong(ControlId.REMOTE_ACCESS, sagemaker("StartSession"), z3.BoolVal(True))
        if not hardening.allow_direct_internet_access:
            control = ControlId.DIRECT_INTERNET_ACCESS
            yield wrong(control, notebook, not_stated(internet, disabled))
            yield wrong(control, sagemaker("CreateDomain"), not_stated(access, only))
            yield wrong(control, sagemaker("UpdateDomain"), unlike(access, only))
        if not hardening.allow_root_access:
            yield wrong(ControlId.ROOT_ACCESS, notebook, not_stated(root, rootless))
            yield wrong(ControlId.ROOT_ACCESS, changed, unlike(root, rootless))
        if hardening.minimum_imds_version > 1:
            yield wrong(ControlId.INSTANCE_METADATA_SERVICE, notebook, not_stated(version, second))
            yield wrong(ControlId.INSTANCE_METADATA_SERVICE, changed, unlike(version, second))
        if not hardening.allow_public_workforce:
            team = "sagemaker:WorkteamType"
            yield wrong(
                ControlId.PUBLIC_WORKFORCE,
                of_service("sagemaker", team.lower()),
                keys.some(team, [literal("public-crowd")]),
                all_=True,
            )
        yield wrong(
            ControlId.DATA_PERIMETER,
            of_service("sagemaker", STORE_URI.lower()),
            keys.another(STORE_URI, self._written()),
            all_=True,
        )

    def _tags(self, keys: Keys) -> Iterator[Law]:
        control, required = ControlId.REQUIRED_TAGS, self.setting.baseline.required_tags
        for tag, values in required.items():
            key, listed = f"aws:RequestTag/{tag}", [literal(value) for value in values]
            right = keys.some(key, listed) if values else keys.present(key)
            yield Law(
                name=f"tag {tag} is missing or wrong",
                control=control,
                actions=of_service("sagemaker", key.lower()) - UNTAGGED,
                broken=z3.Not(right),
                missing=True,
            )
            if values:
                yield Law(
                    name=f"tag {tag} is changed",
                    control=control,
                    actions=sagemaker("AddTags", "UpdateProject"),
                    broken=keys.another(key, listed),
                )
            yield Law(
                name=f"tag {tag} is removed",
                control=control,
                actions=sagemaker("DeleteTags"),
                broken=keys.some("aws:TagKeys", [literal(tag)]),
            )

    def _roles(self, keys: Keys) -> Iterator[Law]:
        control, passing = ControlId.EXECUTION_ROLE, frozenset({"iam:PassRole"})
        roles = self.setting.baseline.execution_roles
        yield Law(
            name="another role is passed",
            control=control,
            actions=passing,
            broken=z3.BoolVal(True),
            resources=lambda resource: resource not in (roles.default, *roles.allowed),
        )
        yield Law(
            name="a role is passed to another service",
            control=control,
            actions=passing,
            broken=z3.Not(keys.some("iam:PassedToService", map(literal, self.setting.services))),
        )

    def _objects(self, keys: Keys) -> Iterator[Law]:
        control, put = ControlId.S3_ENCRYPTION, frozenset({"s3:PutObject"})
        yield Law(
            name="without TLS",
            control=None,
            actions=frozenset(),
            everywhere="s3",
            broken=keys.some("aws:SecureTransport", [literal("false")]),
        )
        for name, broken in (
            ("another key", keys.another(SSE_KEY, self._own)),
            ("another encryption", keys.another(SSE, [literal("aws:kms"), literal("aws:kms:dsse")])),
            ("the caller's own key", keys.present(SSE_CALLER)),
        ):
            yield Law(name=f"{name} of an object", control=control, actions=put, broken=broken)
        yield Law(
            name="no encryption is named",
            control=control,
            actions=put,
            broken=z3.Or(keys.absent(SSE), keys.absent(SSE_KEY)),
            missing=True,
        )
        public = ControlId.PUBLIC_ACCESS
        private = keys.another("s3:x-amz-acl", map(literal, _PRIVATE))
        yield Law(name="an ACL for others", control=public, actions=ACLS, broken=private)
        for grant in GRANTS:
            yield Law(name=f"{grant} is given", control=public, actions=ACLS, broken=keys.present(grant))
        opening = frozenset({"s3:DeleteBucketPolicy", "s3:PutBucketWebsite"})
        yield Law(name="a bucket is opened", control=public, actions=opening, broken=z3.BoolVal(True))

    def _buckets(self, keys: Keys) -> Iterator[Law]:
        perimeter, always = self.setting.baseline.data_perimeter, z3.BoolVal(True)
        readable = {*perimeter.write, *perimeter.read, *perimeter.aws_public_buckets}

        def outside(names: Iterable[str]) -> Callable[[str], bool]:
            listed = frozenset(names)
            return lambda resource: not any(self._is_in(resource, name) for name in listed)

        for name, actions, allowed in (
            ("read", OBJECT_READS | {"s3express:CreateSession"}, readable),
            ("written", BUCKET_WRITES, frozenset(perimeter.write)),
        ):
            yield Law(
                name=f"{name} outside of the data perimeter",
                control=ControlId.DATA_PERIMETER,
                actions=actions,
                broken=always,
                resources=outside(allowed),
            )
        own = self.setting.baseline.account
        made = [name for name, owner in perimeter.write.items() if owner == own and _is_plain(name)]
        yield Law(
            name="a bucket is made",
            control=ControlId.BUCKET_CREATION,
            actions=frozenset({"s3:CreateBucket"}),
            broken=always,
            resources=outside(made if perimeter.create_buckets else ()),
        )
        yield Law(
            name="a directory bucket is made",
            control=ControlId.BUCKET_CREATION,
            actions=frozenset({"s3express:CreateBucket"}),
            broken=always,
        )
        for name, owner in self._owners().items():
            if _is_plain(name):
                yield Law(
                    name=f"bucket {name} is another account's",
                    control=ControlId.BUCKET_OWNER,
                    actions=frozenset(),
                    everywhere="s3",
                    broken=keys.another("aws:ResourceAccount", [literal(owner)]),
                    resources=lambda resource, name=name: self._is_in(resource, name),
                )

    def _is_in(self, resource: str, bucket: str) -> bool:
        """Whether a resource is a bucket that the data perimeter names, or in it."""
        baseline, partition = self.setting.baseline, self.setting.partition
        if bucket.startswith("arn:"):
            return resource == bucket or resource.startswith(f"{bucket}/object/")
        if bucket.endswith("--x-s3"):
            return (
                resource == f"arn:{partition}:s3express:{baseline.region}:{baseline.account}:bucket/{bucket}"
            )
        return resource == f"arn:{partition}:s3:::{bucket}" or resource.startswith(
            f"arn:{partition}:s3:::{bucket}/"
        )

    # --- what breaks them ---

    def broken(self, laws: Iterable[Law], case: Case, keys: Keys) -> Iterator[Broken]:
        """What of a case breaks which of the laws about its action, without what is declared unguarded."""
        for law in laws:
            if case.action.keys is None and not self.setting.tomorrow:
                return
            if not law.resources(case.resource) or self._is_excepted(law, case):
                continue
            if (waived := self._waived(law, case, keys)) is None:
                yield Broken(law=law, must=law.broken, may=law.broken)
            else:
                useless = (law.control, case.name) in self.setting.overruled
                excused = z3.And(law.broken, z3.Not(waived))
                yield Broken(law=law, must=excused, may=law.broken if useless else excused)

    def _is_excepted(self, law: Law, case: Case) -> bool:
        if not law.missing or (law.control, case.name) not in self.setting.unguarded:
            return False
        # Declared so far only as the request names no instance type: a serverless job.
        return law.name != "no volume key though instances have volumes"

    def _waived(self, law: Law, case: Case, keys: Keys) -> z3.BoolRef | None:
        waivers = [one for one in self.setting.baseline.waivers if one.control is law.control]
        if case.action.keys is None and waivers:
            return z3.BoolVal(True)  # the actions of tomorrow are not denied where something is waived
        about = [waiver for waiver in waivers if _excuses(waiver, case)]
        if not about:
            return None
        return z3.Or(
            *(
                z3.And(
                    keys.before("aws:CurrentTime", _end(waiver)),
                    *(
                        keys.some(f"aws:RequestTag/{tag}", [literal(value)])
                        for tag, value in waiver.resource_tags.items()
                    ),
                )
                for waiver in about
            )
        )


_CHOICES = (
    ("sagemaker:DirectInternetAccess", "Disabled"),
    ("sagemaker:AppNetworkAccessType", "VpcOnly"),
    ("sagemaker:RootAccess", "Disabled"),
    ("sagemaker:MinimumInstanceMetadataServiceVersion", "2"),
    ("sagemaker:RemoteAccess", "DISABLED"),
)
_PRIVATE = ("private", "bucket-owner-full-control", "bucket-owner-read")


def _is_plain(bucket: str) -> bool:
    return not bucket.startswith("arn:") and not bucket.endswith(("--x-s3", "-s3alias", "--ol-s3"))


def _is_named(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is like a pattern, or like what SageMaker writes of it in ARNs: lower case."""
    return any(plain(form).matches(name) for pattern in patterns for form in (pattern, pattern.lower()))


def _excuses(waiver: Waiver, case: Case) -> bool:
    operation = case.name.partition(":")[2]
    if (
        case.service != "sagemaker"
    ):  # the operations of S3 are not its actions, and any operation passes a role
        return not {*waiver.operations} <= {one.partition(":")[2] for one in of_service("sagemaker")}
    return bool({operation, "*"} & {*waiver.operations}) and _is_named(
        _name(case), waiver.resources or ("*",)
    )


def _name(case: Case) -> str:
    """The name in a resource's ARN: what follows its kind, and for what is named below something, that as well."""
    for template in case.action.templates.values():
        kind = template.rpartition(":")[2]
        if plain(kind).matches(case.resource.rpartition(":")[2]):
            return case.resource.rpartition(":")[2].split("/", kind.count("/"))[-1]
    return ""


def _end(waiver: Waiver) -> str:
    return f"{waiver.expires + timedelta(days=1)}T00:00:00+00:00"
