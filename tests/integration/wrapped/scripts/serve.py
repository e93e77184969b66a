"""Load the model and answer with probabilities."""

from pathlib import Path


def model_fn(model_dir: str) -> object:
    """The model, as training left it."""
    import xgboost  # type: ignore[import-not-found]  # the container has it

    booster = xgboost.Booster()
    booster.load_model(Path(model_dir) / "model.ubj")
    return booster
