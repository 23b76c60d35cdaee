"""After a new key was put in front of SEALING_KEYS: seal everything at rest under it, so the old one can go."""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from merchants import sealing

BATCH = 500
SEALED = "_sealed"  # how a sealed column's name ends
SECRETS = ("secret", "seed")  # of a second step, in allauth's own table


class Command(BaseCommand):
    help = "Seal phones, coupon codes and second steps under the newest of SEALING_KEYS. May be run at any time, again."

    def handle(self, *args: object, **options: object) -> None:
        for model, name in sealed_columns():
            self.stdout.write(f"{model._meta.label}.{name}: {reseal(model, name)}")
        self.stdout.write(f"{Authenticator._meta.label}: {reseal_second_steps()}")
        self.stdout.write(
            "Sign-in sessions seal themselves anew when they are next used; keep the old key for two weeks."
        )


def sealed_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.BinaryField) and field.name.endswith(SEALED):
                yield model, field.name


def reseal(model: type[models.Model], name: str) -> int:
    """In small transactions along the primary key; the platform's own work, so past every merchant's scope."""
    rows, last, count = model._base_manager.exclude(**{name: None}).order_by("pk"), 0, 0
    while True:
        with transaction.atomic():
            batch = list(rows.filter(pk__gt=last).select_for_update(of=("self",))[:BATCH])
            for row in batch:
                setattr(row, name, sealing.reseal(getattr(row, name)))
            model._base_manager.bulk_update(batch, [name])
        if not batch:
            return count
        last, count = batch[-1].pk, count + len(batch)


def reseal_second_steps() -> int:
    count = 0
    for step in Authenticator.objects.all():
        kept = {key: step.data[key] for key in SECRETS if step.data.get(key)}
        if kept:
            step.data |= {key: sealing.reseal(value.encode()).decode() for key, value in kept.items()}
            step.save(update_fields=["data"])
            count += 1
    return count
