"""Proofs that policies allow what they must and refuse what they must, and readable requests where they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import z3

from tests.proofs.actions import ALWAYS, Action
from tests.proofs.keys import Keys, Vocabulary
from tests.proofs.laws import Broken, Law, Laws
from tests.proofs.policies import NO, Case, Policies, Statement, cases

__all__ = ["Found", "Subject"]

Wanted = Callable[[Case, Keys], tuple[z3.BoolRef, z3.BoolRef]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A request for which a claim does not hold."""

    claim: str
    action: str
    resource: str
    keys: Mapping[str, Sequence[str]]
    laws: tuple[str, ...]
    """The laws that it breaks."""

    def __str__(self) -> str:
        """The request as a person reads it."""
        told = [f"{key} = {', '.join(values)}" for key, values in sorted(self.keys.items())]
        broken = f", and it breaks: {'; '.join(self.laws)}" if self.laws else ""
        lines = (f"{self.action}", f"  on {self.resource}", *(f"  with {one}" for one in told))
        return "\n".join((f"{self.claim}{broken}", *lines))


@dataclass(frozen=True, slots=True)
class _Claims:
    """What must be refused and what must be allowed of a case, with the laws behind it."""

    refused: z3.BoolRef
    allowed: z3.BoolRef
    possible: z3.BoolRef
    laws: tuple[Broken, ...]


class Subject:
    """Policies, and what they are held to.

    Two claims are proved of every case. What breaks a law that no waiver excuses, or is not wanted, is refused. What is
    wanted and breaks none is allowed.
    """

    def __init__(
        self,
        layers: Iterable[Sequence[Statement]],
        laws: Laws,
        *,
        wanted: Wanted,
        words: Callable[[Vocabulary], None] | None = None,
        resources: Iterable[str] = (),
    ) -> None:
        """Hold policies, layer by layer, to laws.

        Args:
            layers: The policies.
            laws: What AWS must refuse.
            wanted: What a case may be allowed at most, and what of it must be, but for the laws.
            words: Adds what ``wanted`` asks of keys.
            resources: The patterns of resources that it asks for.
        """
        stacked = tuple(tuple(layer) for layer in layers)
        statements = [one for layer in stacked for one in layer]
        vocabulary = laws.vocabulary
        if words is not None:
            words(vocabulary)
        for one in statements:
            vocabulary.add_condition(one.written.get("Condition"))
        self.keys = Keys(vocabulary)
        self.policies = Policies(stacked, self.keys)
        self._laws, self._wanted = laws, wanted
        self._held = laws.of(self.keys)
        self._about: dict[str, tuple[Law, ...]] = {}
        self.cases = cases(
            [name for one in statements for name in one.names],
            [*resources, *(pattern for one in statements for pattern in one.patterns)],
        )
        self._claims: dict[Case, _Claims] = {}
        self._lacking: dict[Action, tuple[str, ...]] = {}
        self._made: dict[tuple[object, ...], tuple[z3.BoolRef, object]] = {}
        self._proved: set[tuple[int, int, int, int]] = set()
        self._solver = z3.SimpleSolver()
        self._solver.add(*self.keys.rules())

    def counterexample(self, policies: Policies | None = None) -> Found | None:
        """A request for which a claim does not hold, of other policies too; None is the proof that there is none."""
        failing = self._failing(policies or self.policies, self.cases)
        return self._found(*failing) if failing else None

    def refuted(self, policies: Policies, among: Iterable[Case]) -> Case | None:
        """A case of some for which a claim does not hold of other policies: what ``counterexample`` finds, sooner."""
        failing = self._failing(policies, among)
        return failing[1] if failing else None

    def _failing(
        self, judged: Policies, among: Iterable[Case]
    ) -> tuple[str, Case, _Claims, z3.BoolRef] | None:
        for case in among:
            allows = judged.allows(case)
            if allows is NO and self._wanted(case, self.keys)[1] is NO:
                continue
            claims = self._of(case)
            # Formulas are made once and kept, so that what they are together was proved once is known by their ids.
            signature = id(allows), id(claims.refused), id(claims.allowed), id(claims.possible)
            if signature in self._proved:
                continue
            for claim, request in (
                ("allowed, and must not be", z3.And(allows, claims.refused, claims.possible)),
                ("refused, and must not be", z3.And(z3.Not(allows), claims.allowed, claims.possible)),
            ):
                if self._has(request):
                    return claim, case, claims, request
            self._proved.add(signature)
        return None

    def holds(self, request: z3.BoolRef, case: Case) -> bool:
        """Whether some request of a case meets a formula."""
        return self._has(z3.And(request, self._of(case).possible))

    def laws_about(self, case: Case) -> tuple[Broken, ...]:
        """The laws that say something of a case."""
        return self._of(case).laws

    def possible(self, case: Case) -> z3.BoolRef:
        """The requests of a case that AWS can see: with no key that the action does not have."""
        return self._of(case).possible

    def _of(self, case: Case) -> _Claims:
        if case not in self._claims:
            most, least = self._wanted(case, self.keys)
            if case.name not in self._about:
                self._about[case.name] = tuple(law for law in self._held if law.names(case))
            broken = tuple(self._laws.broken(self._about[case.name], case, self.keys))
            must, may = self._either(one.must for one in broken), self._either(one.may for one in broken)
            self._claims[case] = _Claims(
                refused=self._once(("refused", must, most), lambda: z3.Or(must, z3.Not(most))),
                allowed=self._once(("allowed", may, least), lambda: z3.And(least, z3.Not(may))),
                possible=self._possible_keys(case),
                laws=broken,
            )
        return self._claims[case]

    def _either(self, several: Iterable[z3.BoolRef]) -> z3.BoolRef:
        formulas = tuple(several)
        return self._once(("either", *formulas), lambda: z3.Or(*formulas))

    def _once(self, parts: tuple[object, ...], make: Callable[[], z3.BoolRef]) -> z3.BoolRef:
        """A formula of some parts, one object for the same parts."""
        signature = tuple(one.get_id() if isinstance(one, z3.BoolRef) else one for one in parts)
        if signature not in self._made:
            self._made[signature] = (make(), parts)  # an id stands for a formula as long as the formula lives
        return self._made[signature][0]

    def _possible_keys(self, case: Case) -> z3.BoolRef:
        if case.action not in self._lacking:
            self._lacking[case.action] = tuple(
                key for key in self.keys.symbols if key not in ALWAYS and not case.action.has(key)
            )
        lacking = self._lacking[case.action]
        return self._once(("absent", *lacking), lambda: z3.And(*map(self.keys.absent, lacking)))

    def _has(self, request: z3.BoolRef) -> bool:
        self._solver.push()
        self._solver.add(request)
        found = self._solver.check()
        self._solver.pop()
        if found == z3.unknown:
            raise ArithmeticError("z3 did not decide")
        return bool(found == z3.sat)

    def _found(self, claim: str, case: Case, claims: _Claims, request: z3.BoolRef) -> Found:
        """The request with as few keys as it takes."""
        self._solver.push()
        self._solver.add(request)
        for key in self.keys.symbols:
            if key not in ALWAYS and self._solver.check(self.keys.absent(key)) == z3.sat:
                self._solver.add(self.keys.absent(key))
        self._solver.check()
        model = self._solver.model()
        self._solver.pop()

        def true(formula: z3.BoolRef) -> bool:
            return z3.is_true(model.eval(formula, model_completion=True))

        return Found(
            claim=claim,
            action=case.name,
            resource=case.resource,
            keys={
                key: values
                for key, symbols in self.keys.symbols.items()
                if (values := tuple(text for text, symbol in symbols.items() if true(symbol)))
            },
            laws=tuple(dict.fromkeys(one.law.name for one in claims.laws if true(one.must))),
        )
