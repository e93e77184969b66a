"""What must be known of data before it is used, and what of it is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from secure_sagemaker.baseline.patterns import Location, Locations
from secure_sagemaker.baseline.section import ReadOnly, Section, contradiction
from secure_sagemaker.baseline.within import location_lies_within

__all__ = [
    "CODE_CHANNELS",
    "EXPANSION",
    "USD_PER_GB",
    "Accepted",
    "DataClass",
    "Macie",
    "MacieSeverity",
    "Safeguard",
]

CODE_CHANNELS = (
    # Training, scripts and recipes.
    *("code", "sm_drivers", "recipe"),
    # Remote functions, and what is made of them.
    *("sagemaker_remote_function_bootstrap", "sagemaker_remote_function_workspace", "sm_rf_user_ws"),
    *("pre_exec_script_and_dependencies", "conf"),
    # Processing: scripts, Spark's own, Data Wrangler's, Clarify's and the monitors'.
    *("entrypoint", "aux", "jars", "py-files", "flow", "analysis_config"),
    *("record_preprocessor_script_input", "post_analytics_processor_script_input"),
)
"""What both majors of the SageMaker Python SDK call the channels and inputs that bring code and its configuration. Not
among them: ``files`` of Spark, ``config`` of evaluations and the folder of a notebook job, which may hold data."""
USD_PER_GB = 1.25
"""What Macie takes at most of its regions, for the first gigabytes."""
EXPANSION: Mapping[str, float] = MappingProxyType(
    {"avro": 3.0, "gz": 6.0, "gzip": 6.0, "parquet": 6.0, "zip": 6.0}
)
"""How many times larger than stored a format is taken to be when it is read, where nothing else is stated."""


class Safeguard(StrEnum):
    """What a call must have where its data is accepted on that condition."""

    CUSTOMER_KEY = "customer-key"
    """Keys of your own: no control has AWS-managed ones."""
    NETWORK_ISOLATION = "network-isolation"
    """The containers have no network."""
    NO_DATA_CAPTURE = "no-data-capture"
    """What goes in and out is kept nowhere."""
    NO_REMOTE_DEBUG = "no-remote-debug"
    """No shell into the containers."""


MacieSeverity = Literal["Low", "Medium", "High"]
"""How grave Macie takes a finding to be."""

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.+-]+$")]
ClassName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+$")]
Factor = Annotated[float, Field(ge=1)]
MemoryPlace = Annotated[
    str,
    StringConstraints(
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^*?$]*)?|dynamodb:[A-Za-z0-9_.-]{3,255})$"
    ),
]


def _folder(location: str) -> str:
    if not location.endswith("/"):
        raise ValueError(f"{location!r} does not end with a slash: what is kept needs a folder of its own")
    return location


class Accepted(Section):
    """Sensitive data that may be used."""

    category: Literal["CREDENTIALS", "CUSTOM_IDENTIFIER", "FINANCIAL_INFORMATION", "PERSONAL_INFORMATION"]
    """The category that Macie puts it in; ``CUSTOM_IDENTIFIER`` for identifiers of your own."""
    types: tuple[Identifier, ...] = ()
    """The types within it, such as ``NAME`` or ``USA_SOCIAL_SECURITY_NUMBER``; all where none is named."""
    maximum_severity: MacieSeverity = "High"
    """The gravest that the object's finding may be."""
    under: tuple[Safeguard, ...] = ()
    """What the call must have then. It is made so, and recorded."""


class DataClass(Section):
    """Data of one kind: where it lies, and what may be in it."""

    places: Annotated[Locations, Field(min_length=1)]
    """The S3 locations that hold it, such as ``s3://ml-datasets/customers/``."""
    accept: tuple[Accepted, ...] = ()
    """What may be found in it. All that is found must be in one of them. Where it is in several, the most particular
    count: those that name types before those that name none, then those of the lowest severity."""
    scan: bool = True
    """Whether it needs a verdict at all. Without, it is used unread."""


class Macie(Section):
    """What Amazon Macie must have said of input data."""

    mode: Literal["off", "observe", "require", "scan"] = "off"
    """Whether inputs need a verdict: ``require`` refuses without one, ``scan`` has them scanned within the call and
    waits, ``observe`` only records what ``require`` would have refused."""
    minimum_coverage: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The share of an input's objects that must have been read, from 0 to 1."""
    maximum_age_days: Annotated[int, Field(ge=1)] = 30
    """How old a verdict may be, in days."""
    maximum_cost_usd: Annotated[float, Field(ge=0)] | None = None
    """The highest estimated cost of one scan, in US dollars."""
    sampling_percentage: Annotated[int, Field(ge=1, le=100)] = 100
    """How many of a hundred objects a scan reads. The others are unread, and count against ``minimum_coverage``."""
    identifiers: Literal["none", "recommended", "all"] = "recommended"
    """Which of Macie's managed identifiers look for sensitive data."""
    include_identifiers: tuple[Identifier, ...] = ()
    """The managed identifiers that look for it where ``identifiers`` is ``none``."""
    exclude_identifiers: tuple[Identifier, ...] = ()
    """Those that do not, where ``identifiers`` is ``all``."""
    custom_identifiers: tuple[Identifier, ...] = ()
    """Ids of identifiers of your own."""
    allow_lists: tuple[Identifier, ...] = ()
    """Ids of the lists of what is no sensitive data."""
    classes: Annotated[Mapping[ClassName, DataClass], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """What is accepted where. Elsewhere nothing sensitive is."""
    code_channels: tuple[Identifier, ...] = CODE_CHANNELS
    """Names of channels and inputs that hold code and no data, and need no verdict."""
    memory: MemoryPlace | None = None
    """Where verdicts are kept for a team: ``s3://bucket/prefix`` in a bucket of ``data_perimeter.write``, or
    ``dynamodb:table``; by default in a file of this user."""
    snapshot: Annotated[Location, AfterValidator(_folder)] | None = None
    """A folder in a bucket of ``data_perimeter.write``: what was read and accepted is copied there, and the call is
    given the copy. The bucket's policy must let nobody change what lies there."""
    maximum_bucket_score: Annotated[int, Field(ge=0, le=100)] | None = None
    """The highest sensitivity score that automated discovery may have given an input's bucket, beside all else."""
    usd_per_gb: Annotated[float, Field(gt=0)] = USD_PER_GB
    """What a scan is taken to cost, in US dollars a gigabyte that is read."""
    expansion: Annotated[Mapping[Extension, Factor], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """By extension, how many times larger than stored an object is taken to be when it is read, for the estimate.
    Beside those that the library has: ``gz``, ``parquet`` and ``zip`` six times, ``avro`` three times."""
    timeout_minutes: Annotated[int, Field(ge=1)] = 720
    """How long a scan is waited for. It goes on, and is found again by the next one."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for (name, one), (other_name, other) in combinations(self.classes.items(), 2):
            for place in one.places:
                for beside in other.places:
                    if location_lies_within(place, beside) or location_lies_within(beside, place):
                        raise contradiction(
                            f"macie.classes.{name}",
                            f"{place} is of the class {other_name} too",
                            "give each place one class",
                        )
        if self.include_identifiers and self.identifiers == "recommended":
            raise contradiction(
                "macie.include_identifiers",
                "Macie takes its recommended identifiers as they are",
                'state macie.identifiers = "none" or "all"',
            )
        if self.exclude_identifiers and self.identifiers != "all":
            raise contradiction(
                "macie.exclude_identifiers",
                "identifiers are excluded from all of them alone",
                'state macie.identifiers = "all", or leave it out',
            )
        if self.mode != "off" and not self._looks_for_something():
            raise contradiction(
                "macie.identifiers",
                "a scan would look for nothing",
                "name include_identifiers or custom_identifiers",
            )
        return self

    def _looks_for_something(self) -> bool:
        return bool(self.identifiers != "none" or self.include_identifiers or self.custom_identifiers)
