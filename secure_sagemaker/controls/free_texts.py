"""Where a request holds free text that may hold a secret: shapes and members, as data.

A free text is looked through beside whatever else governs the member. So what only stands here stands on the
reviewed list too: that no secret is in it does not say that nothing else need be asked of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.secrets import NoPlaintextSecret
from secure_sagemaker.controls.verdicts import Rule

__all__ = ["TEXT", "text_rule"]

TEXT = Rule(control=ControlId.PLAINTEXT_SECRET, check=NoPlaintextSecret(), secret=True)
_BASE64 = Rule(control=ControlId.PLAINTEXT_SECRET, check=NoPlaintextSecret(encoded=True), secret=True)

_BY_VALUE: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            # Environment variables.
            *("CustomImageContainerEnvironmentVariables", "EnvironmentMap", "MonitoringEnvironmentMap"),
            *("HyperParameterTrainingJobEnvironmentMap", "OptimizationJobEnvironmentVariables"),
            *("ProcessingEnvironmentMap", "TrainingEnvironmentMap", "TransformEnvironmentMap"),
            # Hyperparameters, and the parameters of rules and hooks.
            *("CollectionParameters", "HookParameters", "HyperParameters", "PartnerAppArguments"),
            *("ProfilingParameters", "RuleParameters", "TextGenerationHyperParameters"),
            # Metadata.
            *(
                "ArtifactProperties",
                "ClusterKubernetesLabels",
                "CustomerMetadataMap",
                "LineageEntityParameters",
            ),
            # Commands.
            *("ContainerArguments", "ContainerEntrypoint", "CustomImageContainerArguments"),
            *("CustomImageContainerEntrypoint", "MonitoringContainerArguments", "TrainingContainerArguments"),
            "TrainingContainerEntrypoint",
            # Lists of pairs.
            *("CfnStackCreateParameters", "CfnStackUpdateParameters", "ClusterKubernetesTaints"),
            "FeatureParameterAdditions",
            *("OutputParameterList", "ParameterList", "ProvisioningParameters", "TagList"),
            # Documents, and texts of programs.
            *("AthenaQueryString", "CompilerOptions", "ExtensionConfigurationValues", "HubContentDocument"),
            *("HubContentMarkdown", "JobConfigDocument", "ModelCardContent"),
            *("RedshiftQueryString", "TaskInput", "TemplateContent"),
            # Addresses of code, which may hold a password.
            *("AdditionalCodeRepositoryNamesOrUrls", "CodeRepositoryNameOrUrl", "GitConfigUrl"),
        ),
        TEXT,
    ),
    "NotebookInstanceLifecycleConfigContent": _BASE64,
    "StudioLifecycleConfigContent": _BASE64,
}

_BY_STRUCTURE: Mapping[tuple[str, str], Rule] = {
    ("ActionSource", "SourceUri"): TEXT,
    ("ArtifactSource", "SourceUri"): TEXT,
    ("CategoricalParameter", "Value"): TEXT,
    ("CategoricalParameterRange", "Values"): TEXT,
    ("ContextSource", "SourceUri"): TEXT,
    ("HyperParameterSpecification", "DefaultValue"): TEXT,
    ("TrialComponentArtifact", "Value"): TEXT,
    ("TrialComponentParameterValue", "StringValue"): TEXT,
    ("WorkloadSpec", "Inline"): TEXT,
}


def text_rule(shape: str, member: str, value_shape: str) -> Rule | None:
    """The rule for a member that is free text, or None for any other.

    Args:
        shape: The shape of the structure that holds the member.
        member: The member's name.
        value_shape: The shape of the member's value.
    """
    return _BY_STRUCTURE.get((shape, member)) or _BY_VALUE.get(value_shape)
