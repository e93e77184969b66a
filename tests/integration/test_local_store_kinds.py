"""SageMaker's store: what AWS does for some kinds of resources and for no others."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import IMAGE, arn_of, client, hosted, model, refused, training_job

EKS = "arn:aws:eks:eu-west-1:111122223333:cluster/team"


@pytest.fixture(scope="module")
def sagemaker(account: EmbeddedAWS) -> Any:
    """A plain client."""
    return client(account, "sagemaker")


# --- hosting


def test_an_endpoint_shows_its_configuration(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Variants, images and capture are those of the configuration; an update brings the other one's."""
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": f"s3://{aws.default_bucket}/capture",
        "KmsKeyId": aws.key_arn,
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    hosted(aws, sagemaker, "shown", DataCaptureConfig=capture)
    told = sagemaker.describe_endpoint(EndpointName="shown")
    assert told["EndpointStatus"] == "InService"
    (variant,) = told["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 1.0)
    assert variant["DeployedImages"][0]["ResolvedImage"] == IMAGE
    assert told["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 50,
        "DestinationS3Uri": f"s3://{aws.default_bucket}/capture",
        "KmsKeyId": aws.key_arn,
    }
    desired = [{"VariantName": "all", "DesiredInstanceCount": 3, "DesiredWeight": 0.5}]
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="shown", DesiredWeightsAndCapacities=desired
    )
    (variant,) = sagemaker.describe_endpoint(EndpointName="shown")["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (3, 0.5)

    nobody = [{"VariantName": "nobody", "DesiredWeight": 1.0}]
    assert refused(
        lambda: sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="shown", DesiredWeightsAndCapacities=nobody
        )
    ) == ("ValidationException", 400)

    results = {"OutputConfig": {"S3OutputPath": f"s3://{aws.default_bucket}/async"}}
    hosted(aws, sagemaker, "other", AsyncInferenceConfig=results)
    sagemaker.update_endpoint(
        EndpointName="shown", EndpointConfigName="other", RetainAllVariantProperties=True
    )
    rows = sagemaker.list_endpoints(StatusEquals="Updating")["Endpoints"]
    assert [row["EndpointName"] for row in rows] == ["shown"]
    told = sagemaker.describe_endpoint(EndpointName="shown")
    assert (told["EndpointConfigName"], told["EndpointStatus"]) == ("other", "InService")
    assert told["ProductionVariants"][0]["CurrentInstanceCount"] == 3
    assert (told["AsyncInferenceConfig"], "DataCaptureConfig" in told) == (results, False)
    sagemaker.update_endpoint(EndpointName="shown", EndpointConfigName="other")
    assert (
        sagemaker.describe_endpoint(EndpointName="shown")["ProductionVariants"][0]["CurrentInstanceCount"]
        == 2
    )


def test_an_endpoint_with_components_stays(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Components are counted as they are told to be, and an endpoint goes after them."""
    sagemaker.create_model(**model(aws, "component"))
    variant = {"VariantName": "v", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName="components", ExecutionRoleArn=aws.execution_role_arn, ProductionVariants=[variant]
    )
    sagemaker.create_endpoint(EndpointName="components", EndpointConfigName="components")
    needs = {"NumberOfCpuCoresRequired": 1, "MinMemoryRequiredInMb": 128}
    sagemaker.create_inference_component(
        InferenceComponentName="one",
        EndpointName="components",
        VariantName="v",
        Specification={"ModelName": "component", "ComputeResourceRequirements": needs},
        RuntimeConfig={"CopyCount": 1},
    )
    sagemaker.update_inference_component_runtime_config(
        InferenceComponentName="one", DesiredRuntimeConfig={"CopyCount": 4}
    )
    told = sagemaker.describe_inference_component(InferenceComponentName="one")
    assert told["RuntimeConfig"] == {"DesiredCopyCount": 4, "CurrentCopyCount": 4}
    assert told["EndpointArn"].endswith(":endpoint/components")
    delete = partial(sagemaker.delete_endpoint, EndpointName="components")
    assert refused(delete) == ("ValidationException", 400)
    sagemaker.delete_inference_component(InferenceComponentName="one")
    delete()


# --- tuning and AutoML


def test_a_tuning_job_trains(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Its training jobs are jobs like others, with what their definition says, and one of them is best."""
    job = training_job(aws, "unused", EnableNetworkIsolation=True)
    ranges = {"IntegerParameterRanges": [{"Name": "depth", "MinValue": "2", "MaxValue": "9"}]}
    definition = {
        "StaticHyperParameters": {"eta": "0.1"},
        "HyperParameterRanges": ranges,
        **{name: value for name, value in job.items() if name != "TrainingJobName"},
    }
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="tuning",
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
        },
        TrainingJobDefinition=definition,
    )
    named = {"HyperParameterTuningJobName": "tuning"}
    rows = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**named)["TrainingJobSummaries"]
    assert {(row["TrainingJobStatus"], row["TunedHyperParameters"]["depth"]) for row in rows} == {
        ("InProgress", "2")
    }
    told = sagemaker.describe_hyper_parameter_tuning_job(**named)
    assert told["HyperParameterTuningJobStatus"] == "Completed"
    assert told["TrainingJobStatusCounters"]["Completed"] == told["ObjectiveStatusCounters"]["Succeeded"] == 3
    best = told["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "auc"
    child = sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert child["TuningJobArn"] == told["HyperParameterTuningJobArn"]
    assert child["HyperParameters"] == {"eta": "0.1", "depth": "2"}
    assert (child["EnableNetworkIsolation"], child["RoleArn"]) == (True, aws.execution_role_arn)
    (row,) = sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    assert (row["Strategy"], row["ResourceLimits"]["MaxNumberOfTrainingJobs"]) == ("Random", 3)


def test_automl_has_a_candidate(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """A job of either version is described by the second, and its best candidate has what a model needs."""
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key="automl/table.csv", Body=b"a,b")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{aws.default_bucket}/automl"}}
    security = {"EnableInterContainerTrafficEncryption": True, "VolumeKmsKeyId": aws.key_arn}
    sagemaker.create_auto_ml_job(
        AutoMLJobName="automl",
        InputDataConfig=[{"DataSource": source, "TargetAttributeName": "b"}],
        OutputDataConfig={"S3OutputPath": f"s3://{aws.default_bucket}/automl-out"},
        AutoMLJobConfig={"SecurityConfig": security},
        RoleArn=aws.execution_role_arn,
    )
    told = sagemaker.describe_auto_ml_job(AutoMLJobName="automl")
    assert (told["AutoMLJobStatus"], told["AutoMLJobSecondaryStatus"]) == ("Completed", "Completed")
    assert sagemaker.describe_auto_ml_job_v2(AutoMLJobName="automl")["SecurityConfig"] == security
    (candidate,) = sagemaker.list_candidates_for_auto_ml_job(AutoMLJobName="automl")["Candidates"]
    assert candidate == told["BestCandidate"]
    (container,) = candidate["InferenceContainers"]
    assert container["ModelDataUrl"].startswith(f"s3://{aws.default_bucket}/automl-out/automl/")


# --- versions


def test_model_packages_are_versions_of_their_group(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Each one registered is the next version, found by its ARN; a group goes when it is empty."""
    sagemaker.create_model_package_group(ModelPackageGroupName="group")
    arns = [
        sagemaker.create_model_package(
            ModelPackageGroupName="group",
            InferenceSpecification={"Containers": [{"Image": IMAGE}]},
            SecurityConfig={"KmsKeyId": aws.key_arn},
        )["ModelPackageArn"]
        for _ in range(2)
    ]
    assert [arn.rpartition(":")[2] for arn in arns] == ["model-package/group/1", "model-package/group/2"]
    told = sagemaker.describe_model_package(ModelPackageName=arns[1])
    assert (told["ModelPackageVersion"], told["ModelApprovalStatus"]) == (2, "PendingManualApproval")
    assert told["SecurityConfig"] == {"KmsKeyId": aws.key_arn}
    sagemaker.update_model_package(ModelPackageArn=arns[1], ModelApprovalStatus="Approved")
    listed = sagemaker.list_model_packages(ModelPackageGroupName="group", ModelApprovalStatus="Approved")
    assert [row["ModelPackageArn"] for row in listed["ModelPackageSummaryList"]] == [arns[1]]
    unknown = arns[0].replace("group/1", "group/9")
    batch = sagemaker.batch_describe_model_package(ModelPackageArnList=[arns[0], unknown])
    assert batch["ModelPackageSummaries"][arns[0]]["ModelPackageVersion"] == 1
    assert set(batch["BatchDescribeModelPackageErrorMap"]) == {unknown}
    delete = partial(sagemaker.delete_model_package_group, ModelPackageGroupName="group")
    assert refused(delete) == ("ConflictException", 400)
    for arn in arns:
        sagemaker.delete_model_package(ModelPackageName=arn)
    delete()


@pytest.mark.parametrize("holder", ["model_package_group", "endpoint"])
def test_a_resource_policy_is_kept(aws: EmbeddedAWS, sagemaker: Any, holder: str) -> None:
    """A policy is there from its Put to its Delete."""
    if not hasattr(sagemaker, f"put_{holder}_policy"):
        pytest.skip("this botocore has no such policy")
    named = {"".join(part.title() for part in holder.split("_")) + "Name": "policy"}
    if holder == "endpoint":
        hosted(aws, sagemaker, "policy")
    else:
        sagemaker.create_model_package_group(**named)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    get = getattr(sagemaker, f"get_{holder}_policy")
    code, _ = refused(lambda: get(**named))
    assert code in ("ValidationException", "ResourceNotFound")
    getattr(sagemaker, f"put_{holder}_policy")(**named, ResourcePolicy=policy)
    assert get(**named)["ResourcePolicy"] == policy
    getattr(sagemaker, f"delete_{holder}_policy")(**named)
    assert refused(lambda: get(**named))[0] == code


def test_a_model_card_keeps_its_versions(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """An update makes a version, and the one before can still be read and exported."""
    first, second = (json.dumps({"model_overview": {"model_version": version}}) for version in (1, 2))
    named = {"ModelCardName": "card"}
    sagemaker.create_model_card(**named, Content=first, ModelCardStatus="Draft")
    sagemaker.update_model_card(**named, Content=second, ModelCardStatus="Approved")
    assert sagemaker.describe_model_card(**named)["ModelCardVersion"] == 2
    told = sagemaker.describe_model_card(**named, ModelCardVersion=1)
    assert (told["Content"], told["ModelCardStatus"]) == (first, "Draft")
    versions = sagemaker.list_model_card_versions(**named)["ModelCardVersionSummaryList"]
    assert [row["ModelCardVersion"] for row in versions] == [2, 1]
    assert (
        refused(lambda: sagemaker.describe_model_card(**named, ModelCardVersion=7))[0] == "ResourceNotFound"
    )
    output = {"S3OutputPath": f"s3://{aws.default_bucket}/cards"}
    arn = sagemaker.create_model_card_export_job(
        **named, ModelCardExportJobName="export", OutputConfig=output
    )
    told = sagemaker.describe_model_card_export_job(**arn_of(arn))
    assert (told["Status"], told["ModelCardVersion"]) == ("Completed", 2)


def test_images_and_hubs_have_versions(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """The latest is described where no version is named; a hub refers to content that is not its own."""
    sagemaker.create_image(ImageName="image", RoleArn=aws.execution_role_arn)
    for token in "ab":
        sagemaker.create_image_version(ImageName="image", BaseImage=IMAGE, ClientToken=token * 36)
    assert sagemaker.describe_image_version(ImageName="image")["Version"] == 2
    assert sagemaker.describe_image_version(ImageName="image", Version=1)["ImageVersionStatus"] == "CREATED"
    sagemaker.create_hub(HubName="hub", HubDescription="ours")
    content = {"HubName": "hub", "HubContentName": "content", "HubContentType": "Model"}
    for version in ("1.0.0", "1.1.0"):
        sagemaker.import_hub_content(
            **content, HubContentVersion=version, DocumentSchemaVersion="1.0.0", HubContentDocument="{}"
        )
    listed = sagemaker.list_hub_contents(HubName="hub", HubContentType="Model")["HubContentSummaries"]
    assert [row["HubContentVersion"] for row in listed] == ["1.1.0"]
    versions = sagemaker.list_hub_content_versions(**content)["HubContentSummaries"]
    assert {row["HubContentVersion"] for row in versions} == {"1.0.0", "1.1.0"}
    public = "arn:aws:sagemaker:eu-west-1:aws:hub-content/SageMakerPublicHub/Model/llama"
    sagemaker.create_hub_content_reference(
        HubName="hub", SageMakerPublicHubContentArn=public, MinVersion="1.2.0"
    )
    named = {"HubName": "hub", "HubContentType": "ModelReference", "HubContentName": "llama"}
    told = sagemaker.describe_hub_content(**named)
    assert (told["SageMakerPublicHubContentArn"], told["ReferenceMinVersion"]) == (public, "1.2.0")
    sagemaker.update_hub_content_reference(**named, MinVersion="2.0.0")
    assert sagemaker.describe_hub_content(**named)["ReferenceMinVersion"] == "2.0.0"
    sagemaker.delete_hub_content_reference(**named)
    assert refused(lambda: sagemaker.describe_hub_content(**named))[0] == "ResourceNotFound"


# --- the rest


def test_a_feature_group_grows(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Features are added and described; the offline store has a place and a table."""
    features = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "time")]
    sagemaker.create_feature_group(
        FeatureGroupName="features",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="time",
        FeatureDefinitions=features,
        OnlineStoreConfig={"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": aws.key_arn}},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{aws.default_bucket}/features"}},
        RoleArn=aws.execution_role_arn,
    )
    (row,) = sagemaker.list_feature_groups(OfflineStoreStatusEquals="Active")["FeatureGroupSummaries"]
    assert row["FeatureGroupStatus"] == "Creating"
    sagemaker.update_feature_group(
        FeatureGroupName="features",
        FeatureAdditions=[{"FeatureName": "amount", "FeatureType": "Fractional"}],
        OnlineStoreConfig={"TtlDuration": {"Unit": "Days", "Value": 2}},
    )
    told = sagemaker.describe_feature_group(FeatureGroupName="features")
    assert told["FeatureGroupStatus"] == "Created"
    assert [one["FeatureName"] for one in told["FeatureDefinitions"]] == ["id", "time", "amount"]
    assert told["OnlineStoreConfig"]["SecurityConfig"] == {"KmsKeyId": aws.key_arn}
    offline = told["OfflineStoreConfig"]
    place = f"s3://{aws.default_bucket}/features/111122223333/sagemaker/eu-west-1/offline-store/features-"
    assert offline["S3StorageConfig"]["ResolvedOutputS3Uri"].startswith(place)
    assert offline["DataCatalogConfig"]["Database"] == "sagemaker_featurestore"
    named = {"FeatureGroupName": "features", "FeatureName": "amount"}
    sagemaker.update_feature_metadata(
        **named, Description="in euro", ParameterAdditions=[{"Key": "team", "Value": "fraud"}]
    )
    told = sagemaker.describe_feature_metadata(**named)
    assert (told["Description"], told["FeatureType"]) == ("in euro", "Fractional")
    assert told["Parameters"] == [{"Key": "team", "Value": "fraud"}]
    unknown = partial(sagemaker.describe_feature_metadata, **{**named, "FeatureName": "nobody"})
    assert refused(unknown) == ("ResourceNotFound", 400)


def test_devices_are_registered(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Devices of a fleet are there from their registration until they are deregistered."""
    output = {"S3OutputLocation": f"s3://{aws.default_bucket}/edge"}
    fleet = {"DeviceFleetName": "fleet"}
    sagemaker.create_device_fleet(**fleet, RoleArn=aws.execution_role_arn, OutputConfig=output)
    sagemaker.register_devices(**fleet, Devices=[{"DeviceName": "camera", "Description": "door"}])
    (row,) = sagemaker.list_devices(**fleet)["DeviceSummaries"]
    assert (row["DeviceName"], row["Description"]) == ("camera", "door")
    delete = partial(sagemaker.delete_device_fleet, **fleet)
    assert refused(delete) == ("ResourceInUse", 400)
    sagemaker.deregister_devices(**fleet, DeviceNames=["camera"])
    delete()


def test_an_update_is_of_the_version_it_names(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """A quota is changed at its latest version only; each version can be described."""
    arn = sagemaker.create_cluster(ClusterName="quota", Orchestrator={"Eks": {"ClusterArn": EKS}})[
        "ClusterArn"
    ]
    shared = {"ResourceSharingConfig": {"Strategy": "DontLend"}}
    made = sagemaker.create_compute_quota(
        Name="quota",
        ClusterArn=arn,
        ComputeQuotaConfig=shared,
        ComputeQuotaTarget={"TeamName": "fraud"},
        Description="first",
    )
    named = {"ComputeQuotaId": made["ComputeQuotaId"]}
    sagemaker.update_compute_quota(**named, TargetVersion=1, Description="second")
    late = partial(sagemaker.update_compute_quota, **named, TargetVersion=1, Description="third")
    assert refused(late) == ("ConflictException", 400)
    told = sagemaker.describe_compute_quota(**named)
    assert (told["ComputeQuotaVersion"], told["Description"], told["Status"]) == (2, "second", "Updated")
    assert sagemaker.describe_compute_quota(**named, ComputeQuotaVersion=1)["Description"] == "first"


def test_a_cluster_changes_group_by_group(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """An update names the groups that it changes; nodes are as many as the groups say."""

    def group(name: str, count: int) -> dict[str, object]:
        return {
            "InstanceGroupName": name,
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": count,
            "LifeCycleConfig": {"SourceS3Uri": f"s3://{aws.default_bucket}/x", "OnCreate": "on.sh"},
            "ExecutionRole": aws.execution_role_arn,
        }

    named = {"ClusterName": "cluster"}
    sagemaker.create_cluster(**named, InstanceGroups=[group("a", 1), group("b", 1)])
    sagemaker.update_cluster(**named, InstanceGroups=[group("b", 3)])
    told = sagemaker.describe_cluster(**named)
    assert told["ClusterStatus"] == "InService"
    assert [(one["InstanceGroupName"], one["CurrentCount"]) for one in told["InstanceGroups"]] == [
        ("a", 1),
        ("b", 3),
    ]
    nodes = sagemaker.list_cluster_nodes(**named)["ClusterNodeSummaries"]
    assert [node["InstanceGroupName"] for node in nodes] == ["a", "b", "b", "b"]
    node = sagemaker.describe_cluster_node(**named, NodeId=nodes[0]["InstanceId"])["NodeDetails"]
    assert node["InstanceType"] == "ml.m5.xlarge"


def test_a_schedule_names_its_definition(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """A monitoring schedule monitors the endpoint of the definition it names, which must exist."""
    hosted(aws, sagemaker, "monitored")
    output = {
        "S3Output": {"S3Uri": f"s3://{aws.default_bucket}/monitor", "LocalPath": "/opt/ml/processing/out"}
    }
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 5}
    monitored = {"EndpointName": "monitored", "LocalPath": "/opt/ml/processing/in"}
    config = {"MonitoringJobDefinitionName": "quality", "MonitoringType": "DataQuality"}
    schedule = {"MonitoringScheduleName": "schedule", "MonitoringScheduleConfig": config}
    assert refused(lambda: sagemaker.create_monitoring_schedule(**schedule)) == ("ValidationException", 400)
    assert sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"] == []
    sagemaker.create_data_quality_job_definition(
        JobDefinitionName="quality",
        DataQualityAppSpecification={"ImageUri": IMAGE},
        DataQualityJobInput={"EndpointInput": monitored},
        DataQualityJobOutputConfig={"MonitoringOutputs": [output], "KmsKeyId": aws.key_arn},
        JobResources={"ClusterConfig": cluster},
        RoleArn=aws.execution_role_arn,
    )
    (row,) = sagemaker.list_data_quality_job_definitions(EndpointName="monitored")["JobDefinitionSummaries"]
    assert (row["MonitoringJobDefinitionName"], row["EndpointName"]) == ("quality", "monitored")
    sagemaker.create_monitoring_schedule(**schedule)
    told = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="schedule")
    assert (told["MonitoringScheduleStatus"], told["EndpointName"]) == ("Scheduled", "monitored")
    sagemaker.stop_monitoring_schedule(MonitoringScheduleName="schedule")
    (row,) = sagemaker.list_monitoring_schedules(EndpointName="monitored")["MonitoringScheduleSummaries"]
    assert (row["MonitoringScheduleStatus"], row["MonitoringJobDefinitionName"]) == ("Stopped", "quality")
    sagemaker.start_monitoring_schedule(MonitoringScheduleName="schedule")
    told = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="schedule")
    assert told["MonitoringScheduleStatus"] == "Scheduled"
    assert sagemaker.list_monitoring_executions()["MonitoringExecutionSummaries"] == []
