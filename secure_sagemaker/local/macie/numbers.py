"""Numbers that can be told from any other digits: by a check digit, or by what their issuer never gives out.

Check digits are the ``validators`` library's where it has the number.
"""

from __future__ import annotations

import re
from datetime import date

import validators

__all__ = [
    "is_aba_routing",
    "is_birth_date",
    "is_card",
    "is_dea",
    "is_dni",
    "is_french_nir",
    "is_german_tax_id",
    "is_iban",
    "is_itin",
    "is_nhs",
    "is_nino",
    "is_npi",
    "is_sin",
    "is_ssn",
    "is_vin",
]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_NOT_ISSUED_CARDS = re.compile(r"(\d)\1{11,}")


def is_card(text: str) -> bool:
    """A payment card's number, of a scheme that exists."""
    digits = _digits(text)
    if _NOT_ISSUED_CARDS.fullmatch(digits):
        return False
    return any(
        scheme(digits) is True
        for scheme in (
            validators.visa,
            validators.mastercard,
            validators.amex,
            validators.discover,
            validators.diners,
            validators.jcb,
            validators.unionpay,
        )
    )


_IBAN_LENGTHS = {
    "AD": 24,
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CH": 21,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IS": 26,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MC": 27,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "TR": 26,
}


def is_iban(text: str) -> bool:
    """An international bank account number, as long as its country has them."""
    compact = re.sub(r"\s", "", text).upper()
    return len(compact) == _IBAN_LENGTHS.get(compact[:2]) and validators.iban(compact) is True


def is_ssn(text: str) -> bool:
    """A US social security number: no area 000, 666 or from 900, no group 00, no serial 0000."""
    digits = _digits(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return (
        len(digits) == 9
        and area not in ("000", "666")
        and area < "900"
        and group != "00"
        and serial != "0000"
    )


_ITIN_GROUPS = frozenset({*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)})


def is_itin(text: str) -> bool:
    """A US individual taxpayer's number: 9xx, and one of the groups that are given out."""
    digits = _digits(text)
    return len(digits) == 9 and digits[0] == "9" and int(digits[3:5]) in _ITIN_GROUPS


def is_sin(text: str) -> bool:
    """A Canadian social insurance number."""
    digits = _digits(text)
    return len(digits) == 9 and digits[0] not in "08" and _luhn(digits)


def is_npi(text: str) -> bool:
    """A US health provider's number: Luhn, after the prefix of the United States' health cards."""
    digits = _digits(text)
    return len(digits) == 10 and digits[0] in "12" and _luhn(f"80840{digits}")


def is_dea(text: str) -> bool:
    """A US Drug Enforcement Administration number."""
    digits = [int(digit) for digit in text[2:]]
    return len(digits) == 7 and (sum(digits[0:5:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def is_aba_routing(text: str) -> bool:
    """A US bank's routing number."""
    digits = [int(digit) for digit in _digits(text)]
    weighed = sum(digit * weight for digit, weight in zip(digits, (3, 7, 1) * 3, strict=False))
    return len(digits) == 9 and any(digits) and weighed % 10 == 0


def is_nhs(text: str) -> bool:
    """A number of the United Kingdom's National Health Service."""
    digits = [int(digit) for digit in _digits(text)]
    if len(digits) != 10:
        return False
    rest = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return rest % 11 == digits[9] and rest != 10 and len(set(digits)) > 1


_NO_NINO = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})


def is_nino(text: str) -> bool:
    """A United Kingdom's national insurance number: its prefix is one that is given out."""
    return text[:2].upper() not in _NO_NINO


def is_german_tax_id(text: str) -> bool:
    """A German tax identification number: its digits repeat as they may, and it checks by ISO 7064."""
    digits = [int(digit) for digit in _digits(text)]
    if len(digits) != 11 or digits[0] == 0:
        return False
    counts = sorted((digits[:10].count(digit) for digit in set(digits[:10])), reverse=True)
    if counts[0] not in (2, 3) or counts[1] != 1:
        return False
    product = 10
    for digit in digits[:10]:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == digits[10]


def is_french_nir(text: str) -> bool:
    """A French social security number (INSEE), with its key."""
    compact = re.sub(r"\s", "", text)
    number = compact[:13].replace("2A", "19").replace("2B", "18")
    return len(compact) == 15 and number.isdigit() and 97 - int(number) % 97 == int(compact[13:])


def is_dni(text: str) -> bool:
    """A Spanish identity card's number, or a foreigner's."""
    compact = re.sub(r"[-\s]", "", text).upper()
    return validators.es_nif(compact) is True or validators.es_nie(compact) is True


_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def is_vin(text: str) -> bool:
    """A vehicle's identification number, with the check digit of North America."""
    values = [_VIN_VALUES.get(letter) for letter in text.upper()]
    if len(values) != 17 or None in values:
        return False
    rest = sum((value or 0) * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return text[8].upper() == ("X" if rest == 10 else str(rest))


_OLDEST = 1900


def is_birth_date(text: str) -> bool:
    """A day of some calendar since 1900, day or month first."""
    first, second, third = (int(part) for part in re.findall(r"\d+", text))
    year, rest = (first, (second, third)) if first > 31 else (third, (first, second))
    for month, day in (rest, rest[::-1]):
        try:
            date(year, month, day)
        except ValueError:
            continue
        return year >= _OLDEST
    return False
