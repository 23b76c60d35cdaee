"""The platform's operator takes a merchant on board: tenant, owner, brand, all at once or nothing."""

import secrets
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email, validate_slug
from django.db import IntegrityError, transaction
from django_scopes import scope

from events.record import Actor
from merchants.errors import DomainError
from merchants.models import User
from merchants.onboarding import add_brand, appoint, open_merchant, root_of
from merchants.roles import Role

OPERATOR = Actor.system("operator")


class Command(BaseCommand):
    help = "Take a merchant on board: its tenant, its owner's sign-in, and its brand if it owns one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the merchant's legal name")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-name", required=True)
        parser.add_argument(
            "--runs-stores", action="store_true", help="a channel merchant, or a brand's own stores"
        )
        parser.add_argument("--brand", help="the name of its brand, if it owns one")
        parser.add_argument("--brand-slug", help="the brand's address: /s/<slug>/")
        parser.add_argument("--brand-seal", help="the one character on the brand's seal (its first)")
        parser.add_argument("--time-zone", default="Asia/Shanghai")

    def handle(self, *args: object, **options: str) -> None:
        if bool(options["brand"]) != bool(options["brand_slug"]):
            raise CommandError("A brand needs both --brand and --brand-slug.")
        if not (options["brand"] or options["runs_stores"]):
            raise CommandError(
                "A merchant owns a brand (--brand, --brand-slug), runs stores (--runs-stores), or both."
            )
        password = secrets.token_urlsafe(12)
        try:
            _valid(validate_email, options["owner_email"], "--owner-email is no e-mail address.")
            if options["brand_slug"]:
                _valid(
                    validate_slug, options["brand_slug"], "--brand-slug takes letters, digits, - and _ only."
                )
            with transaction.atomic():
                merchant = self._open(options, password)
        except DomainError as refusal:
            raise CommandError(f"{refusal.message} {refusal.next_step}") from None
        except IntegrityError:
            raise CommandError("That e-mail address or brand slug is taken. Nothing was made.") from None
        self.stdout.write(f"{merchant.name} is on board as {merchant.ref}.")
        self.stdout.write(f"Its owner signs in with {options['owner_email']} and {password}")
        self.stdout.write("This password is shown once; the owner should change it and add a second step.")

    def _open(self, options, password: str):
        merchant = open_merchant(
            name=options["name"],
            is_brand_owner=bool(options["brand"]),
            is_channel=bool(options["runs_stores"]),
            time_zone=options["time_zone"],
            by=OPERATOR,
        )
        owner = User.objects.create_user(
            name=options["owner_name"], email=options["owner_email"], password=password
        )
        with scope(merchant=merchant):
            appoint(user=owner, merchant=merchant, role=Role.OWNER, org_unit=root_of(merchant), by=OPERATOR)
            if options["brand"]:
                add_brand(
                    merchant=merchant,
                    name=options["brand"],
                    slug=options["brand_slug"],
                    seal=(options["brand_seal"] or options["brand"])[0],
                    by=OPERATOR,
                )
        return merchant


def _valid(check: Callable[[str], None], value: str, otherwise: str) -> None:
    try:
        check(value)
    except ValidationError:
        raise CommandError(otherwise) from None
