"""What a request must say. Pure: no I/O, no clock, no boto3.

decisions       Decision and Enforcement: what was decided
catalogue       the controls, as data
exemptions      the cases that AWS itself cannot do, as data
instance_types  which instance families have local storage
verdicts        where a member stands, and what can be said of it
checks          what a governed member must hold, by kind of rule
cases           where AWS itself will not take what a control asks
locations       which bucket a text names
perimeter       buckets, owners, and whom resource policies name
s3, tags        objects that are written, and tags
s3_buckets      buckets and their settings: what is public, where they send data
s3_stores       access points, tables, vectors, file systems: what could open them
documents       JSON inside requests
job_documents   CreateJob's
pipelines       the definitions of pipelines
unknown         values that exist once a pipeline runs
secrets         plaintext secrets in free texts, wherever they stand
secret_formats  the formats by which a secret is told, as data
secret_names    the names by which a secret is told, as data
detection       whether one text is a secret
free_texts      where a request holds free text, as data
images          whose images run, and whether by digest
rules           which member of which structure a control governs, as data
members         looks rules up; which structures may be created; what was reviewed
parameters      an operation's input shape, reduced to what is governed
resource_kinds  kinds of things that calls name: how each is described, as data
naming          how a text names a thing made elsewhere
references      which member names one, as data
mentions        what one request names
descriptions    what a Describe shows, as the request that would make it
waivers         which waivers excuse a request
settling        what each verdict becomes
public_services which services may be reached publicly
source_keys     whose keys may assume the role
walk            one walk over one request
enforcement     decides about a request
snapshots       what a request said, to tell whether it still says so
"""

from secure_sagemaker.controls.catalogue import CONTROLS, Control, Severity
from secure_sagemaker.controls.checks import s3_key
from secure_sagemaker.controls.decisions import ABSENT, Action, Decision, Enforcement
from secure_sagemaker.controls.descriptions import DescribedKind
from secure_sagemaker.controls.enforcement import Enforcer
from secure_sagemaker.controls.exemptions import EXEMPTIONS, Exemption
from secure_sagemaker.controls.mentions import Mention, Namings, mentions_of
from secure_sagemaker.controls.public_services import judge_public_service
from secure_sagemaker.controls.references import LOOKS, Pin
from secure_sagemaker.controls.resource_kinds import KINDS, ResourceKind
from secure_sagemaker.controls.snapshots import Snapshot
from secure_sagemaker.controls.source_keys import is_long_lived, judge_source
from secure_sagemaker.controls.waivers import applicable, excuse, in_words

__all__ = [
    "ABSENT",
    "CONTROLS",
    "EXEMPTIONS",
    "KINDS",
    "LOOKS",
    "Action",
    "Control",
    "Decision",
    "DescribedKind",
    "Enforcement",
    "Enforcer",
    "Exemption",
    "Mention",
    "Namings",
    "Pin",
    "ResourceKind",
    "Severity",
    "Snapshot",
    "applicable",
    "excuse",
    "in_words",
    "is_long_lived",
    "judge_public_service",
    "judge_source",
    "mentions_of",
    "s3_key",
]
