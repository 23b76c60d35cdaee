"""Foreign keys written as text hide from an import linter; this walks the models against the same list."""

import tomllib
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]


def levels() -> dict[str, int]:
    """Room → its height in the layers of pyproject.toml; rooms of one line stand level."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {
        room.strip(): height for height, layer in enumerate(reversed(layers)) for room in layer.split("|")
    }


def test_a_foreign_key_points_into_its_own_room_or_one_below():
    height = levels()
    upward = []
    for model in apps.get_models():
        room = model._meta.app_label
        if room not in height:
            continue
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or field.related_model is None:
                continue
            other = field.related_model._meta.app_label
            if other in height and other != room and height[other] >= height[room]:
                upward.append(f"{room}.{model.__name__}.{field.name} → {other}")
    assert not upward


def test_the_ground_knows_nobody():
    for model in apps.get_app_config("events").get_models():
        outward = [
            f.name
            for f in model._meta.get_fields()
            if f.is_relation and f.related_model._meta.app_label != "events"
        ]
        assert not outward
