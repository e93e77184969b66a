"""Fine-tuning, evaluation and the AI registry with the SageMaker Python SDK v3."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError

from tests.integration.flows.flow import Flow, Outcome, Stage
from tests.integration.flows.v3_resources import create
from tests.integration.flows.v3_training import WARNINGS

__all__ = ["FLOWS"]

_HUB = "SageMakerPublicHub"
_CHAT = b'{"prompt": "2+2?", "completion": "4"}\n'


def _public_model(stage: Stage, document: dict[str, Any]) -> str:
    """Have AWS's public hub hold a model; returns its name."""
    model = stage.name("small")
    with stage.apart() as elsewhere:
        hub = elsewhere.client("sagemaker")
        with contextlib.suppress(ClientError):  # it stands already
            hub.create_hub(HubName=_HUB, HubDescription="AWS's own")
        hub.import_hub_content(
            HubName=_HUB,
            HubContentName=model,
            HubContentType="Model",
            DocumentSchemaVersion="2.0.0",
            HubContentDocument=json.dumps(document),
        )
    return model


def _tunable_model(stage: Stage, *techniques: str) -> str:
    """A model that can be fine-tuned in these ways."""
    recipes = [
        {
            "CustomizationTechnique": technique,
            "Name": f"{technique.lower()}-lora",
            "Peft": "LORA",
            "SequenceLength": "4K",
            "SmtjRecipeTemplateS3Uri": stage.uri("recipe.yaml"),
            "SmtjOverrideParamsS3Uri": stage.uri("parameters.json"),
            "Type": "FineTuning",
        }
        for technique in techniques
    ]
    stage.seed("parameters.json", b"{}")
    return _public_model(stage, {"RecipeCollection": recipes, "GatedBucket": False, "Capabilities": []})


def _trainer(stage: Stage, kind: str, technique: str, **more: Any) -> Any:
    import sagemaker.train as train

    stage.sdk  # noqa: B018  # before the modules that make clients when they are imported
    model = _tunable_model(stage, technique)
    group = create(stage, "ModelPackageGroup", model_package_group_name=stage.name("group"))
    return getattr(train, kind)(
        model=model,
        model_package_group=group.model_package_group_name,
        training_dataset=stage.seed("data/train.jsonl", _CHAT),
        s3_output_path=stage.uri("out"),
        role=stage.role,
        accept_eula=True,
        sagemaker_session=stage.sdk,
        **more,
    )


def _sft(stage: Stage) -> None:
    _trainer(stage, "SFTTrainer", "SFT").train(wait=False)


def _sft_waited_for(stage: Stage) -> None:
    server = stage.stand_tracking_server()
    _trainer(stage, "SFTTrainer", "SFT", mlflow_resource_arn=server).train(wait=True)


def _dpo(stage: Stage) -> None:
    _trainer(stage, "DPOTrainer", "DPO").train(wait=False)


def _rlvr(stage: Stage) -> None:
    reward = f"arn:aws:lambda:{stage.aws.region}:{stage.aws.account.account}:function:SageMaker-reward"
    _trainer(stage, "RLVRTrainer", "RLVR", custom_reward_function=reward, skip_reward_validation=True).train(
        wait=False
    )


def _rlaif(stage: Stage) -> None:
    _trainer(stage, "RLAIFTrainer", "RLAIF", reward_model_id="openai.gpt-oss-20b-1:0").train(wait=False)


def _jump_start(stage: Stage) -> None:
    from sagemaker.core.jumpstart.configs import JumpStartConfig
    from sagemaker.train import ModelTrainer

    stage.seed("script/transfer_learning.py", b"print('trained')")
    model = _public_model(
        stage,
        {
            "ModelTypes": ["OPEN_WEIGHTS"],
            "Url": "https://example.com",
            "TrainingSupported": True,
            "IncrementalTrainingSupported": False,
            "DefaultTrainingInstanceType": "ml.g5.xlarge",
            "TrainingEcrUri": stage.image,
            "TrainingInstanceTypeVariants": {"Variants": {}},
            "Hyperparameters": [],
            "TrainingScriptUri": stage.uri("script/"),
            "DefaultTrainingDatasetUri": stage.seed("data/train.csv"),
            "TrainingArtifactUri": stage.seed_model(),
        },
    )
    trainer = ModelTrainer.from_jumpstart_config(
        JumpStartConfig(model_id=model, accept_eula=True), sagemaker_session=stage.sdk, role=stage.role
    )
    trainer.train(wait=False)


def _jump_start_model(stage: Stage) -> None:
    from sagemaker.core.jumpstart.configs import JumpStartConfig
    from sagemaker.serve.model_builder import ModelBuilder

    ModelBuilder.from_jumpstart_config(
        JumpStartConfig(model_id="team-model"), role_arn=stage.role, sagemaker_session=stage.sdk
    ).build()


def _benchmark(stage: Stage) -> None:
    from sagemaker.train.evaluate import BenchMarkEvaluator, get_benchmarks

    stage.sdk  # noqa: B018  # as above
    group = create(stage, "ModelPackageGroup", model_package_group_name=stage.name("group"))
    BenchMarkEvaluator(
        benchmark=get_benchmarks().MMLU,
        model=_tunable_model(stage, "SFT"),
        model_package_group=group.model_package_group_arn,
        s3_output_path=stage.uri("out"),
        mlflow_resource_arn=stage.stand_tracking_server(),
        role=stage.role,
        sagemaker_session=stage.sdk,
    ).evaluate()


def _agent(stage: Stage) -> None:
    stage.sdk  # noqa: B018  # as above
    from sagemaker.train.custom_agent_lambda import CustomAgentLambda

    CustomAgentLambda.create(
        source="def handler(event, context): return event",
        function_name="agent",
        role=stage.role,
        sagemaker_session=stage.sdk,
    )


def _reward(stage: Stage) -> None:
    stage.sdk  # noqa: B018  # as above
    from sagemaker.ai_registry.evaluator import Evaluator

    script = stage.directory / "reward.py"
    script.write_text("def lambda_handler(event, context): return 1.0\n")
    Evaluator.create(
        name="reward",
        type="RewardFunction",
        source=str(script),
        role=stage.role,
        sagemaker_session=stage.sdk,
        wait=False,
    )


def _recipe(stage: Stage) -> None:
    recipe = stage.seed("recipe.yaml", b"training_config: {}\n")
    _trainer(stage, "SFTTrainer", "SFT", recipe=recipe).train(wait=False)


def _registry(stage: Stage) -> None:
    """The team's hub, with a data set in it: as it is after the first use, whatever ran before."""
    from sagemaker.ai_registry.air_hub import AIRHub

    with stage.apart() as elsewhere:
        sagemaker = elsewhere.client("sagemaker")
        AIRHub._create_airegistry_hub_if_not_exists(sagemaker)
        sagemaker.import_hub_content(
            HubName=AIRHub.get_hub_name(),
            HubContentName=stage.name("seeded"),
            HubContentType="DataSet",
            DocumentSchemaVersion="2.0.0",
            HubContentDocument="{}",
        )


def _data_set(stage: Stage) -> None:
    from sagemaker.ai_registry.dataset import CustomizationTechnique, DataSet

    _registry(stage)
    DataSet.create(
        name=stage.name("data"),
        source=stage.seed("data/train.jsonl", _CHAT),
        customization_technique=CustomizationTechnique.SFT,
        sagemaker_session=stage.sdk,
        wait=False,
    )


def _hub(stage: Stage) -> None:
    stage.sdk  # noqa: B018  # it is made, and given to nobody
    from sagemaker.ai_registry.air_hub import AIRHub

    _registry(stage)
    AIRHub.list_hub_content("DataSet")


def _flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    return Flow(sdk=3, name=name, title=title, run=run, sends=sends, warnings=WARNINGS, **more)


FLOWS: tuple[Flow, ...] = (
    _flow("sft-trainer", "`SFTTrainer`", _sft, "CreateTrainingJob"),
    _flow("sft-trainer-waited-for", "`SFTTrainer`, waited for", _sft_waited_for, "CreateTrainingJob"),
    _flow("dpo-trainer", "`DPOTrainer`", _dpo, "CreateTrainingJob"),
    _flow("rlvr-trainer", "`RLVRTrainer`", _rlvr, "CreateTrainingJob"),
    _flow("rlaif-trainer", "`RLAIFTrainer`", _rlaif, "CreateTrainingJob"),
    _flow("registry-data-set", "`DataSet` of the AI registry", _data_set, "ImportHubContent"),
    _flow("recipe", "`SFTTrainer`, recipe in S3", _recipe, "CreateTrainingJob"),
    _flow("jumpstart-trainer", "`ModelTrainer` of a JumpStart model", _jump_start, "CreateTrainingJob"),
    _flow(
        "jumpstart-builder",
        "`ModelBuilder` of a JumpStart model",
        _jump_start_model,
        outcome=Outcome.REFUSED,
        refused_by="data-perimeter",
        note="What the SDK must know of the model is in a bucket of AWS's own, `jumpstart-cache-prod-REGION`.",
    ),
    _flow("evaluator", "`BenchMarkEvaluator`", _benchmark, "CreatePipeline", "StartPipelineExecution"),
    _flow("agent-lambda", "`CustomAgentLambda`", _agent, "lambda.CreateFunction"),
    _flow(
        "registry-evaluator",
        "`Evaluator` of the AI registry, from a file",
        _reward,
        outcome=Outcome.REFUSED,
        refused_by="data-perimeter",
        note="The SDK keeps the file in a bucket of its own naming, `sagemaker-REGION-ACCOUNT`.",
    ),
    _flow("registry-hub", "`AIRHub`", _hub, "ListHubContents"),
)
