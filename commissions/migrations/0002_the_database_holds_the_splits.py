from django.db import migrations

from merchants.same_merchant import SameMerchant

# Σ shares = base, Σ shares − Σ contributions = paid, Σ collections = paid: looked at once a line, at commit.
_SUMS = """
CREATE FUNCTION split_adds_up(given bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE s record; shares bigint; borne bigint; collected bigint;
BEGIN
  SELECT paid, base INTO s FROM commissions_split WHERE id = given;
  SELECT sum(amount) INTO shares FROM commissions_share WHERE split_id = given;
  SELECT coalesce(sum(amount), 0) INTO borne FROM commissions_contribution WHERE split_id = given;
  SELECT coalesce(sum(amount), 0) INTO collected FROM commissions_collection WHERE split_id = given;
  IF shares IS DISTINCT FROM s.base OR shares - borne IS DISTINCT FROM s.paid OR collected <> s.paid THEN
    RAISE EXCEPTION 'split %: shares %, contributions %, tenders % of base % and paid %',
      given, shares, borne, collected, s.base, s.paid USING ERRCODE = '23514';
  END IF;
END $$;
CREATE FUNCTION split_adds_up_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM split_adds_up(NEW.id); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER split_adds_up AFTER INSERT ON commissions_split DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION split_adds_up_at_commit();
"""

# A part added to a split of yesterday would pass unseen: the deferred look belongs to the split's own row.
# So parts are written in one statement each, the shares last, and each such statement is looked at.
_NO_LATE_PARTS = """
CREATE FUNCTION no_late_share() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM split_adds_up(split_id) FROM (SELECT DISTINCT split_id FROM written) splits;
  RETURN NULL;
END $$;
CREATE TRIGGER no_late_share AFTER INSERT ON commissions_share
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION no_late_share();
CREATE FUNCTION no_late_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM written JOIN commissions_share USING (split_id)) THEN
    RAISE EXCEPTION '%: its split is complete', TG_TABLE_NAME USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER no_late_contribution AFTER INSERT ON commissions_contribution
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION no_late_part();
CREATE TRIGGER no_late_collection AFTER INSERT ON commissions_collection
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION no_late_part();
"""

# Not AppendOnly, which takes away the right to lock a row: settling and clawing back lock the split.
_FROZEN = """
CREATE FUNCTION refuse_all_but_growth() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE grows text := TG_ARGV[0];
BEGIN
  IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - grows) IS DISTINCT FROM (to_jsonb(OLD) - grows)
     OR (to_jsonb(NEW) ->> grows)::bigint < (to_jsonb(OLD) ->> grows)::bigint THEN
    RAISE EXCEPTION '% is frozen: only % may grow', TG_TABLE_NAME, grows USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_split
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_clawback
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_settlement
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_share
  FOR EACH ROW EXECUTE FUNCTION refuse_all_but_growth('clawed');
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_contribution
  FOR EACH ROW EXECUTE FUNCTION refuse_all_but_growth('returned');
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_collection
  FOR EACH ROW EXECUTE FUNCTION refuse_all_but_growth('returned');
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON commissions_settlementitem
  FOR EACH ROW EXECUTE FUNCTION refuse_all_but_growth('reserve_clawed');
"""
_THAWED = "".join(
    f"DROP TRIGGER frozen ON commissions_{table};"
    for table in ("split", "clawback", "settlement", "share", "contribution", "collection", "settlementitem")
)

_SHARE_OF_ITS_SPLIT = """
ALTER TABLE commissions_settlementitem ADD CONSTRAINT item_of_a_share_of_its_split
  FOREIGN KEY (share_id, split_id) REFERENCES commissions_share (id, split_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0001_initial"),
        ("ledger", "0002_the_database_holds_the_books"),
        ("orders", "0002_rows_share_their_merchant"),
    ]

    operations = [
        migrations.RunSQL(
            _SUMS,
            "DROP TRIGGER split_adds_up ON commissions_split; DROP FUNCTION split_adds_up_at_commit();"
            " DROP FUNCTION split_adds_up(bigint);",
        ),
        migrations.RunSQL(
            _NO_LATE_PARTS,
            "DROP TRIGGER no_late_share ON commissions_share; DROP FUNCTION no_late_share();"
            " DROP TRIGGER no_late_contribution ON commissions_contribution;"
            " DROP TRIGGER no_late_collection ON commissions_collection; DROP FUNCTION no_late_part();",
        ),
        migrations.RunSQL(_FROZEN, _THAWED + "DROP FUNCTION refuse_all_but_growth();"),
        SameMerchant("commissions_split", "order_id", "orders_order", "counterparty_id"),
        SameMerchant("commissions_split", "store_id", "stores_store", "counterparty_id"),
        SameMerchant("commissions_share", "split_id", "commissions_split"),
        SameMerchant("commissions_share", "guide_id", "guides_guide", "payee_merchant_id"),
        SameMerchant("commissions_contribution", "split_id", "commissions_split"),
        SameMerchant("commissions_collection", "split_id", "commissions_split"),
        SameMerchant("commissions_settlementitem", "split_id", "commissions_split"),
        SameMerchant("commissions_settlementitem", "settlement_id", "commissions_settlement"),
        SameMerchant("commissions_clawback", "split_id", "commissions_split"),
        migrations.RunSQL(
            _SHARE_OF_ITS_SPLIT,
            "ALTER TABLE commissions_settlementitem DROP CONSTRAINT item_of_a_share_of_its_split;",
        ),
    ]
