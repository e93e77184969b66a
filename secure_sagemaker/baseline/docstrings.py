"""What each field's docstring says, for the JSON Schema and for the reference.

Read from the source when it is asked for. pydantic would do it for each class at import, which takes
longer than all else that is imported here.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

__all__ = ["field_docstrings"]


@cache
def field_docstrings(model: type) -> Mapping[str, str]:
    """The docstring under each field of a class at the top of its module."""
    (definition,) = ast.parse(inspect.getsource(model)).body
    found: dict[str, str] = {}
    for statement, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
