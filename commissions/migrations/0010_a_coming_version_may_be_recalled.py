import django.db.models.deletion
from django.db import migrations, models

_STANDS = """
CREATE OR REPLACE FUNCTION published_version_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ratios bigint;
  residuals int;
  soon timestamptz := now() + interval '10 minutes';
BEGIN
  IF OLD.published_at IS NOT NULL THEN
    {published}
      RAISE EXCEPTION 'plan version % is published', OLD.id USING ERRCODE = '23514';
    END IF;
  ELSIF TG_OP = 'UPDATE' AND NEW.published_at IS NOT NULL THEN
    SELECT worst_case_ppm(NEW.id), count(*) FILTER (WHERE role = 'residual') INTO ratios, residuals
      FROM commissions_rule WHERE version_id = NEW.id;
    IF residuals <> 1 OR ratios > NEW.ceiling_ppm THEN
      RAISE EXCEPTION 'plan version %: % residuals, % ppm of %', NEW.id, residuals, ratios, NEW.ceiling_ppm
        USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""
_ENDS_ONCE = """
    IF TG_OP = 'DELETE' OR OLD.effective_until IS NOT NULL
       OR (to_jsonb(NEW) - 'effective_until') IS DISTINCT FROM (to_jsonb(OLD) - 'effective_until') THEN
"""
# What was published stands. Its end is set once; an end that a successor set and that has not come may move away.
# What has not begun may become a draft again. Soon is as good as now: a till's clock may run ten minutes ahead.
_RECALLED = """
    IF TG_OP = 'UPDATE' AND NEW.published_at IS NULL AND OLD.effective_from > soon
       AND (to_jsonb(NEW) - '{published_at,effective_until,ended_by_id}'::text[])
         = (to_jsonb(OLD) - '{published_at,effective_until,ended_by_id}'::text[])
       AND NOT EXISTS (SELECT 1 FROM commissions_split WHERE version_id = OLD.id) THEN
      RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR (to_jsonb(NEW) - '{effective_until,ended_by_id}'::text[])
         IS DISTINCT FROM (to_jsonb(OLD) - '{effective_until,ended_by_id}'::text[])
       OR NOT (OLD.effective_until IS NULL
               OR OLD.ended_by_id IS NOT NULL AND OLD.effective_until > soon
                  AND coalesce(NEW.effective_until, 'infinity') > OLD.effective_until) THEN
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0009_adjustments_by_hand")]

    operations = [
        migrations.AddField(
            model_name="planversion",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.planversion",
            ),
        ),
        migrations.RunSQL(
            _STANDS.replace("{published}", _RECALLED), _STANDS.replace("{published}", _ENDS_ONCE)
        ),
    ]
