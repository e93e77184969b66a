"""What child processes inherit: an environment in which they are activated, and in which no ambient key is left.

A folder of this user's alone holds the baseline, the choices, where to ask for credentials, and a configuration
file for AWS in which every profile has a ``credential_process`` that answers with the role. Of the user's own
files it keeps the settings that are known to be no credentials.
"""

from __future__ import annotations

import atexit
import configparser
import json
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from secure_sagemaker.activation.broker import Broker
from secure_sagemaker.activation.source import OtherKeys, Source
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import IdentityError, SessionError
from secure_sagemaker.identity import handed

__all__ = ["BOOTSTRAP", "Inherited", "Surroundings", "changed", "read_inherited"]

BOOTSTRAP = Path(__file__).parent / "bootstrap"
"""What stands first on a child's PYTHONPATH."""
_BASELINE, _CHOICES, _CONFIG = "baseline.pickle", "choices.json", "config"
_NOTES = "notes.jsonl"
_DEFAULT = "default"
_AMBIENT = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIAL_EXPIRATION", "AWS_ROLE_ARN"),
    *("AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_BEARER = "AWS_BEARER_TOKEN_"
_SETTINGS = frozenset(
    {
        *(
            "account_id_endpoint_mode",
            "addressing_style",
            "api_versions",
            "auth_scheme_preference",
            "ca_bundle",
        ),
        *("cli_auto_prompt", "cli_binary_format", "cli_history", "cli_pager", "cli_timestamp_format"),
        *("defaults_mode", "disable_request_compression", "endpoint_url", "ignore_configured_endpoint_urls"),
        *("max_attempts", "output", "parameter_validation", "region", "request_checksum_calculation"),
        *("request_min_compression_size_bytes", "response_checksum_validation", "retry_mode", "s3", "s3api"),
        *(
            "services",
            "sigv4a_signing_region_set",
            "sts_regional_endpoints",
            "tcp_keepalive",
            "use_dualstack_endpoint",
        ),
        *("use_fips_endpoint", "user_agent_appid"),
    }
)
"""What a profile may say besides. An unknown setting may be a new kind of credentials, so it is left out."""


class Inherited:
    """The folder as a child reads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def baseline(self) -> SecurityBaseline:
        """The baseline that the parent is under."""
        content = (self._folder / _BASELINE).read_bytes()
        made: SecurityBaseline = pickle.loads(content)  # noqa: S301  # written by the parent, closed to others
        return made

    @property
    def other_keys(self) -> OtherKeys:
        """The parent's choice."""
        choices: dict[str, OtherKeys] = json.loads((self._folder / _CHOICES).read_text(encoding="utf-8"))
        return choices["other_keys"]

    @property
    def records(self) -> Path:
        """Where every child appends its audit records."""
        return self._folder / handed.RECORDS_FILE

    @property
    def notes(self) -> Path:
        """Where every process notes what happened to it."""
        return self._folder / _NOTES


def read_inherited() -> Inherited | None:
    """What this process inherited, or None where its parent is not activated.

    Raises:
        IdentityError: It is gone, or not to be trusted.
    """
    try:
        folder = handed.handed_folder()
    except handed.HandedError as failed:
        raise IdentityError(
            f"this process is to be activated as the one that started it, and cannot be: {failed}",
            remedy=f"keep the program that started it running, or start this one without {handed.VARIABLE}",
        ) from failed
    return None if folder is None else Inherited(folder)


class Surroundings:
    """The folder, and who answers there, until they are taken away."""

    def __init__(self, source: Source, *, other_keys: OtherKeys) -> None:
        self._process = os.getpid()
        self._region = source.baseline.region
        with ExitStack() as undone:
            try:
                self._folder = Path(tempfile.mkdtemp(prefix="secure-sagemaker-"))  # made for this user alone
                undone.callback(shutil.rmtree, self._folder, ignore_errors=True)
                self._fill(source, other_keys)
                self._broker = Broker(source, self._folder)
            except OSError as failed:
                raise SessionError(
                    f"nothing can be handed to child processes in {tempfile.gettempdir()}: {failed}",
                    remedy="set TMPDIR to a folder with a short path that this user may write to, or leave child "
                    "processes alone: activate(children='leave')",
                ) from failed
            undone.pop_all()
        self.inherited = Inherited(self._folder)
        atexit.register(self.close)  # for an activation that ends with the process

    def _fill(self, source: Source, other_keys: OtherKeys) -> None:
        self._write(_BASELINE, pickle.dumps(source.baseline))
        self._write(_CHOICES, json.dumps({"other_keys": other_keys}).encode())
        with (self._folder / _CONFIG).open("x", encoding="utf-8") as file:
            self._config().write(file)

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)

    def close(self) -> None:
        """Answer no more, and leave nothing behind. A forked child leaves that to its parent."""
        atexit.unregister(self.close)
        if os.getpid() == self._process:
            self._broker.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def changes(self) -> dict[str, str | None]:
        """The variables of a child's environment that differ; None for one that it is to go without."""
        paths = os.environ.get("PYTHONPATH", "")  # as it is: an empty part of it is the current folder
        ambient = (name for name in os.environ if name in _AMBIENT or name.startswith(_BEARER))
        return {
            **dict.fromkeys(ambient),
            "AWS_CONFIG_FILE": str(self._folder / _CONFIG),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": f"{BOOTSTRAP}{os.pathsep}{paths}" if paths else str(BOOTSTRAP),
            handed.VARIABLE: str(self._folder),
        }

    def _config(self) -> configparser.RawConfigParser:
        program = f'"{sys.executable}" -I -S "{handed.__file__}" "{self._folder}"'
        config = _parser()
        own = _read("AWS_CONFIG_FILE", "config")
        for section in own.sections():
            if section.startswith("services "):
                config[section] = dict(own[section])
        for profile, stated in _profiles(own, _read("AWS_SHARED_CREDENTIALS_FILE", "credentials")).items():
            kept = {name: value for name, value in stated.items() if name in _SETTINGS}
            section = profile if profile == _DEFAULT else f'profile "{profile}"'
            config[section] = {"region": self._region, **kept, "credential_process": program}
        return config


def _profiles(
    own: configparser.RawConfigParser, credentials: configparser.RawConfigParser
) -> Mapping[str, Mapping[str, str]]:
    """What each profile states, as AWS's tools read it: in the one file, or in the other, which outranks it."""
    profiles: dict[str, dict[str, str]] = {_DEFAULT: {}}
    if own.has_section(_DEFAULT):
        profiles[_DEFAULT].update(own[_DEFAULT])
    for section in own.sections():
        kind, _, name = section.partition(" ")
        if kind == "profile":
            profiles.setdefault(name.strip().strip("\"'"), {}).update(own[section])
    for profile in credentials.sections():
        profiles.setdefault(profile, {}).update(credentials[profile])
    return profiles


def _parser() -> configparser.RawConfigParser:
    return configparser.RawConfigParser(default_section="", strict=False, allow_no_value=True)


def _read(variable: str, name: str) -> configparser.RawConfigParser:
    parser = _parser()
    parser.read(Path(os.environ.get(variable) or f"~/.aws/{name}").expanduser(), encoding="utf-8")
    return parser


def changed(environment: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """An environment with the changes made to it."""
    both = {**environment, **changes}
    return {name: value for name, value in both.items() if value is not None}
