from django.db import migrations

from events.append_only import AppendOnly
from merchants.same_merchant import SameMerchant

# Amounts, number and parties are frozen; a state moves along its arrows; times, account and file are set once. What
# was sent never becomes unsent: of a payout on hold that was submitted, nobody makes one to be sent again.
_ARROWS = """
CREATE FUNCTION payout_keeps_to_its_arrows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  once text[] := ARRAY['submitted_at', 'paid_at', 'given_back_at', 'account_id', 'bank_file_id'];
  moves text[] := once || ARRAY['state', 'reason'];
  before jsonb; after jsonb; name text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'created' AND NOT (NEW.state = 'succeeded' AND NEW.net = 0) THEN
      RAISE EXCEPTION 'payout % begins as created', NEW.number USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'payout % stands', OLD.number USING ERRCODE = '23514';
  END IF;
  before := to_jsonb(OLD); after := to_jsonb(NEW);
  IF (after - moves) IS DISTINCT FROM (before - moves) THEN
    RAISE EXCEPTION 'payout % is frozen: only its state moves', OLD.number USING ERRCODE = '23514';
  END IF;
  FOREACH name IN ARRAY once LOOP
    IF before ->> name IS NOT NULL AND after ->> name IS DISTINCT FROM before ->> name THEN
      RAISE EXCEPTION '% of payout % is set once', name, OLD.number USING ERRCODE = '23514';
    END IF;
  END LOOP;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
    ('created', 'submitted'), ('created', 'held'), ('created', 'failed'),
    ('submitted', 'unknown'), ('submitted', 'held'), ('submitted', 'succeeded'), ('submitted', 'failed'),
    ('submitted', 'returned'),
    ('unknown', 'held'), ('unknown', 'succeeded'), ('unknown', 'failed'), ('unknown', 'returned'),
    ('held', 'created'), ('held', 'submitted'), ('held', 'succeeded'), ('held', 'failed'), ('held', 'returned'),
    ('succeeded', 'returned')
  ) THEN
    RAISE EXCEPTION 'payout % does not go from % to %', OLD.number, OLD.state, NEW.state
      USING ERRCODE = '23514';
  END IF;
  IF OLD.state = 'held' AND (NEW.state = 'created' AND OLD.submitted_at IS NOT NULL
                             OR NEW.state = 'submitted' AND OLD.submitted_at IS NULL) THEN
    RAISE EXCEPTION 'payout % goes on where it was held', OLD.number USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER arrows BEFORE INSERT OR UPDATE OR DELETE ON commissions_payout
  FOR EACH ROW EXECUTE FUNCTION payout_keeps_to_its_arrows();
"""

# The sealed number alone may change, under a new key; what it opens to is held by its fingerprint.
_ACCOUNT = """
CREATE FUNCTION payee_account_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moves text[] := ARRAY['number_sealed', 'ended_at'];
BEGIN
  IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - moves) IS DISTINCT FROM (to_jsonb(OLD) - moves)
     OR OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
    RAISE EXCEPTION 'payee account % stands: keep another', OLD.ref USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stands BEFORE UPDATE OR DELETE ON commissions_payeeaccount
  FOR EACH ROW EXECUTE FUNCTION payee_account_stands();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0006_payouts_are_sent_once"),
        ("ledger", "0002_the_database_holds_the_books"),
    ]

    operations = [
        SameMerchant("commissions_payout", "guide_id", "guides_guide", "payee_merchant_id"),
        SameMerchant("commissions_payout", "withholding_id", "commissions_withholdingrule"),
        SameMerchant("commissions_payout", "account_id", "commissions_payeeaccount", "sender_id"),
        SameMerchant("commissions_payout", "bank_file_id", "commissions_bankfile", "sender_id"),
        AppendOnly("commissions_withholdingrule"),
        AppendOnly("commissions_bankfile"),
        migrations.RunSQL(
            _ARROWS,
            "DROP TRIGGER arrows ON commissions_payout; DROP FUNCTION payout_keeps_to_its_arrows();",
        ),
        migrations.RunSQL(
            _ACCOUNT,
            "DROP TRIGGER stands ON commissions_payeeaccount; DROP FUNCTION payee_account_stands();",
        ),
    ]
