"""Values labelled by hand: personal data, accounts and credentials of real formats, and values that look like them.

Nobody's: each is made of its format when it is asked for. A case is one value with the name of its column, or a
sentence; ``type`` is Macie's word for what a person would see in it, and none for a look-alike.
"""

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Case", "cases"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One value."""

    label: str
    """What it is."""
    type: str | None
    value: str
    name: str = ""
    """Of its column; a sentence has none."""


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


class Maker:
    """Makes values of a format, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # the same in every run

    def digits(self, count: int) -> str:
        return "".join(self.random.choices(string.digits, k=count))

    def one_of(self, *values: str) -> str:
        return self.random.choice(values)

    def card(self) -> str:
        prefix, length = self.random.choice((("4", 16), ("52", 16), ("37", 15), ("6011", 16), ("3530", 16)))
        number = _luhn(prefix + self.digits(length - len(prefix) - 1))
        grouped = " ".join(number[start : start + 4] for start in range(0, 16, 4))
        return self.one_of(
            number, grouped if length == 16 else number, grouped.replace(" ", "-") if length == 16 else number
        )

    def ssn(self) -> str:
        area = self.random.choice([*range(1, 666), *range(667, 900)])
        parts = (f"{area:03}", f"{self.random.randint(1, 99):02}", f"{self.random.randint(1, 9999):04}")
        return self.one_of("-".join(parts), "".join(parts))

    def itin(self) -> str:
        return f"9{self.digits(2)}-{self.random.randint(70, 88)}-{self.digits(4)}"

    def sin(self) -> str:
        number = _luhn(self.one_of(*"1234567") + self.digits(7))
        return f"{number[:3]} {number[3:6]} {number[6:]}"

    def iban(self) -> tuple[str, str]:
        country, name, length = self.random.choice(
            (("DE", "GERMANY", 18), ("ES", "SPAIN", 20), ("BE", "BELGIUM", 12), ("PL", "POLAND", 24))
        )
        account = self.digits(length)
        letters = "".join(str(ord(letter) - 55) for letter in country)
        check = 98 - int(f"{account}{letters}00") % 97
        return f"{country}{check:02}{account}", f"{name}_BANK_ACCOUNT_NUMBER"

    def nhs(self) -> str:
        while True:
            nine = self.digits(9)
            check = (
                11
                - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
            )
            if check != 10:
                return f"{nine[:3]} {nine[3:6]} {nine[6:]}{check % 11}"

    def nino(self) -> str:
        return f"{self.one_of('AB', 'CE', 'JG', 'SR')}{self.digits(6)}{self.one_of(*'ABCD')}"

    def nir(self) -> str:
        born = f"{self.random.randint(40, 99)}{self.random.randint(1, 12):02}"
        number = f"{self.one_of('1', '2')}{born}{self.random.randint(10, 95)}{self.digits(6)}"
        return f"{number}{97 - int(number) % 97:02}"

    def dni(self) -> str:
        number = self.random.randint(10_000_000, 99_999_999)
        return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"

    def tax_id(self) -> str:
        while True:
            ten = [str(digit) for digit in self.random.sample(range(10), 9)]
            ten.insert(self.random.randint(0, 9), self.random.choice(ten))
            if ten[0] == "0":
                continue
            product = 10
            for digit in ten:
                product = ((int(digit) + product) % 10 or 10) * 2 % 11
            return "".join(ten) + str((11 - product) % 10)

    def npi(self) -> str:
        nine = self.one_of("1", "2") + self.digits(8)
        return _luhn(f"80840{nine}")[5:]

    def dea(self) -> str:
        six = self.digits(6)
        check = (sum(int(d) for d in six[::2]) + 2 * sum(int(d) for d in six[1::2])) % 10
        return f"{self.one_of('AB', 'BM', 'FS')}{six}{check}"

    def phone(self) -> str:
        return self.one_of(
            f"+44 20 7946 {self.random.randint(100, 999)}0",
            f"(212) 555-{self.random.randint(1000, 9999)}",
            f"+49 30 {self.random.randint(2000000, 9999999)}",
            f"212-736-{self.random.randint(1000, 9999)}",
        )

    def birth_date(self) -> str:
        year, month, day = (
            self.random.randint(1930, 2015),
            self.random.randint(1, 12),
            self.random.randint(1, 28),
        )
        return self.one_of(
            f"{year}-{month:02}-{day:02}", f"{day:02}/{month:02}/{year}", f"{day}.{month}.{year}"
        )

    def person(self) -> str:
        first = self.one_of("Jane", "Amira", "Luis", "Chen", "Olga", "Søren", "Fatou")
        return f"{first} {self.one_of('Doe', 'Nguyen', 'García', 'van Dyck', 'Smith-Jones', 'Petrov')}"

    def address(self) -> str:
        street = self.one_of("Oak Street", "Fifth Avenue", "Station Road", "Mill Lane", "Sunset Blvd")
        return f"{self.random.randint(1, 999)} {street}, {self.one_of('Springfield', 'Leeds', 'Boston')}"

    def secret_key(self) -> str:
        return "aB3" + "".join(self.random.choices(string.ascii_letters + string.digits + "/+", k=37))

    def token(self) -> str:
        def part(value: object) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        signed = "".join(self.random.choices(string.ascii_letters, k=43))
        return f"{part({'alg': 'HS256'})}.{part({'sub': self.digits(6)})}.{signed}"

    def stripe(self) -> str:
        return "sk" + "_live_" + "".join(self.random.choices(string.ascii_letters + string.digits, k=24))

    def key(self, kind: str) -> str:
        return f"-----BEGIN {kind} KEY-----"


def _sensitive(make: Maker) -> Iterator[Case]:
    rows: tuple[tuple[str, tuple[str, ...], Callable[[], str]], ...] = (
        ("ADDRESS", ("address", "home_address", "street"), make.address),
        ("AWS_CREDENTIALS", ("aws_secret_access_key", "SecretAccessKey"), make.secret_key),
        ("BANK_ACCOUNT_NUMBER", ("bank_account", "checkingAccount"), lambda: make.digits(10)),
        ("CANADA_SOCIAL_INSURANCE_NUMBER", ("social_insurance_number", "SIN"), make.sin),
        ("CREDIT_CARD_NUMBER", ("card_number", "creditCard", "pan", "cc_number"), make.card),
        ("CREDIT_CARD_NUMBER_(NO_KEYWORD)", ("value", "f12"), make.card),
        ("CREDIT_CARD_SECURITY_CODE", ("cvv", "security_code"), lambda: make.digits(3)),
        ("DATE_OF_BIRTH", ("dob", "birth_date", "dateOfBirth"), make.birth_date),
        ("FRANCE_NATIONAL_IDENTIFICATION_NUMBER", ("numero_insee", "nir"), make.nir),
        ("GERMANY_TAX_IDENTIFICATION_NUMBER", ("steuer_id", "tax_id"), make.tax_id),
        ("JSON_WEB_TOKEN", ("session", "auth"), make.token),
        ("NAME", ("customer_name", "fullName", "patient_name"), make.person),
        ("OPENSSH_PRIVATE_KEY", ("blob",), lambda: make.key("OPENSSH PRIVATE")),
        ("PHONE_NUMBER", ("phone", "mobile", "contact_tel"), make.phone),
        ("PKCS", ("blob",), lambda: make.key("RSA PRIVATE")),
        ("SPAIN_DNI_NUMBER", ("dni", "cliente_nif"), make.dni),
        ("STRIPE_CREDENTIALS", ("payment_key",), make.stripe),
        ("UK_NATIONAL_INSURANCE_NUMBER", ("nino", "national_insurance"), make.nino),
        ("UK_NHS_NUMBER", ("nhs_number", "nhs"), make.nhs),
        ("USA_DRUG_ENFORCEMENT_AGENCY_NUMBER", ("dea_number",), make.dea),
        ("USA_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", ("itin", "taxpayer"), make.itin),
        ("USA_NATIONAL_PROVIDER_IDENTIFIER", ("npi",), make.npi),
        ("USA_PASSPORT_NUMBER", ("passport", "passport_no"), lambda: make.one_of("A", "") + make.digits(8)),
        ("USA_SOCIAL_SECURITY_NUMBER", ("ssn", "customerSSN", "social_security"), make.ssn),
    )
    for kind, names, made in rows:
        for name in names:
            yield Case(label=f"column {name}", type=kind, value=made(), name=name)
    account, of_country = make.iban()
    yield Case(label="iban", type=of_country, value=account, name="iban")
    yield Case(label="iban, no word", type=of_country, value=account, name="ref")
    for sentence, kind, value in (
        ("Her social security number is {}, she said.", "USA_SOCIAL_SECURITY_NUMBER", make.ssn()),
        ("Please charge my visa {} today", "CREDIT_CARD_NUMBER", make.card()),
        ("phone: {} (evenings)", "PHONE_NUMBER", make.phone()),
        # What Macie tells by machine learning, and rows of patterns can't.
        ("Dear {}, thank you for your order", "NAME", make.person()),
        ("date of birth: {} January 1980", "DATE_OF_BIRTH", str(make.random.randint(1, 28))),
        ("Send it to Flat {}, The Old Mill, Leeds LS1 4AP", "ADDRESS", make.digits(2)),
        ("born on {} in Leeds", "DATE_OF_BIRTH", make.birth_date()),
        ("transfer to {} please", of_country, account),
        ("passport number {} expires soon", "USA_PASSPORT_NUMBER", make.digits(9)),
        ("He lives at {} now", "ADDRESS", make.address()),
        ("my national insurance number is {}", "UK_NATIONAL_INSURANCE_NUMBER", make.nino()),
        ("export AWS_SECRET_ACCESS_KEY={}", "AWS_CREDENTIALS", make.secret_key()),
        (
            "authorization: basic {}",
            "HTTP_BASIC_AUTH_HEADER",
            base64.b64encode(f"user:{make.digits(9)}".encode()).decode(),
        ),
    ):
        yield Case(label=sentence, type=kind, value=sentence.format(value))


def _harmless(make: Maker) -> Iterator[Case]:
    bad_card = make.card()[:-1]
    rows: tuple[tuple[str, str], ...] = (
        ("age", str(make.random.randint(18, 99))),
        ("amount", f"{make.random.random() * 10_000:.2f}"),
        ("sin", f"{make.random.random():.6f}"),
        ("cos_phi", f"-{make.random.random():.9f}"),
        ("order_id", make.digits(9)),
        ("transaction", f"T-{make.digits(12)}"),
        ("timestamp", str(make.random.randint(1_500_000_000, 1_800_000_000))),
        ("timestamp_ms", str(make.random.randint(1_500_000_000_000, 1_800_000_000_000))),
        ("order_date", make.birth_date()),
        ("embedding", ",".join(f"{make.random.gauss(0, 1):.5f}" for _ in range(6))),
        ("sha1", "".join(make.random.choices("0123456789abcdef", k=40))),
        ("uuid", f"{make.digits(8)}-{make.digits(4)}-4{make.digits(3)}-a{make.digits(3)}-{make.digits(12)}"),
        ("product", make.one_of("Red Kettle", "Blue Chair", "Ladder 5 m")),
        ("company", make.one_of("Acme Corp", "Example Ltd")),
        ("city", make.one_of("Leeds", "New York", "San José")),
        ("card_type", make.one_of("visa", "gold", "virtual")),
        ("card_number", f"{bad_card}{(int(make.digits(1)) + 1) % 10}0"),
        ("card_number_hash", "".join(make.random.choices("0123456789abcdef", k=64))),
        ("ssn", f"000-{make.random.randint(10, 99)}-{make.digits(4)}"),
        ("ssn_present", make.one_of("true", "false", "1", "0")),
        ("phone_model", make.one_of("Pixel 9", "Galaxy S25", "iPhone 17")),
        ("call_duration", str(make.random.randint(1, 9999))),
        ("email", "someone@example.com"),
        ("ip", ".".join(str(make.random.randint(1, 254)) for _ in range(4))),
        ("latitude", f"{make.random.uniform(-90, 90):.7f}"),
        ("zip", make.digits(5)),
        ("sku", f"{make.one_of('AX', 'QZ')}-{make.digits(5)}"),
        ("full_name", "unknown"),
        ("dob", "n/a"),
        ("passport_expired", "no"),
        ("label", make.one_of("0", "1")),
    )
    for name, value in rows:
        yield Case(label=f"column {name}", type=None, value=value, name=name)
    for sentence in (
        f"Order {make.digits(9)} has shipped, thank you",
        f"Build {make.digits(4)}.{make.digits(2)}.{make.digits(4)} passed in {make.digits(3)} s",
        f"ISBN 978-0-{make.digits(2)}-{make.digits(6)}-1 is out of print",
        "The road to success is long, and 12 of us took it",
        f"commit {''.join(make.random.choices('0123456789abcdef', k=40))}",
        "Visa requirements for travellers change in 2027",
        f"Tracking: 1Z{make.digits(6)}W{make.digits(9)}",
    ):
        yield Case(label=sentence, type=None, value=sentence)


def cases(seed: int) -> tuple[Case, ...]:
    """The whole list, with values of that seed."""
    make = Maker(seed)
    return (*_sensitive(make), *_harmless(make))
