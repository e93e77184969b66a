"""``sagemaker.core.resources``: the registry, places to work, people, clusters and smaller jobs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tests.integration.flows.flow import Flow, Stage
from tests.integration.flows.v3_resources import Arguments, channel, container, create, created, flow

__all__ = ["FLOWS"]


def _labeling_job(stage: Stage) -> dict[str, Any]:
    account, region = stage.aws.account.account, stage.aws.region
    function = f"arn:aws:lambda:{region}:{account}:function:annotate"
    return {
        "labeling_job_name": stage.name("job"),
        "label_attribute_name": "label",
        "input_config": {"data_source": {"s3_data_source": {"manifest_s3_uri": stage.seed("data.manifest")}}},
        "output_config": {"s3_output_path": stage.uri("out")},
        "role_arn": stage.role,
        "human_task_config": {
            "workteam_arn": stage.stand_team(),
            "ui_config": {"ui_template_s3_uri": stage.seed("template.liquid")},
            "pre_human_task_lambda_arn": function,
            "task_title": "Label",
            "task_description": "Label the rows",
            "number_of_human_workers_per_data_object": 1,
            "task_time_limit_in_seconds": 600,
            "annotation_consolidation_config": {"annotation_consolidation_lambda_arn": function},
        },
    }


def _flow_definition(stage: Stage) -> dict[str, Any]:
    account, region = stage.aws.account.account, stage.aws.region
    return {
        "flow_definition_name": stage.name("flow"),
        "output_config": {"s3_output_path": stage.uri("out")},
        "role_arn": stage.role,
        "human_loop_config": {
            "workteam_arn": stage.stand_team(),
            "human_task_ui_arn": f"arn:aws:sagemaker:{region}:{account}:human-task-ui/ui",
            "task_title": "Review",
            "task_description": "Review the answer",
            "task_count": 1,
        },
    }


def _edge_packaging_job(stage: Stage) -> dict[str, Any]:
    compilation = create(stage, "CompilationJob", **_compilation_job(stage))
    return {
        "edge_packaging_job_name": stage.name("job"),
        "compilation_job_name": compilation.compilation_job_name,
        "model_name": "model",
        "model_version": "1",
        "role_arn": stage.role,
        "output_config": {"s3_output_location": stage.uri("out")},
    }


def _device_fleet(stage: Stage) -> dict[str, Any]:
    return {
        "device_fleet_name": stage.name("fleet"),
        "output_config": {"s3_output_location": stage.uri("out")},
        "role_arn": stage.role,
    }


def _notebook(stage: Stage) -> dict[str, Any]:
    return {
        "notebook_instance_name": stage.name("notebook"),
        "instance_type": "ml.t3.medium",
        "role_arn": stage.role,
    }


def _domain(stage: Stage) -> dict[str, Any]:
    return {
        "domain_name": stage.name("domain"),
        "auth_mode": "IAM",
        "default_user_settings": {"execution_role": stage.role},
        "vpc_id": stage.aws.vpc_id,
    }


def _user_profile(stage: Stage) -> dict[str, Any]:
    domain = create(stage, "Domain", **_domain(stage))
    return {
        "domain_id": domain.domain_id,
        "user_profile_name": stage.name("user"),
        "user_settings": {"execution_role": stage.role},
    }


def _cluster_of_nodes(stage: Stage) -> dict[str, Any]:
    group = {
        "instance_group_name": "workers",
        "instance_type": "ml.c5.xlarge",
        "instance_count": 1,
        "execution_role": stage.role,
        "life_cycle_config": {"source_s3_uri": stage.uri("lifecycle"), "on_create": "on_create.sh"},
        "instance_storage_configs": [{"ebs_volume_config": {"volume_size_in_gb": 100}}],
    }
    account, region = stage.aws.account.account, stage.aws.region
    return {
        "cluster_name": stage.name("cluster"),
        "instance_groups": [group],
        "orchestrator": {"eks": {"cluster_arn": f"arn:aws:eks:{region}:{account}:cluster/team"}},
        "node_provisioning_mode": "Continuous",
    }


def _mlflow_app(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name("app"),
        "artifact_store_uri": stage.uri("artifacts"),
        "role_arn": stage.role,
    }


def _tracking_server(stage: Stage) -> dict[str, Any]:
    return {
        "tracking_server_name": stage.name("server"),
        "artifact_store_uri": stage.uri("artifacts"),
        "role_arn": stage.role,
    }


def _model_card(stage: Stage) -> dict[str, Any]:
    content = json.dumps({"model_overview": {"model_description": "a model"}})
    return {"model_card_name": stage.name("card"), "content": content, "model_card_status": "Draft"}


def _model_package(stage: Stage) -> dict[str, Any]:
    return {
        "model_package_name": stage.name("package"),
        "inference_specification": {
            "containers": [container(stage)],
            "supported_content_types": ["text/csv"],
            "supported_response_mime_types": ["text/csv"],
        },
    }


def _benchmark(stage: Stage) -> dict[str, Any]:
    create(
        stage,
        "AIWorkloadConfig",
        ai_workload_config_name=stage.name("load"),
        ai_workload_configs={"workload_spec": {"inline": "{}"}},
    )
    return {
        "ai_benchmark_job_name": stage.name("job"),
        "benchmark_target": {"endpoint": {"identifier": stage.stand_endpoint()}},
        "output_config": {"s3_output_location": stage.uri("out")},
        "ai_workload_config_identifier": stage.name("load"),
        "role_arn": stage.role,
    }


def _training_session(stage: Stage) -> dict[str, Any]:
    hub = f"arn:aws:sagemaker:{stage.aws.region}:aws:hub-content/SageMakerPublicHub"
    return {
        "training_session_name": stage.name("session"),
        "lora_config": {"rank": 8, "alpha": 16},
        "role_arn": stage.role,
        "model_config": {"base_model_arn": f"{hub}/Model/small/1.0.0"},
        "output_config": {"s3_location": {"path": stage.uri("out")}},
    }


def _job(stage: Stage) -> dict[str, Any]:
    document = {
        "InputDataConfig": [channel(stage, "train")],
        "OutputDataConfig": {"S3OutputPath": stage.uri("out")},
    }
    return {
        "job_name": stage.name("job"),
        "role_arn": stage.role,
        "job_category": "AgentRFT",
        "job_config_schema_version": "1.0.0",
        "job_config_document": json.dumps(document),
    }


def _space(stage: Stage) -> dict[str, Any]:
    domain = create(stage, "Domain", **_domain(stage))
    return {
        "domain_id": domain.domain_id,
        "space_name": stage.name("space"),
        "space_settings": {"app_type": "JupyterLab", "remote_access": "DISABLED"},
    }


def _approved(stage: Stage) -> None:
    from sagemaker.core.resources import ModelPackage

    group = create(stage, "ModelPackageGroup", model_package_group_name=stage.name("group"))
    arguments = _model_package(stage)
    del arguments["model_package_name"]
    with contextlib.suppress(KeyError):  # as above
        create(
            stage,
            "ModelPackage",
            **arguments,
            model_package_group_name=group.model_package_group_name,
            model_approval_status="PendingManualApproval",
        )
    (version,) = stage.session.client("sagemaker").list_model_packages(
        ModelPackageGroupName=group.model_package_group_name
    )["ModelPackageSummaryList"]
    package = ModelPackage.get(version["ModelPackageArn"], session=stage.session)
    package.model_approval_status = "Approved"
    package.update()


def _algorithm(stage: Stage) -> dict[str, Any]:
    return {
        "algorithm_name": stage.name("algorithm"),
        "training_specification": {
            "training_image": stage.image,
            "supported_training_instance_types": ["ml.m5.xlarge"],
            "training_channels": [
                {
                    "name": "train",
                    "supported_content_types": ["text/csv"],
                    "supported_input_modes": ["File"],
                }
            ],
        },
    }


def _workforce(stage: Stage) -> dict[str, Any]:
    return {
        "workforce_name": stage.name("workforce"),
        "cognito_config": {"user_pool": f"{stage.aws.region}_abcdefghi", "client_id": "client"},
        "workforce_vpc_config": {
            "vpc_id": stage.aws.vpc_id,
            "subnets": list(stage.aws.subnets),
            "security_group_ids": list(stage.aws.security_groups),
        },
    }


def _image(stage: Stage) -> dict[str, Any]:
    return {"image_name": stage.name("image"), "role_arn": stage.role}


def _partner_app(stage: Stage) -> dict[str, Any]:
    return {
        "name": "comet",
        "type": "comet",
        "execution_role_arn": stage.role,
        "tier": "small",
        "auth_type": "IAM",
    }


def _compilation_job(stage: Stage) -> dict[str, Any]:
    return {
        "compilation_job_name": stage.name("job"),
        "role_arn": stage.role,
        "input_config": {"s3_uri": stage.seed_model(), "framework": "PYTORCH"},
        "output_config": {"s3_output_location": stage.uri("out"), "target_device": "ml_m5"},
        "stopping_condition": {"max_runtime_in_seconds": 900},
    }


def _optimization_job(stage: Stage) -> dict[str, Any]:
    return {
        "optimization_job_name": stage.name("job"),
        "role_arn": stage.role,
        "model_source": {"s3": {"s3_uri": stage.uri("model/")}},
        "deployment_instance_type": "ml.g5.12xlarge",
        "optimization_configs": [{"model_quantization_config": {"image": stage.image}}],
        "output_config": {"s3_output_location": stage.uri("out")},
        "stopping_condition": {"max_runtime_in_seconds": 900},
    }


def _recommendations_job(stage: Stage) -> dict[str, Any]:
    version = stage.stand(
        "create_model_package",
        ModelPackageName=stage.name("package"),
        InferenceSpecification={
            "Containers": [{"Image": stage.image}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    return {
        "job_name": stage.name("job"),
        "job_type": "Default",
        "role_arn": stage.role,
        "input_config": {"model_package_version_arn": version},
    }


_CREATED: Mapping[str, Arguments] = {
    "CompilationJob": _compilation_job,
    "OptimizationJob": _optimization_job,
    "InferenceRecommendationsJob": _recommendations_job,
    "LabelingJob": _labeling_job,
    "FlowDefinition": _flow_definition,
    "EdgePackagingJob": _edge_packaging_job,
    "DeviceFleet": _device_fleet,
    "NotebookInstance": _notebook,
    "Domain": _domain,
    "UserProfile": _user_profile,
    "Cluster": _cluster_of_nodes,
    "MlflowApp": _mlflow_app,
    "MlflowTrackingServer": _tracking_server,
    "ModelCard": _model_card,
    "Algorithm": _algorithm,
    "Image": _image,
    "PartnerApp": _partner_app,
    "AIBenchmarkJob": _benchmark,
    "Job": _job,
    "Space": _space,
}

FLOWS: tuple[Flow, ...] = (
    *(created(resource, arguments) for resource, arguments in _CREATED.items()),
    # The SDK cannot read the descriptions of two, and looks for a name in the answer about a package.
    created("TrainingSession", _training_session, unreadable=ValidationError, since="3.27"),
    created("Workforce", _workforce, unreadable=ValidationError),
    created("ModelPackage", _model_package, unreadable=KeyError),
    flow(
        "approved",
        "`ModelPackage`, approved",
        _approved,
        "CreateModelPackageGroup",
        "CreateModelPackage",
        "UpdateModelPackage",
    ),
)
