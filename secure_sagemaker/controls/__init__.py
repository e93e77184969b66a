"""What a request must say. Pure: no I/O, no clock, no boto3.

decisions       Decision and Enforcement: what was decided
catalogue       the controls and exemptions, as data
instance_types  which instance families have local storage
verdicts        where a member stands, and what can be said of it
checks          what a governed member must hold, by kind of rule
cases           where AWS itself will not take what a control asks
locations       which bucket a text names
perimeter       buckets, owners, and whom resource policies name
s3, tags        objects that are written, and tags
documents       JSON inside requests
rules           which member of which structure a control governs, as data
members         looks rules up; which structures may be created; what was reviewed
parameters      an operation's input shape, reduced to what is governed
waivers         which waivers excuse a request
walk            one walk over one request: what each verdict becomes
enforcement     decides about a request
"""

from secure_sagemaker.controls.catalogue import CONTROLS, EXEMPTIONS, Control, Exemption, Severity
from secure_sagemaker.controls.checks import s3_key
from secure_sagemaker.controls.decisions import Action, Decision, Enforcement
from secure_sagemaker.controls.enforcement import Enforcer

__all__ = [
    "CONTROLS",
    "EXEMPTIONS",
    "Action",
    "Control",
    "Decision",
    "Enforcement",
    "Enforcer",
    "Exemption",
    "Severity",
    "s3_key",
]
