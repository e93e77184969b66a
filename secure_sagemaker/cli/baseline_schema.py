"""``baseline schema``: what a baseline may say, for editors."""

import json

from secure_sagemaker.baseline import json_schema

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of a baseline file.

    With it an editor completes and checks secure-sagemaker.toml.
    """
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
