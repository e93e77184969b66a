"""The gate under the SageMaker Python SDK: data needs a verdict, the code that the SDK uploads does not."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import ControlError
from tests.integration.embedded import IMAGE
from tests.integration.flows.v3_training import WARNINGS
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import TAGS, Gated

V3 = [pytest.mark.sdk(3), *(pytest.mark.filterwarnings(one) for one in WARNINGS)]


def _by_trainer(session: Any, source_dir: Path, uri: str) -> None:
    from sagemaker.core.training.configs import Compute, InputData, SourceCode
    from sagemaker.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=session.sagemaker_session(),
        role=session.execution_role,
        training_image=IMAGE,
        base_job_name="gated",
        source_code=SourceCode(source_dir=str(source_dir), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        tags=[_tag(TAGS[0])],
    )
    trainer.train(input_data_config=[InputData(channel_name="train", data_source=uri)], wait=False)


def _tag(stated: dict[str, str]) -> Any:
    from sagemaker.core.shapes import Tag

    return Tag(key=stated["Key"], value=stated["Value"])


def _by_estimator(session: Any, source_dir: Path, uri: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own dependencies, of what they have deprecated
        from sagemaker.estimator import Estimator
    estimator = Estimator(
        image_uri=IMAGE,
        role=session.execution_role,
        sagemaker_session=session.sagemaker_session(),
        entry_point="train.py",
        source_dir=str(source_dir),
        instance_type="ml.m5.xlarge",
        instance_count=1,
        base_job_name="gated",
        tags=TAGS,
    )
    estimator.fit({"train": uri}, wait=False)


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize(
    "train",
    [
        pytest.param(_by_trainer, marks=V3, id="ModelTrainer"),
        pytest.param(_by_estimator, marks=pytest.mark.sdk(2), id="Estimator"),
    ],
)
def test_code_needs_no_verdict(gated: Gated, source_dir: Path, train: Any) -> None:
    """What the SDK puts beside the data is uploaded and sent unread; the data is refused until it was read."""
    folder = gated.folder()
    gated.put(f"{folder}x.csv", CLEAN)
    session = gated.session()
    with pytest.raises(ControlError, match="1 of 1 objects have no fresh verdict") as caught:
        train(session, source_dir, gated.uri(folder))
    assert () == caught.value.others
    gated.refused("CreateTrainingJob")
    session.scan([gated.uri(folder)])
    train(session, source_dir, gated.uri(folder))
    (sent,) = gated.sent("CreateTrainingJob")
    code = {one["ChannelName"] for one in sent.get("InputDataConfig", ())} - {"train"}
    assert code or "sagemaker_submit_directory" in str(sent["HyperParameters"])
    gated.put(f"{folder}people.csv", TABLE)
    with pytest.raises(ControlError, match=r"have no fresh verdict: .*people\.csv"):
        train(session, source_dir, gated.uri(folder))
    assert 1 == len(gated.sent("CreateTrainingJob"))
