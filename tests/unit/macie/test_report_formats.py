"""Every form of a report: what is in it, that it is what it says, and that no name in it is more than a name."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import botocore.session
import jsonschema
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker import ScanError, ScanReport
from secure_sagemaker.macie.verdicts import on_one_line
from tests.sarif import SARIF
from tests.scan_reports import HOSTILE, mixed, of_keys, report, scanned, verdict, version

pytestmark = pytest.mark.once

DOCUMENT = Path(__file__).parents[3] / "docs/reference/scan-report.md"
FORMATS: dict[str, Callable[[ScanReport], str]] = {
    "text": str,
    "json": ScanReport.to_json,
    "sarif": ScanReport.to_sarif,
    "asff": lambda told: json.dumps(told.to_asff()),
    "html": ScanReport.to_html,
}
MILLION = 1_000_000


def large() -> ScanReport:
    """A million objects without a verdict, as a tally tells them."""
    known = scanned("s3://ml-datasets/", [(version(f"{number:04}.csv"), None) for number in range(1000)])
    counted = {**known.__dict__, "objects": MILLION, "unknown": MILLION}
    counted["lacking"] = dict.fromkeys(known.lacking, MILLION)
    return report(type(known)(**counted))


REPORTS: dict[str, Callable[[], ScanReport]] = {
    "mixed": mixed,
    "nothing": lambda: report(jobs=0),
    "absent": lambda: report(scanned("s3://ml-datasets/none/", [])),
    "accepted": lambda: report(scanned("s3://ml-datasets/", [(version(), verdict(version()))])),
    "hostile": lambda: of_keys(*HOSTILE),
    "large": large,
}
every_report = pytest.mark.parametrize("make", REPORTS.values(), ids=REPORTS)


# --- JSON


def paths(told: object, path: str = "") -> Iterator[str]:
    match told:
        case dict() if path and path.endswith((".lacking", ".unreadable")):
            yield path
        case dict():
            for name, value in told.items():
                yield from paths(value, f"{path}.{name}" if path else name)
        case list():
            for item in told:
                yield from paths(item, f"{path}[]")
        case _:
            yield path


def test_the_json_has_what_its_page_tells() -> None:
    """Each member is in the reference, and the reference tells of no other."""
    page = DOCUMENT.read_text(encoding="utf-8").partition("## JSON")[2].partition("## SARIF")[0]
    whole, an_object, a_detection = (
        {*re.findall(r"^\| `([^`]+)` \| (?:\w)", table, re.MULTILINE)}
        for table in re.split(r"^An? `\w+`:$", page, flags=re.MULTILINE)
    )
    documented = {
        *(path for path in whole if not path.endswith((".object", "detections[]"))),
        *(f"{path}.{name}" for path in whole if path.endswith(".object") for name in an_object),
        *(f"{path}.{name}" for path in whole if path.endswith("detections[]") for name in a_detection),
    }
    assert documented == {*paths(json.loads(mixed().to_json()))}


def test_the_json_is_all_of_it() -> None:
    """An object of each kind is told with its verdict, and each input with its counts."""
    told: Any = json.loads(mixed().to_json())
    assert (1, False, "unread") == (told["format_version"], told["accepted"], told["outcome"])
    assert "2026-11-01T11:40:00.000Z" == told["began"]
    assert {"sensitive": 3, "unread": 2, "unknown": 1} == told["inputs"][1]["lacking"]
    assert ["network-isolation"] == told["safeguards"]
    assert {
        "object": {
            "uri": "s3://ml-datasets/customers/all.csv",
            "bucket": "ml-datasets",
            "key": "customers/all.csv",
            "etag": "e1",
            "size": 2048,
        },
        "lack": "sensitive",
        "told": "PERSONAL_INFORMATION: USA_SOCIAL_SECURITY_NUMBER 1,200 (column ssn), severity Medium",
        "severity": "Medium",
        "detections": [
            {
                "category": "PERSONAL_INFORMATION",
                "type": "USA_SOCIAL_SECURITY_NUMBER",
                "count": 1200,
                "places": ["column ssn"],
            }
        ],
    } == told["inputs"][0]["problems"][0]
    # What is accepted is listed with the rest of what was found.
    assert ["USA_SOCIAL_SECURITY_NUMBER", "NAME"] == [
        found["type"] for found in told["objects"][0]["detections"]
    ]


# --- text


def test_the_text_is_what_a_prompt_shows() -> None:
    """The verdict first, a row an input, and what is against each object."""
    text = str(mixed())
    assert text == repr(mixed())
    assert """\
not accepted: of 2 inputs 0 may be used; 10 objects in all
input                        objects  clear  sensitive  unread  unknown  exempt  coverage  accepted
s3://ml-datasets/customers/        3      1          2       0        0       0   100.00%        no
s3://ml-datasets/                  7      1          4       1        1       0    57.14%        no
s3://ml-datasets/customers/: 1 sensitive
  s3://ml-datasets/customers/all.csv: PERSONAL_INFORMATION: USA_SOCIAL_SECURITY_NUMBER 1,200 (column ssn), \
severity Medium
""" == text[: text.index("s3://ml-datasets/: 3 sensitive")]
    assert (
        "job job-1: COMPLETE, ml-datasets, 4 objects, 1 read beside, 2 findings, 1 of them archived" in text
    )
    assert "a call that uses all of it has network-isolation" in text
    assert "about 0.00 USD (an estimate)" in text


def test_nearly_all_is_not_told_as_all() -> None:
    """Coverage is never rounded up to what it is not."""
    known = [(version(f"{number}"), verdict(version(f"{number}"))) for number in range(20_000)]
    text = str(report(scanned("s3://ml-datasets/", [*known, (version("new"), None)])))
    assert "99.99%" in text
    assert "100.00%" not in text


def test_a_million_are_counted_and_ten_are_named() -> None:
    """A terminal is not flooded, and says how many it leaves out."""
    text = str(large())
    assert "999,990 more" in text
    assert len(text.splitlines()) < 20


# --- SARIF


def results(told: ScanReport) -> list[dict[str, Any]]:
    log: Any = json.loads(told.to_sarif())
    jsonschema.Draft202012Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len({*rules})
    for one in run["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"]
        place = one["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][place["index"]]["location"]["uri"] == place["uri"]
    prints = [one["partialFingerprints"]["objectAndRule/v1"] for one in run["results"]]
    assert len(prints) == len({*prints})
    found: list[dict[str, Any]] = run["results"]
    return found


@every_report
def test_the_sarif_log_is_one(make: Callable[[], ScanReport]) -> None:
    """It is as the standard has it, and has results exactly where something is not accepted."""
    assert bool(results(make())) is not make().is_accepted


def test_each_object_has_a_result_for_each_type() -> None:
    """A rule is a type or a lack, a level is a severity, and an object that two inputs share is told once."""
    told = [
        (one["ruleId"], one["level"], one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for one in results(mixed())
    ]
    assert [
        (
            "PERSONAL_INFORMATION/USA_SOCIAL_SECURITY_NUMBER",
            "warning",
            "s3://ml-datasets/customers/all.csv",
        ),
        ("CREDENTIALS/AWS_CREDENTIALS", "error", "s3://ml-datasets/orders/keys.json"),
        ("CUSTOM_IDENTIFIER/churn-id", "error", "s3://ml-datasets/orders/keys.json"),
        ("CREDENTIALS/AWS_CREDENTIALS", "error", "s3://ml-datasets/orders/large.csv"),
        ("unread", "error", "s3://ml-datasets/orders/large.csv"),
        ("unread", "error", "s3://ml-datasets/orders/cold.csv"),
        ("unknown", "error", "s3://ml-datasets/orders/new.csv"),
    ] == told


def test_a_key_is_a_uri_and_no_link() -> None:
    """Whatever a key is made of, its address says it again when it is read, and no message has a link or a hole."""
    keys = [f"{key}.csv" for key in HOSTILE]
    places = [
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results(of_keys(*keys))
    ]
    assert [f"s3://ml-datasets/{key}" for key in keys] == [unquote(uri) for uri in places]
    known = verdict(version(), reason="[see](https://evil.example) {0}")
    (one,) = results(report(scanned("s3://ml-datasets/", [(version(), known)])))
    assert r"not read: \[see\](https://evil.example) {{0}}" == one["message"]["text"]


def test_what_is_counted_and_not_named_is_one_result() -> None:
    """The rest of a million is a result of its input."""
    *named, rest = results(large())
    assert 1000 == len(named)
    assert "999,000 more objects" in rest["message"]["text"]
    assert "s3://ml-datasets/" == rest["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


# --- Security Hub

LIMITS = {"Title": 256, "Description": 1024, "Id": 512, "GeneratorId": 512}


def findings(told: ScanReport) -> list[dict[str, Any]]:
    shape = (
        botocore.session.get_session()
        .get_service_model("securityhub")
        .operation_model("BatchImportFindings")
        .input_shape
    )
    assert shape is not None
    found: list[dict[str, Any]] = []
    for request in told.to_asff():
        assert "" == ParamValidator().validate(request, shape).generate_report()
        assert 1 <= len(request["Findings"]) <= 100
        found += json.loads(json.dumps(request["Findings"]))
    for one in found:
        assert [] == [name for name, longest in LIMITS.items() if not 1 <= len(one[name]) <= longest]
        (resource,) = one["Resources"]
        assert len(resource["Id"]) <= 512
        assert len(json.dumps(one)) < 240_000
    ids = [one["Id"] for one in found]
    assert len(ids) == len({*ids})
    return found


@every_report
def test_the_findings_are_as_security_hub_takes_them(make: Callable[[], ScanReport]) -> None:
    """Every request is of botocore's shape, within its limits; there is none where all is accepted."""
    found = findings(make())
    assert bool(found) is any(count for scan in make().inputs for count in scan.lacking.values())


def test_each_object_is_one_finding() -> None:
    """What is against an object is one finding, graded by Macie, or High where something was not read."""
    told = [
        (
            one["Resources"][0]["Id"].rpartition("/")[2],
            one["Severity"]["Label"],
            [name.partition("/")[2] for name in one["Types"]],
            one["Resources"][0].get("DataClassification", {}).get("Result", {}).get("Status", {}).get("Code"),
        )
        for one in findings(mixed())
    ]
    assert [
        ("all.csv", "MEDIUM", ["PII"], "COMPLETE"),
        ("keys.json", "HIGH", ["PII", "Passwords"], "COMPLETE"),
        ("large.csv", "HIGH", ["Passwords", "Unread"], "PARTIAL"),
        ("cold.csv", "HIGH", ["Unread"], "SKIPPED"),
        ("new.csv", "HIGH", ["Unknown"], None),
    ] == told


def test_what_was_found_is_told_as_macie_tells_it() -> None:
    """Types and counts by category, and identifiers of one's own apart."""
    classified = findings(mixed())[1]["Resources"][0]["DataClassification"]["Result"]
    assert {
        "Status": {"Code": "COMPLETE"},
        "SensitiveData": [
            {
                "Category": "CREDENTIALS",
                "Detections": [{"Type": "AWS_CREDENTIALS", "Count": 2}],
                "TotalCount": 2,
            }
        ],
        "CustomDataIdentifiers": {"Detections": [{"Name": "churn-id", "Count": 7}], "TotalCount": 7},
    } == classified


def test_a_finding_is_known_again() -> None:
    """The same version of an object has the same id in every report, and another version another one."""

    def identity(etag: str, size: int = 1, *, beside: tuple[str, ...] = ()) -> str:
        about = version(etag=etag, size=size)
        known = [(one, None) for one in (*map(version, beside), about)]
        return str(findings(report(scanned("s3://ml-datasets/", known), jobs=0))[-1]["Id"])

    assert identity("e1") == identity("e1", beside=("first.csv",))
    assert 3 == len({identity("e1"), identity("e2"), identity("e1", 2)})


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_finding_is_of_its_partition(region: str, partition: str) -> None:
    """The product and the object are named in the partition of the region."""
    told = ScanReport(**{**mixed().__dict__, "region": region})
    for one in findings(told):
        assert (
            f"arn:{partition}:securityhub:{region}:111122223333:product/111122223333/default"
            == one["ProductArn"]
        )
        assert one["Resources"][0]["Id"].startswith(f"arn:{partition}:s3:::ml-datasets")


# --- HTML

VOID = {"meta"}
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "footer", "h1", "h2", "p", "code", "br", "strong"),
    *("figure", "figcaption", "svg", "desc", "rect", "text", "span", "div"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}  # fmt: skip


class Page(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.referred: list[str] = []
        self.text: list[str] = []
        self.standing: list[str] = []
        self.feed(page)
        self.close()
        assert [] == self.standing

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-labelledby":
                self.referred += (value or "").split()
        if tag not in {"meta", "br"}:
            self.standing.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.standing.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@every_report
def test_the_page_needs_nothing_else(make: Callable[[], ScanReport]) -> None:
    """It has known elements alone, nothing that loads, links or runs, and a policy that would forbid it."""
    text = make().to_html()
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= ELEMENTS
    attributes = {name for _, names in page.elements for name in names}
    assert not {name for name in attributes if name.startswith("on") or name in {"src", "href", "style"}}
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "url(" not in text
    assert len(page.ids) == len({*page.ids})
    assert {*page.referred} <= {*page.ids}


def test_each_chart_is_told_without_seeing_it() -> None:
    """A chart has a title and a description, and its figures stand in a table."""
    page = Page(mixed().to_html())
    charts = [names for tag, names in page.elements if tag == "svg"]
    assert 3 == len(charts)
    assert all({"role", "aria-labelledby"} <= {*names} for names in charts)
    assert 3 == [tag for tag, _ in page.elements].count("desc")
    told = "".join(page.text)
    assert "s3://ml-datasets/customers/: 1 clear, 2 sensitive" in told
    cells = [text for text in page.text if text.strip()]
    for figure in ("57.14%", "USA_SOCIAL_SECURITY_NUMBER", "1,200", "AWS_CREDENTIALS"):
        assert figure in cells


def test_light_and_dark_have_colours_of_their_own() -> None:
    """Each colour is stated for both."""
    style = mixed().to_html().partition("<style>")[2].partition("</style>")[0]
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    named = re.compile(r"(--[\w-]+): #")
    assert {*named.findall(light)} == {*named.findall(dark.partition("body {")[0])}
    assert {*re.findall(r"var\((--[\w-]+)\)", style)} == {*named.findall(light)}


def test_a_bar_is_as_long_as_what_it_stands_for() -> None:
    """The parts of a bar follow one another and fill it, and none where there is no object."""
    page = mixed().to_html().partition("coverage-heading")[0]
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"', page)
    lengths: dict[str, float] = {}
    for kind, x, y, width in bars:
        if kind == "track":
            lengths[y] = 0.0
            assert 320 == float(x)
        else:
            assert pytest.approx(320 + lengths[y], abs=0.05) == float(x)
            lengths[y] += float(width)
    assert [pytest.approx(350, abs=0.05)] * 2 == list(lengths.values())
    assert 'class="clear"' not in report(scanned("s3://ml-datasets/none/", [])).to_html()


def test_a_page_is_of_a_length_that_is_read() -> None:
    """Of a million objects five hundred are shown, and how many are not."""
    page = large().to_html()
    assert 500 == page.count("it has no verdict")
    assert "999,500 more are not on this page" in page
    assert len(page) < 300_000


def test_without_jinja2_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page needs an extra, and the other forms do not."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ScanError, match="jinja2") as told:
        mixed().to_html()
    assert "pip install 'secure-sagemaker[cli]'" in str(told.value.remedy)
    assert mixed().to_json()


# --- names are names


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_key_changes_nothing_but_a_name(form: str, key: str) -> None:
    """Of a report with any key the structure is that of a report with a plain one."""
    assert shape_of(form, FORMATS[form](of_keys("plain.csv"))) == shape_of(form, FORMATS[form](of_keys(key)))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), st.sampled_from(sorted(FORMATS)))
def test_no_key_changes_anything_but_a_name(key: str, form: str) -> None:
    """The same for whatever else a key or a column may be called."""
    assert shape_of(form, FORMATS[form](of_keys("plain.csv"))) == shape_of(form, FORMATS[form](of_keys(key)))


def shape_of(form: str, text: str) -> object:
    """What a reader makes of it, but for its text."""
    match form:
        case "text":
            assert all(one.isprintable() for line in text.split("\n") for one in line)
            return text.count("\n")
        case "html":
            assert all(one.isprintable() or one == "\n" for one in text)
            return Page(text).elements
        case _:
            assert text.isascii()
            return sorted(paths(json.loads(text)))


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_key_is_shown_as_it_is(key: str) -> None:
    """What is escaped for a reader is the same key: nothing of it is dropped."""
    shown = f"s3://ml-datasets/{on_one_line(key)}"
    assert shown in "".join(Page(of_keys(key).to_html()).text)
    assert shown in str(of_keys(key))
    told: Any = json.loads(of_keys(key).to_json())
    assert key == told["objects"][0]["object"]["key"]
