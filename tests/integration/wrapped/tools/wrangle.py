"""Prepares data with AWS SDK for pandas, which takes a session.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

import awswrangler
import boto3
import pandas as pd

__all__ = ["prepare"]


def prepare(session: boto3.Session, *, place: str) -> list[str]:
    """Write, list, read, split, copy, delete; returns what lies there at the end."""
    rows = pd.DataFrame({"town": ["north", "south"], "price": [1.0, 2.0]})
    awswrangler.s3.to_csv(rows, f"{place}/raw/rows.csv", index=False, boto3_session=session)
    read = awswrangler.s3.read_csv(f"{place}/raw/", boto3_session=session)
    awswrangler.s3.to_parquet(
        read, f"{place}/train/", dataset=True, partition_cols=["town"], boto3_session=session
    )
    raw = awswrangler.s3.list_objects(f"{place}/raw/", boto3_session=session)
    awswrangler.s3.copy_objects(raw, f"{place}/raw", f"{place}/kept", boto3_session=session)
    awswrangler.s3.delete_objects(raw, boto3_session=session)
    assert len(awswrangler.s3.read_parquet(f"{place}/train/", dataset=True, boto3_session=session)) == 2
    return [
        path.removeprefix(f"{place}/").partition("/")[0]
        for path in awswrangler.s3.list_objects(place, boto3_session=session)
    ]
