"""Texts of a request replaced at a path."""

from __future__ import annotations

import copy

import pytest

from secure_sagemaker.macie.rewriting import with_value

REQUEST = {
    "Name": "churn",
    "InputDataConfig": [
        {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": "s3://ml-datasets/churn/"}}},
        {"ChannelName": "test", "DataSource": {"S3DataSource": {"S3Uri": "s3://ml-datasets/test/"}}},
    ],
    "Document": '{"S3Uri": "s3://ml-datasets/churn/"}',
}


def test_one_text_is_replaced_in_a_copy() -> None:
    """What is changed is there, all else is as it was, and the caller's own is untouched."""
    before = copy.deepcopy(REQUEST)
    path = "InputDataConfig[1].DataSource.S3DataSource.S3Uri"
    made = with_value(REQUEST, path, old="s3://ml-datasets/test/", new="s3://x/")
    wanted = copy.deepcopy(before)
    wanted["InputDataConfig"][1]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://x/"  # type: ignore[index]  # a nested dict
    assert wanted == made
    assert before == REQUEST


@pytest.mark.parametrize(
    "path",
    [
        "InputDataConfig[2].DataSource.S3DataSource.S3Uri",
        "InputDataConfig[0].DataSource.S3DataSource.S3Uri.More",
        "InputDataConfig.DataSource",
        "InputDataConfig['train']",
        "Name",
        "Name[0]",
        "Document.S3Uri",
        "Missing",
    ],
)
def test_what_is_not_there_is_not_replaced(path: str) -> None:
    """Within documents, beyond lists, and where another text stands."""
    assert with_value(REQUEST, path, old="s3://ml-datasets/churn/", new="s3://x/") is None
