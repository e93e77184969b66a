"""Decides about a request. Pure: no I/O, no clock, no boto3.

The rules it keeps:

1. Missing is injected; as strict or stricter is kept; weaker is corrected, refused or observed by
   the control's mode; what AWS cannot do is exempt, what a waiver excuses is waived.
2. The caller's structures are never changed: what changes is copied.
3. A structure is created only where ``members.PARENTS`` says that its presence means nothing else.
4. Enforcing twice equals enforcing once, and what was enforced verifies clean or was refused.
5. Nothing is changed without a decision that says so.
6. A key reference that is not resolved yet is a lookup: the decisions are final only without any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, SecurityBaseline, Waiver
from secure_sagemaker.controls.decisions import Enforcement, without_secrets
from secure_sagemaker.controls.descriptions import DescribedKind
from secure_sagemaker.controls.parameters import Node, plan
from secure_sagemaker.controls.verdicts import Policy
from secure_sagemaker.controls.waivers import applicable
from secure_sagemaker.controls.walk import Walk

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Enforcer"]


class Enforcer:
    """Holds requests to a baseline. Compiles each operation's plan once.

    Args:
        baseline: What requests are held to.
        today: Tells the day (UTC), for waivers.
        creating: Whether the requests are those that create a bucket and secure it at once.
    """

    def __init__(
        self, baseline: SecurityBaseline, *, today: Callable[[], date], creating: bool = False
    ) -> None:
        self._baseline = baseline
        self._today = today
        self._plans: dict[tuple[str, str], Node | None] = {}
        self._policy = Policy(baseline=baseline, creating=creating)

    def enforce(
        self,
        model: OperationModel,
        parameters: Mapping[str, object],
        key_arns: Mapping[str, str],
    ) -> Enforcement:
        """Decide about a request as the caller made it.

        Args:
            model: The operation.
            parameters: The request. It is not changed.
            key_arns: The key references resolved so far: reference to key ARN.
        """
        return self._run(model, parameters, key_arns, final=False)

    def verify(
        self,
        model: OperationModel,
        parameters: Mapping[str, object],
        key_arns: Mapping[str, str],
    ) -> Enforcement:
        """Decide about a request as it is about to be sent: nothing may be missing any more."""
        return self._run(model, parameters, key_arns, final=True)

    def judge(
        self, described: DescribedKind, request: Mapping[str, object], key_arns: Mapping[str, str]
    ) -> Enforcement:
        """Decide about something made elsewhere, by what a Describe shows of it. Waivers are left to the caller.

        Args:
            described: What kind of thing it is.
            request: The request that would make it.
            key_arns: The key references resolved so far.
        """
        service, operation = described.create.service_model.service_name, described.create.name
        if described.node is None:
            return Enforcement(service=service, operation=operation, decisions=(), parameters=request)
        walk = Walk(
            service=service,
            operation=operation,
            model=described.create,
            holder=self,
            policy=self._known(key_arns),
            waivers={},
            final=True,
            elsewhere=True,
        )
        walk.structure(described.node, request, path="", ancestors=())
        return Enforcement(
            service=service,
            operation=operation,
            decisions=without_secrets(walk.decisions),
            parameters=request,
            lookups=tuple(dict.fromkeys(walk.lookups)),
            unknown_members=tuple(walk.unknown),
        )

    def governs(self, model: OperationModel) -> bool:
        """Whether anything in the operation's input is governed."""
        return self.plan(model) is not None

    def waivers(
        self, model: OperationModel, parameters: Mapping[str, object], *, name: str = ""
    ) -> Mapping[ControlId, Waiver]:
        """What excuses a request today, by control; ``name`` is its own where it does not say one."""
        stated = self._baseline.waivers
        return applicable(stated, model, parameters, self._today(), name=name) if stated else {}

    def plan(self, model: OperationModel) -> Node | None:
        """What is governed in an operation's input; None where nothing is."""
        key = (model.service_model.service_name, model.name)
        if key not in self._plans:
            self._plans[key] = plan(model)
        return self._plans[key]

    def _known(self, key_arns: Mapping[str, str]) -> Policy:
        """The policy with the keys resolved so far: one object until another key is resolved."""
        policy = self._policy
        if key_arns != policy.key_arns:
            policy = self._policy = replace(policy, key_arns=dict(key_arns))
        return policy

    def _run(
        self,
        model: OperationModel,
        parameters: Mapping[str, object],
        key_arns: Mapping[str, str],
        *,
        final: bool,
    ) -> Enforcement:
        service = model.service_model.service_name
        node = self.plan(model)
        if node is None:
            return Enforcement(service=service, operation=model.name, decisions=(), parameters=parameters)
        policy = self._known(key_arns)
        waivers = self._baseline.waivers
        today = self._today() if waivers else None
        while True:
            walk = Walk(
                service=service,
                operation=model.name,
                model=model,
                holder=self,
                policy=policy,
                waivers=applicable(waivers, model, parameters, today) if today else {},
                final=final,
            )
            secured = walk.structure(node, parameters, path="", ancestors=())
            if not today or not walk.waivers:
                break
            # A tag may be corrected: what a waiver excuses must hold for the request as it is sent, too.
            lasting = applicable(waivers, model, secured, today)
            if lasting.items() >= walk.waivers.items():
                break
            waivers = tuple(waiver for waiver in waivers if waiver in lasting.values())
        return Enforcement(
            service=service,
            operation=model.name,
            decisions=without_secrets(walk.decisions),
            parameters=secured,
            lookups=tuple(dict.fromkeys(walk.lookups)),
            unknown_members=tuple(walk.unknown),
        )
