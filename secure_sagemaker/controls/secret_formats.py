"""Formats by which a secret is told wherever it stands. The formats are data.

Those of `detect-secrets` come first in renown, those that it lacks are listed here. Of that library only the
patterns are used (``analyze_string``): what would ask a provider whether a secret is valid is never called. It is
loaded when the first text is looked at, for with it comes a library of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

__all__ = ["Detector", "detectors", "matches"]

_WINDOW, _OVERLAP = 4096, 1024
"""Characters looked at in one piece: some patterns take a time that grows with the square of the text."""


@dataclass(frozen=True, slots=True)
class _Format:
    kind: str
    marker: str
    """A text that every secret of the format holds: what lacks it is not looked at further."""
    pattern: re.Pattern[str]


def _format(kind: str, marker: str, pattern: str) -> _Format:
    return _Format(kind, marker, re.compile(rf"(?<![A-Za-z0-9]){pattern}"))


_FORMATS = (
    # The library's pattern wants a user and a password without punctuation, and takes {password} for one.
    _Format(
        "an address with a password",
        "://",
        re.compile(r"://[^\s/?#:@\"'`{}]*:([^\s/?#@\"'`{}]+)@(?!sha256:)"),
    ),
    _format("an age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    _format("an Airtable token", "pat", r"pat\w{14}\.[0-9a-f]{64}"),
    _format("an Anthropic API key", "sk-ant-", r"sk-ant-[\w-]{20,}"),
    _format("an Artifactory token", "AKC", r"AKC[A-Za-z0-9]{10,200}(?![A-Za-z0-9])"),
    _format("an Artifactory token", "cmVmd", r"cmVmd[A-Za-z0-9]{59}"),
    _format("an Atlassian token", "ATATT3", r"ATATT3[\w=-]{50,}"),
    _format("an AWS Bedrock API key", "ABSK", r"ABSK[A-Za-z0-9+/]{100,}"),
    _format("an AWS session token", "IQoJb3JpZ2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/=]{50,}"),
    _format("an AWS session token", "oGZXIvYXdz", r"F[wQ]oGZXIvYXdz[A-Za-z0-9+/=]{50,}"),
    _format("an AWS presigned URL", "X-Amz-Signature=", r"X-Amz-Signature=[0-9a-f]{64}"),
    _format("an Azure client secret", "Q~", r"[\w~.-]{3}\dQ~[\w~.-]{31,34}"),
    _Format("an Azure shared access signature", "sig=", re.compile(r"[?&]sig=[A-Za-z0-9%+/]{40,}")),
    _format("an Azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
    _format("an Azure access key", "SharedAccessKey=", r"SharedAccessKey=[A-Za-z0-9+/]{40,}={0,2}"),
    _format("a Databricks token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    _format("a DigitalOcean token", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _format("a Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/(\d{15,}/[\w-]{60,})"),
    _format("a Docker Hub token", "dckr_pat_", r"dckr_pat_[\w-]{20,}"),
    _format("a Doppler token", "dp.", r"dp\.(?:audit|ct|pt|sa|scim|st)\.\w{40,}"),
    _format("a GitHub token", "github_pat_", r"github_pat_\w{36,}"),
    _format("a GitLab token", "gl", r"gl(?:agent|cbt|dt|ffct|ft|imt|oas|pat|ptt|rt|soat)-[\w.-]{20,}"),
    _format("a Google API key", "AIza", r"AIza[\w-]{35}"),
    _format("a Google client secret", "GOCSPX-", r"GOCSPX-[\w-]{20,}"),
    _format("a Google access token", "ya29.", r"ya29\.[\w-]{20,}"),
    _format("a Grafana token", "gl", r"gl(?:sa|c)_[A-Za-z0-9+/_]{32,}={0,2}"),
    _format("a Groq API key", "gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    _format("a HashiCorp token", ".atlasv1.", r"\w{14}\.atlasv1\.[\w-]{60,}"),
    _format("a HashiCorp token", "hv", r"hv[bsr]\.[\w-]{24,}"),
    _format("a Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{30,}"),
    _format("a Hugging Face token", "api_org_", r"api_org_[A-Za-z0-9]{30,}"),
    _format("a LangSmith API key", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    _format("a Linear API key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _format("a Neptune API token", "eyJhcGlfYWRkcmVzcyI6", r"eyJhcGlfYWRkcmVzcyI6[A-Za-z0-9+/=]{40,}"),
    _format(
        "a Microsoft Teams webhook",
        "webhookb2/",
        r"webhook\.office\.com/webhookb2/([\w@-]+/IncomingWebhook/\w+)",
    ),
    _format("a New Relic API key", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _format("a Notion token", "ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    _format("an NVIDIA API key", "nvapi-", r"nvapi-[\w-]{60,}"),
    _format("an OpenAI API key", "T3BlbkFJ", r"sk-[\w-]*T3BlbkFJ[\w-]{20,}"),
    _format("an API key", "sk-", r"sk-(?:(?:or-v1|lf|proj|svcacct|admin)-)?[A-Za-z0-9-]{32,}"),
    _format("a Perplexity API key", "pplx-", r"pplx-\w{40,}"),
    _format("a Pinecone API key", "pcsk_", r"pcsk_\w{40,}"),
    _format("a Postman API key", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _format("a private key", "PRIVATE KEY", r"-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----"),
    _format("a PyPI token", "pypi-AgE", r"pypi-AgE[\w-]{50,}"),
    _format("a Replicate token", "r8_", r"r8_[A-Za-z0-9]{37,}"),
    _format("a RubyGems token", "rubygems_", r"rubygems_[0-9a-f]{48}"),
    _format("a Sentry token", "sntry", r"sntry[su]_[\w=+/]{40,}"),
    _format("a Shopify token", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _format("a Slack token", "xapp-", r"xapp-\d-[A-Z0-9]+-\d+-[0-9a-f]+"),
    _format("a Stripe secret", "whsec_", r"whsec_[A-Za-z0-9+/]{32,}"),
    _format("a Supabase token", "sbp_", r"sbp_[0-9a-f]{40}"),
    _format("a Telegram token", ":AA", r"\d{8,10}:AA[\w-]{32,}"),
    _format("a W&B API key", "wandb_v1_", r"wandb_v1_\w{40,}"),
    _format("an xAI API key", "xai-", r"xai-\w{70,}"),
)
"""Formats that the library lacks, each as its provider documents it, by provider."""

_AUTHORIZATION = re.compile(r"\b(?:bearer|basic|token)\s+([A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE)


class _Analyzer(Protocol):
    def analyze_string(self, string: str) -> Iterable[str]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Detector:
    """One of the library's detectors that are used."""

    kind: str
    plugin: _Analyzer
    markers: tuple[str, ...]
    """A text that holds none of these, as it is or in lower case, is not looked at: a test holds them to the
    library's patterns."""


@cache
def detectors() -> tuple[Detector, ...]:
    """The library's detectors that are used. Entropy and names are told elsewhere, private keys above."""
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.jwt import JwtTokenDetector
    from detect_secrets.plugins.mailchimp import MailchimpDetector
    from detect_secrets.plugins.npm import NpmDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.stripe import StripeDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

    return (
        Detector(
            kind="an AWS access key",
            plugin=AWSKeyDetector(),
            markers=("A3T", "ABIA", "ACCA", "AKIA", "ASIA", "aws"),
        ),
        Detector(
            kind="a GitHub token",
            plugin=GitHubTokenDetector(),
            markers=("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        ),
        Detector(kind="a JSON web token", plugin=JwtTokenDetector(), markers=("eyJ",)),
        Detector(kind="a Slack token", plugin=SlackDetector(), markers=("xox", "hooks.slack.com")),
        Detector(kind="a Stripe key", plugin=StripeDetector(), markers=("k_live_",)),
        Detector(kind="a SendGrid API key", plugin=SendGridDetector(), markers=("SG.",)),
        Detector(kind="a Twilio API key", plugin=TwilioKeyDetector(), markers=("AC", "SK")),
        Detector(kind="an npm token", plugin=NpmDetector(), markers=("npm_", "_authToken", "NPM")),
        Detector(kind="a Mailchimp key", plugin=MailchimpDetector(), markers=("-us",)),
        Detector(kind="a Discord bot token", plugin=DiscordBotTokenDetector(), markers=(".",)),
        Detector(kind="a Square secret", plugin=SquareOAuthDetector(), markers=("sq0csp-",)),
    )


def matches(text: str) -> Iterator[tuple[str, str]]:
    """What in a text has a known format: the kind of secret, and the text that has it."""
    if len(text) > _WINDOW:
        for start in range(0, len(text), _WINDOW - _OVERLAP):
            yield from matches(text[start : start + _WINDOW])
        return
    for known in _FORMATS:
        if known.marker in text:
            yield from ((known.kind, found[found.lastindex or 0]) for found in known.pattern.finditer(text))
    either_case = f"{text}\n{text.lower()}"
    for detector in detectors():
        for marker in detector.markers:
            if marker in either_case:
                for found_text in detector.plugin.analyze_string(text):
                    yield detector.kind, found_text
                break
    for found in _AUTHORIZATION.finditer(text):
        if found[1].endswith("=") or any(character.isdigit() for character in found[1]):
            yield "an authorization header", found[1]
