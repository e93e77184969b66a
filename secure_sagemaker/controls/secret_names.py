"""Which names are those of secrets, and which only sound like it: words as data, and one look at a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["SecretName", "secret_name"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretName:
    """What a name says of its value."""

    word: str
    """The word that says it."""
    shortest: int
    """How many characters a value must have to be one."""
    plain: bool = False
    """Whether plain words and numbers can be one: a password can, a key or a token hardly."""


_PASSWORD = SecretName(word="password", shortest=4, plain=True)
_PASS = SecretName(word="password", shortest=6)
_SECRET = SecretName(word="secret", shortest=8)
_KEY = SecretName(word="key", shortest=12)
_TOKEN = SecretName(word="token", shortest=12)
_CREDENTIAL = SecretName(word="credential", shortest=12)

_ENDINGS = {
    **dict.fromkeys(
        ("password", "passwords", "passwort", "passwd", "passphrase", "passcode", "pwd"), _PASSWORD
    ),
    **dict.fromkeys(("secret", "secrets"), _SECRET),
    "apikey": _KEY,
    **dict.fromkeys(("token", "jwt"), _TOKEN),
    **dict.fromkeys(("credential", "credentials"), _CREDENTIAL),
}
"""What the last word may end in: ``PGPASSWORD``, ``authtoken``."""
_WHOLE = {
    **dict.fromkeys(("pass", "pw"), _PASS),
    **dict.fromkeys(("pat", "bearer"), _TOKEN),
    **dict.fromkeys(("auth", "cookie", "creds", "cred"), _CREDENTIAL),
}
"""What the last word may be as a whole, since other words end in it."""
_KINDS_OF_KEY = frozenset(
    {
        *(
            "access",
            "account",
            "admin",
            "aes",
            "api",
            "app",
            "application",
            "auth",
            "cipher",
            "client",
            "consumer",
        ),
        *(
            "crypt",
            "decryption",
            "deploy",
            "encryption",
            "fernet",
            "function",
            "gpg",
            "hmac",
            "host",
            "ingest",
        ),
        *(
            "ingestion",
            "jwt",
            "kaggle",
            "license",
            "master",
            "openai",
            "pgp",
            "private",
            "rsa",
            "sas",
            "secret",
            "server",
            "service",
        ),
        *("session", "shared", "signing", "ssh", "subscription", "wandb", "webhook", "write"),
    }
)
"""What stands before ``key`` where the key is a secret; a primary, partition or join key is none."""
_OF_LANGUAGE = frozenset(
    {
        *(
            "additional",
            "audio",
            "begin",
            "blank",
            "bos",
            "class",
            "cls",
            "control",
            "decoder",
            "domain",
            "end",
            "eos",
            "extra",
        ),
        *(
            "first",
            "id",
            "image",
            "initial",
            "initializer",
            "label",
            "language",
            "last",
            "mask",
            "max",
            "min",
            "new",
            "next",
            "num",
        ),
        *(
            "pad",
            "padding",
            "per",
            "placeholder",
            "prompt",
            "sep",
            "source",
            "space",
            "special",
            "start",
            "stop",
            "target",
            "trigger",
            "unk",
        ),
        *("unknown", "video", "vocab", "word"),
    }
)
"""What stands before ``token`` where the token is one of a language model."""
_ADDED = frozenset(
    {
        *(
            "base64",
            "dev",
            "json",
            "new",
            "old",
            "plain",
            "plaintext",
            "prod",
            "production",
            "raw",
            "staging",
            "str",
        ),
        *("string", "test", "text", "value"),
    }
)
"""What may follow the word without changing what it says."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")


@lru_cache(maxsize=1024)
def secret_name(name: str) -> SecretName | None:
    """What a name says of its value by its last word; None when it does not say that it is a secret.

    The name of something else *about* a secret ends in another word: ``token_count``, ``SECRET_ARN``.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and words[-1] in _ADDED:
        words.pop()
    if not words:
        return None
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "key" or (last == "keys" and before == "api"):
        return _KEY if before in _KINDS_OF_KEY else None
    if last in _WHOLE:
        return _WHOLE[last]
    said = next((said for ending, said in _ENDINGS.items() if last.endswith(ending)), None)
    return None if said is _TOKEN and before in _OF_LANGUAGE else said
