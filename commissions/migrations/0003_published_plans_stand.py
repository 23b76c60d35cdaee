from django.db import migrations

from merchants.same_merchant import SameMerchant

# What was published stands: only its end may be set, once. Rules change only under a draft.
_STANDS = """
CREATE FUNCTION published_version_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ratios bigint; residuals int;
BEGIN
  IF OLD.published_at IS NOT NULL THEN
    IF TG_OP = 'DELETE' OR OLD.effective_until IS NOT NULL
       OR (to_jsonb(NEW) - 'effective_until') IS DISTINCT FROM (to_jsonb(OLD) - 'effective_until') THEN
      RAISE EXCEPTION 'plan version % is published', OLD.id USING ERRCODE = '23514';
    END IF;
  ELSIF TG_OP = 'UPDATE' AND NEW.published_at IS NOT NULL THEN
    SELECT coalesce(sum(ppm), 0), count(*) FILTER (WHERE role = 'residual') INTO ratios, residuals
      FROM commissions_rule WHERE version_id = NEW.id;
    IF residuals <> 1 OR ratios > NEW.ceiling_ppm THEN
      RAISE EXCEPTION 'plan version %: % residuals, % ppm of %', NEW.id, residuals, ratios, NEW.ceiling_ppm
        USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER published_stands BEFORE UPDATE OR DELETE ON commissions_planversion
  FOR EACH ROW EXECUTE FUNCTION published_version_stands();
CREATE FUNCTION version_begins_as_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a plan version begins as a draft' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER begins_as_draft BEFORE INSERT ON commissions_planversion
  FOR EACH ROW WHEN (NEW.published_at IS NOT NULL) EXECUTE FUNCTION version_begins_as_draft();
CREATE FUNCTION published_rules_stand() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE version bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.version_id ELSE NEW.version_id END;
BEGIN
  IF EXISTS (SELECT 1 FROM commissions_planversion WHERE published_at IS NOT NULL
             AND id IN (version, CASE TG_OP WHEN 'UPDATE' THEN OLD.version_id END)) THEN
    RAISE EXCEPTION 'plan version % is published', version USING ERRCODE = '23514';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER published_stands BEFORE INSERT OR UPDATE OR DELETE ON commissions_rule
  FOR EACH ROW EXECUTE FUNCTION published_rules_stand();
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0002_the_database_holds_the_splits")]

    operations = [
        SameMerchant("commissions_plan", "brand_id", "merchants_brand"),
        SameMerchant("commissions_planversion", "plan_id", "commissions_plan"),
        SameMerchant("commissions_rule", "version_id", "commissions_planversion"),
        migrations.RunSQL(
            _STANDS,
            "DROP TRIGGER published_stands ON commissions_rule; DROP FUNCTION published_rules_stand();"
            " DROP TRIGGER begins_as_draft ON commissions_planversion;"
            " DROP FUNCTION version_begins_as_draft();"
            " DROP TRIGGER published_stands ON commissions_planversion;"
            " DROP FUNCTION published_version_stands();",
        ),
    ]
