"""Managed data identifiers: rows that stand in for Macie's, by Macie's names for them.

A row finds candidates by a pattern, or by a library; a check tells the real ones; and where Macie wants a keyword
beside the data, the row does. Macie has more of them, and tells names and addresses by machine learning: here a name
needs a keyword. ``tools.macie_score`` measures the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import phonenumbers

from secure_sagemaker.local.macie import numbers
from secure_sagemaker.local.macie.identifiers import ManagedIdentifier, Span

__all__ = ["MANAGED"]


def _pattern(
    pattern: str, check: Callable[[str], bool] | None = None, *, flags: int = 0
) -> Callable[[str], Iterator[Span]]:
    compiled = re.compile(pattern, flags)

    def find(text: str) -> Iterator[Span]:
        for match in compiled.finditer(text):
            if check is None or check(match.group()):
                yield match.span()

    return find


_REGIONS = ("US", "GB", "DE", "FR", "IT", "ES", "BR")
"""The countries whose telephone numbers Macie knows without their country code; the first that fits decides."""


def _phones(text: str) -> Iterator[Span]:
    if sum(character.isdigit() for character in text) < 7:
        return
    taken: list[Span] = []
    for region in _REGIONS:
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID):
            if all(match.end <= start or match.start >= end for start, end in taken):
                taken.append((match.start, match.end))
    yield from sorted(taken)


def _web_tokens(text: str) -> Iterator[Span]:
    from detect_secrets.plugins.jwt import JwtTokenDetector

    if "eyJ" in text:
        yield from _spans(JwtTokenDetector.denylist, text)


def _stripe_keys(text: str) -> Iterator[Span]:
    from detect_secrets.plugins.stripe import StripeDetector

    if "k_live_" in text:
        yield from _spans(StripeDetector.denylist, text)


def _spans(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[Span]:
    for pattern in patterns:
        yield from (match.span() for match in pattern.finditer(text))


_DAY = r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)"
_STREETS = (
    r"street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl|square|terrace"
)
_IBAN = r"(?<![A-Za-z0-9]){country}\d{{2}}(?: ?[A-Z0-9]){{11,27}}(?![A-Za-z0-9])"
_NAMED = r"[A-Z\u00C0-\u00DE][\w'-]+"
_NAME = (
    rf"(?:(?:Mrs?|Ms|Dr|Prof)\.? )?{_NAMED}(?: [A-Z]\.?)?(?: (?:van|von|de|der|la|di))*(?: {_NAMED}){{1,3}}"
)
_CARD_WORDS = (
    *(
        "account number",
        "amex",
        "american express",
        "bank card",
        "card",
        "card number",
        "card num",
        "cc #",
        "ccn",
    ),
    *("credit card", "cc number", "cc num", "debit", "debit card", "diners club", "discover", "mastercard"),
    *("pan", "payment card", "visa", "ccnum"),
)
_CARD = r"(?<![\d.-])\d(?:[ -]?\d){11,18}(?![\d-]|\.\d)"
_PASSPORT_WORDS = (
    "passport",
    "passport number",
    "passport no",
    "passeport",
    "reisepass",
    "pasaporte",
    "travel document",
)
_LICENSE_WORDS = (
    "driver licence",
    "driver license",
    "drivers license",
    "driving licence",
    "dl number",
    "dlno",
    "license number",
)


def _iban(country: str, code: str) -> ManagedIdentifier:
    return ManagedIdentifier(
        id=f"{country}_BANK_ACCOUNT_NUMBER",
        category="FINANCIAL_INFORMATION",
        shortest=15,
        letters=True,
        find=_pattern(_IBAN.format(country=code), numbers.is_iban),
    )


MANAGED: tuple[ManagedIdentifier, ...] = (
    ManagedIdentifier(
        id="ADDRESS",
        category="PERSONAL_INFORMATION",
        shortest=8,
        letters=True,
        find=_pattern(
            rf"(?<!\w)\d{{1,5}}[A-Za-z]? (?:[A-Z][\w'.-]* ){{1,4}}(?:{_STREETS})\b\.?"
            r"|(?<!\w)[A-Z][\w'-]+(?:str\.|straße|strasse|weg|platz|gasse) \d{1,4}[a-z]?\b",
            flags=re.IGNORECASE,
        ),
    ),
    ManagedIdentifier(
        id="AWS_CREDENTIALS",
        category="CREDENTIALS",
        find=_pattern(
            r"(?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+]*\d)(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
        ),
        keywords=(
            "aws_secret_access_key",
            "aws secret access key",
            "credentials",
            "secret access key",
            "secret key",
            "set-awscredential",
        ),
        recommended=True,
    ),
    ManagedIdentifier(
        id="BANK_ACCOUNT_NUMBER",
        category="FINANCIAL_INFORMATION",
        find=_pattern(r"(?<![\d.-])\d{9,17}(?![\d-]|\.\d)"),
        keywords=(
            "bank account",
            "bank acct",
            "checking account",
            "checking acct",
            "deposit account",
            "savings account",
            "chequing account",
        ),
    ),
    ManagedIdentifier(
        id="CANADA_SOCIAL_INSURANCE_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<![\d-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\d-])", numbers.is_sin),
        keywords=("canadian id", "numéro d'assurance sociale", "sin", "social insurance number"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="CREDIT_CARD_EXPIRATION",
        category="FINANCIAL_INFORMATION",
        find=_pattern(r"(?<![\d/])(?:0[1-9]|1[0-2])[/-](?:20)?[2-4]\d(?![\d/-])"),
        keywords=("exp d", "exp m", "exp y", "expiration", "expiry", "exp date", "valid thru"),
    ),
    ManagedIdentifier(
        id="CREDIT_CARD_MAGNETIC_STRIPE",
        category="FINANCIAL_INFORMATION",
        shortest=20,
        find=_pattern(r"%B\d{12,19}\^[^^]{2,26}\^\d{4,}[^?]*\?|;\d{12,19}=\d{7,}\?"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="CREDIT_CARD_NUMBER",
        category="FINANCIAL_INFORMATION",
        shortest=12,
        find=_pattern(_CARD, numbers.is_card),
        keywords=_CARD_WORDS,
        recommended=True,
    ),
    ManagedIdentifier(
        id="CREDIT_CARD_NUMBER_(NO_KEYWORD)",
        category="FINANCIAL_INFORMATION",
        shortest=12,
        find=_pattern(_CARD, numbers.is_card),
        yields_to="CREDIT_CARD_NUMBER",
    ),
    ManagedIdentifier(
        id="CREDIT_CARD_SECURITY_CODE",
        category="FINANCIAL_INFORMATION",
        find=_pattern(r"(?<![\d.-])\d{3,4}(?![\d-]|\.\d)"),
        keywords=("card id", "card identification code", "card verification", "cvc", "cvv", "security code"),
    ),
    ManagedIdentifier(
        id="DATE_OF_BIRTH",
        category="PERSONAL_INFORMATION",
        find=_pattern(_DAY, numbers.is_birth_date),
        keywords=(
            "bday",
            "b-day",
            "birth date",
            "birthdate",
            "birthday",
            "date of birth",
            "dob",
            "geburtsdatum",
            "born",
        ),
    ),
    ManagedIdentifier(
        id="FRANCE_NATIONAL_IDENTIFICATION_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(
            r"(?<!\w)[12] ?\d{2} ?(?:0\d|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)",
            numbers.is_french_nir,
        ),
        keywords=(
            "assurance sociale",
            "carte nationale d'identité",
            "cni",
            "code sécurité sociale",
            "insee",
            "nir",
            "numéro de sécurité sociale",
            "security social number",
            "social security",
        ),
        recommended=True,
    ),
    ManagedIdentifier(
        id="GCP_API_KEY",
        category="CREDENTIALS",
        shortest=39,
        letters=True,
        find=_pattern(r"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    ),
    ManagedIdentifier(
        id="GERMANY_TAX_IDENTIFICATION_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<![\d-])[1-9]\d(?: ?\d{3}){3}(?![\d-])", numbers.is_german_tax_id),
        keywords=(
            "identifikationsnummer",
            "steuer id",
            "steueridentifikationsnummer",
            "steuernummer",
            "tax id",
            "tax identification number",
            "tax number",
        ),
        recommended=True,
    ),
    ManagedIdentifier(
        id="HTTP_BASIC_AUTH_HEADER",
        category="CREDENTIALS",
        shortest=25,
        letters=True,
        find=_pattern(r"(?i)\bauthorization:\s*basic\s+[a-z0-9+/]{8,}={0,2}"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="JSON_WEB_TOKEN",
        category="CREDENTIALS",
        shortest=20,
        letters=True,
        find=_web_tokens,
    ),
    ManagedIdentifier(
        id="NAME",
        category="PERSONAL_INFORMATION",
        find=_pattern(_NAME),
        keywords=(
            "full name",
            "customer name",
            "patient name",
            "client name",
            "employee name",
            "contact name",
            "person name",
            "cardholder",
            "my name is",
        ),
    ),
    ManagedIdentifier(
        id="OPENSSH_PRIVATE_KEY",
        category="CREDENTIALS",
        shortest=20,
        letters=True,
        find=_pattern(r"-----BEGIN OPENSSH PRIVATE KEY-----"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="PGP_PRIVATE_KEY",
        category="CREDENTIALS",
        shortest=20,
        letters=True,
        find=_pattern(r"-----BEGIN PGP PRIVATE KEY BLOCK-----"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="PHONE_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_phones,
        keywords=(
            "cell",
            "contact",
            "fax",
            "fax number",
            "mobile",
            "phone",
            "phone number",
            "tel",
            "telephone",
            "telephone number",
            "call",
        ),
    ),
    ManagedIdentifier(
        id="PKCS",
        category="CREDENTIALS",
        shortest=20,
        letters=True,
        find=_pattern(r"-----BEGIN (?:RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY-----"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="PUTTY_PRIVATE_KEY",
        category="CREDENTIALS",
        shortest=20,
        letters=True,
        find=_pattern(r"PuTTY-User-Key-File-[23]:"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="SPAIN_DNI_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<!\w)(?:\d{8}|[XYZ]\d{7})-?[A-Z](?!\w)", numbers.is_dni),
        keywords=(
            "dni",
            "nie",
            "nif",
            "documento nacional de identidad",
            "identidad único",
            "insurance number",
            "national identification number",
            "número nacional identidad",
        ),
        recommended=True,
    ),
    ManagedIdentifier(
        id="STRIPE_CREDENTIALS",
        category="CREDENTIALS",
        shortest=32,
        letters=True,
        find=_stripe_keys,
    ),
    ManagedIdentifier(
        id="UK_NATIONAL_INSURANCE_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(
            r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)", numbers.is_nino
        ),
        keywords=(
            "insurance no.",
            "insurance number",
            "national insurance",
            "national insurance number",
            "ni number",
            "nino",
            "ni #",
        ),
        recommended=True,
    ),
    ManagedIdentifier(
        id="UK_NHS_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<![\d-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\d-])", numbers.is_nhs),
        keywords=("national health service", "nhs"),
    ),
    ManagedIdentifier(
        id="USA_DRIVING_LICENSE",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<!\w)(?=\w*\d{5})[A-Z0-9]{7,13}(?!\w)"),
        keywords=_LICENSE_WORDS,
        recommended=True,
    ),
    ManagedIdentifier(
        id="USA_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<![\d-])9\d{2}[ -]?\d{2}[ -]?\d{4}(?![\d-])", numbers.is_itin),
        keywords=("i.t.i.n.", "individual taxpayer", "itin", "tax id", "tax number", "taxpayer", "tin"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="USA_NATIONAL_PROVIDER_IDENTIFIER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<![\d-])[12]\d{9}(?![\d-])", numbers.is_npi),
        keywords=("hipaa", "n.p.i", "national provider", "npi"),
    ),
    ManagedIdentifier(
        id="USA_DRUG_ENFORCEMENT_AGENCY_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<!\w)[A-HJ-NPR-UX][A-Z9]\d{7}(?!\w)", numbers.is_dea),
        keywords=("dea number", "dea registration", "dea"),
    ),
    ManagedIdentifier(
        id="USA_PASSPORT_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<!\w)[A-Z]?\d{8,9}(?!\w)"),
        keywords=_PASSPORT_WORDS,
        recommended=True,
    ),
    ManagedIdentifier(
        id="USA_SOCIAL_SECURITY_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<![\d-])\d{3}[ -]?\d{2}[ -]?\d{4}(?![\d-])", numbers.is_ssn),
        keywords=("social security", "ss#", "ssn", "social security number", "soc sec"),
        recommended=True,
    ),
    ManagedIdentifier(
        id="VEHICLE_IDENTIFICATION_NUMBER",
        category="PERSONAL_INFORMATION",
        find=_pattern(r"(?<!\w)[A-HJ-NPR-Z0-9]{17}(?!\w)", numbers.is_vin),
        keywords=(
            "fahrgestellnummer",
            "niv",
            "numero de identificación vehicular",
            "vehicle identification",
            "vin",
            "vin numeris",
        ),
    ),
    *(
        _iban(country, code)
        for country, code in (
            *(("AUSTRIA", "AT"), ("BELGIUM", "BE"), ("DENMARK", "DK"), ("FINLAND", "FI"), ("FRANCE", "FR")),
            *(
                ("GERMANY", "DE"),
                ("IRELAND", "IE"),
                ("ITALY", "IT"),
                ("LUXEMBOURG", "LU"),
                ("NETHERLANDS", "NL"),
            ),
            *(("NORWAY", "NO"), ("POLAND", "PL"), ("PORTUGAL", "PT"), ("SPAIN", "ES"), ("SWEDEN", "SE")),
            *(("SWITZERLAND", "CH"), ("UK", "GB")),
        )
    ),
)
"""Every row there is."""
