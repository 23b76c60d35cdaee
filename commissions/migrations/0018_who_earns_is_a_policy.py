import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import merchants.refs

# What was published stands. Its end is set once; one that has not come may move away, when the successor is recalled.
# What has not begun may become a draft again. Soon is as good as now: a till's clock may run ten minutes ahead.
_STANDS = """
CREATE FUNCTION attribution_policy_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  soon timestamptz := now() + interval '10 minutes';
  times text[] := '{published_at,effective_from,effective_until}';
BEGIN
  IF TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'an attribution policy begins as a draft' USING ERRCODE = '23514';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.published_at IS NULL AND OLD.effective_from > soon
     AND to_jsonb(NEW) - times = to_jsonb(OLD) - times THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'effective_until' = to_jsonb(OLD) - 'effective_until'
     AND (OLD.effective_until IS NULL OR OLD.effective_until > soon
          AND coalesce(NEW.effective_until, 'infinity') > OLD.effective_until) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'attribution policy % is published', OLD.id USING ERRCODE = '23514';
END $$;
CREATE TRIGGER published_stands BEFORE UPDATE OR DELETE ON commissions_attributionpolicy
  FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION attribution_policy_stands();
CREATE TRIGGER begins_as_draft BEFORE INSERT ON commissions_attributionpolicy
  FOR EACH ROW WHEN (NEW.published_at IS NOT NULL) EXECUTE FUNCTION attribution_policy_stands();
"""
_FALLS = """
DROP TRIGGER published_stands ON commissions_attributionpolicy;
DROP TRIGGER begins_as_draft ON commissions_attributionpolicy;
DROP FUNCTION attribution_policy_stands();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0017_items_are_looked_at_once_a_statement"),
        ("merchants", "0005_merchants_keep_their_currency"),
    ]

    operations = [
        migrations.CreateModel(
            name="AttributionPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="atp", unique=True)),
                ("number", models.PositiveIntegerField()),
                ("rules", models.JSONField(help_text="As commissions.attribution_rules.as_kept tells")),
                ("effective_from", models.DateTimeField(blank=True, null=True)),
                ("effective_until", models.DateTimeField(blank=True, null=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attribution_policies",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "attribution policies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "number"), name="attribution_policy_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("effective_from", None), ("effective_until", None), ("published_at", None)
                            ),
                            models.Q(("effective_from__isnull", False), ("published_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="attribution_policy_begins_when_published",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_until", None),
                            ("effective_until__gt", models.F("effective_from")),
                            _connector="OR",
                        ),
                        name="attribution_policy_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rules", []), _negated=True),
                        name="attribution_policy_says_something",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("published_at__isnull", False)),
                        expressions=[
                            ("merchant", "="),
                            (
                                models.Func(
                                    "effective_from",
                                    "effective_until",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                    function="TSTZRANGE",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="attribution_policy_never_overlaps",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_STANDS, _FALLS),
    ]
