"""What went over the wire, and who signed it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

__all__ = ["Credential", "HttpRequest", "RecordedRequest"]

_AUTHORIZATION = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_QUERY_CREDENTIAL = re.compile(r"^([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request$")
_FORM_CREDENTIAL = re.compile(rb'name="x-amz-credential"\s*?\r\n\r\n([^\r\n]+)', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a Signature Version 4 says of its signer."""

    access_key_id: str
    region: str
    signing_name: str


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """One HTTP request, whole. Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def credential(self) -> Credential | None:
        """The credential of the signature, from the header, the presigned query or form; None when unsigned."""
        found = _AUTHORIZATION.search(self.headers.get("authorization", ""))
        if found is None:
            query = parse_qs(urlsplit(self.url).query)
            found = _QUERY_CREDENTIAL.match(query.get("X-Amz-Credential", [""])[0])
        if found is None and self.headers.get("content-type", "").startswith("multipart/form-data"):
            stated = _FORM_CREDENTIAL.search(self.body)
            found = _QUERY_CREDENTIAL.match(stated[1].decode("ascii", "replace")) if stated else None
        if found is None:
            return None
        access_key_id, region, signing_name = found.groups()
        return Credential(access_key_id=access_key_id, region=region, signing_name=signing_name)


@dataclass(frozen=True, kw_only=True)
class RecordedRequest:
    """One request as it left botocore, and the identity that its signature belongs to."""

    service: str
    """botocore's name of the service, such as ``sagemaker-runtime``."""
    operation: str
    """The API operation, such as ``CreateTrainingJob``; empty when no model knows the request."""
    region: str
    """The region it was signed for."""
    method: str
    """The HTTP method."""
    url: str
    """The URL it was sent to, as it was sent."""
    headers: Mapping[str, str] = field(repr=False)
    """The headers, names in lower case."""
    body: bytes = field(repr=False)
    """The body, as it was sent."""
    parameters: Mapping[str, object] = field(repr=False)
    """The operation's parameters, read back from the wire; a streamed body is not among them."""
    access_key_id: str | None
    """The access key in the signature; None for an unsigned request."""
    principal: str | None
    """Whose key that is: ``user/NAME`` or ``assumed-role/NAME/SESSION``; None for a key that the
    embedded AWS never gave out."""
    request_id: str = ""
    """The id that the answer bears; the audit record of the call has it too."""

    @property
    def user_agent(self) -> str:
        """The User-Agent header."""
        return self.headers.get("user-agent", "")
