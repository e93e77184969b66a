"""Tells a plaintext secret from a text that only looks like one.

Four questions, in this order: is it merely a reference or a placeholder; is it of a known format; is its name
that of a secret; is it random as keys are. The answer is the kind of secret, in words that never hold the secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import cache, lru_cache

from secure_sagemaker.controls.secret_formats import matches
from secure_sagemaker.controls.secret_names import SecretName, secret_name

__all__ = ["SHORTEST_FORMAT", "decoded", "known_format", "secret_in"]

SHORTEST_FORMAT = 16
"""Characters that every known format has, but for an address with a password."""
_LONGEST_REMEMBERED = 512
_LEAST_ENTROPY = 4.3
"""Bits a character, of text over base64's alphabet. Measured on the labelled list: see ``tools/secrets_score.py``."""


# --- references and placeholders ------------------------------------------------------------------

_REFERENCE = re.compile(
    r"""
      arn:aws[\w-]*:\S+                                   # of a secret, a parameter, a key, a role ...
    | AWS::\w+::\w+
    | s3://[^\s?@]+ | (?:file|ssm|secretsmanager|vault|env|sm|gs|hdfs|kms)://?[^\s?@]*
    | alias/[\w/-]+
    | \{\{[^{}]*\}\} | \$\{\w+(?::?\?[^}]*)?\} | (?-i:\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+|\d))
    | \$\(.*\) | `[^`]*` | %\(?\w+\)?[%s]? | <[^<>]*> | \[[\w -]*\]
    | (?:/|\./|\.\./|~/)[\w.@~ /-]*                       # a path, or the name of a parameter
    | [\w.-]+(?:\.[a-z]{2,}|:\d+)/[\w./-]+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?  # an image
    | projects/[\w-]+/secrets/\S+
    | -----BEGIN\ (?:[A-Z0-9]+\ )?(?:PUBLIC\ KEY|CERTIFICATE)-----[^-]*-----END[A-Z0-9 ]*-----\s*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"""
      (.)\1*                                              # *****, xxxx
    | (?:true|false|yes|no|on|off|none|null|nil|undefined|n/?a|tbd|todo|str|string|bytes|int|optional|required)
    | (?:your|insert|enter|replace|change)[-_ ]?(?:me|it|with|your|here|this|[-_ ]).*
    | (?:fake|dummy|test|example|sample|mock)[-_]?(?:token|secret|password|key|api[-_]?key|value)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_WORD = r"(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,20})"
_WORDS = re.compile(rf"{_WORD}(?:[-_./: ]{_WORD})*\d?")
_UUID = re.compile(r"(?:mrk-)?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")

_PLACEHOLDER_ENDINGS = (
    *("placeholder", "changeme", "change-me", "change_me", "redacted", "masked", "dummy", "sample"),
    *("example", "not-set", "not_set", "unused"),
)
_MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+]{20,}")


def _is_reference(text: str) -> bool:
    if _REFERENCE.fullmatch(text) is None:
        return False
    # A key in base64 may begin with a slash, as a path does.
    return text[:1] != "/" or not any(_MIXED.fullmatch(part) for part in text.split("/"))


def _is_placeholder(text: str) -> bool:
    return (
        not text
        or text[-16:].lower().endswith(_PLACEHOLDER_ENDINGS)
        or _PLACEHOLDER.fullmatch(text) is not None
    )


# --- texts ----------------------------------------------------------------------------------------


def known_format(text: str) -> str | None:
    """The kind of the first secret of a known format in a text, or None."""
    for kind, found in matches(text):
        # A pattern of the library may give a part of what it found, or nothing of it.
        if not found or not (_is_reference(found) or _is_placeholder(found)):
            return kind
    return None


def secret_in(name: str, text: str) -> str | None:
    """The kind of secret that one value is, or None.

    Args:
        name: What the value is called: an environment variable, a hyperparameter, an option.
        text: The value.
    """
    if len(text) > _LONGEST_REMEMBERED:
        return _examined(name, text)
    try:
        _clean(name, text)
    except _FoundError as found:
        return found.kind
    return None


class _FoundError(Exception):
    def __init__(self, kind: str) -> None:
        self.kind = kind


@lru_cache(maxsize=2048)
def _clean(name: str, text: str) -> None:
    # Each request is looked at twice, and the next one says mostly the same. An exception is not remembered:
    # so no secret is.
    if (kind := _examined(name, text)) is not None:
        raise _FoundError(kind)


def _examined(name: str, text: str) -> str | None:
    text = text.strip()
    called = secret_name(name)
    if called is None and len(text) < SHORTEST_FORMAT and "://" not in text:
        return None
    if _is_reference(text) or _is_placeholder(text):
        return None
    if len(text) >= SHORTEST_FORMAT or "://" in text:
        if (kind := known_format(f"{name}={text}")) is not None:
            return kind
        if (inner := decoded(text)) is not None and (kind := known_format(inner)) is not None:
            return f"{kind} in base64"
    if called is not None and _could_be(called, name, text):
        return f"a value whose name says {called.word!r}"
    return "text as random as keys are" if _is_random(name, text) else None


def _could_be(called: SecretName, name: str, text: str) -> bool:
    if len(text) < called.shortest or (_NUMBER.fullmatch(text) and not called.plain):
        return False
    if _UUID.fullmatch(text) and re.search("kms|encrypt", name, re.IGNORECASE):
        return False  # a KMS key by its id
    if _ADDRESS.fullmatch(text):
        return False  # with a password in it, it has a known format
    if called.plain:
        return not text.isupper() or secret_name(text) is None
    return " " not in text and _WORDS.fullmatch(text) is None and "," not in text


def decoded(text: str) -> str | None:
    """What base64 stands for, where that is text; None for everything else."""
    packed = "".join(text.split())
    if len(packed) < SHORTEST_FORMAT or len(packed) % 4 == 1:
        return None
    try:
        plain = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return plain if all(character.isprintable() or character.isspace() for character in plain) else None


_TOKEN = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/_-]{32,128}={0,2}")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LONG_PIECES = 4
"""Characters a piece: those of random text have two."""
_DIGEST = re.compile(
    r"hash|sha|md5|integrity|checksum|digest|etag|signature|fingerprint|commit|revision", re.IGNORECASE
)


@cache
def _entropy() -> Callable[[str], float]:
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

    measure: Callable[[str], float] = Base64HighEntropyString().calculate_shannon_entropy
    return measure


def _is_random(name: str, text: str) -> bool:
    text = _UUID.sub("", text)  # a name that a UUID makes unique is no key
    if _TOKEN.fullmatch(text) is None:
        return False
    if _DIGEST.search(name) is not None or decoded(text) is not None:
        return False
    if len(text) >= _LONG_PIECES * len(_PIECE.findall(text)):
        return False  # WordsWrittenTogetherInCamelCase
    return _entropy()(text) >= _LEAST_ENTROPY
