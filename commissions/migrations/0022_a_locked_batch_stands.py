from django.db import migrations

from events.append_only import AppendOnly, FrozenExcept
from merchants.same_merchant import SameMerchant

# What was frozen stands; a batch goes forward only, and each of its times is written once.
_BATCH = {
    "state": {"frozen": ["approved", "posted"], "approved": ["posted"]},
    "cursor": "grows",
    "approved_at": "once",
    "approved_by": "once",
    "locked_total": "once",
    "posted_at": "earlier",
    "due_total": "grows",
}

# Finance's word is asked for where the batch says so, and what it was given for is what becomes payable, to the fen.
_LOCK = """
CREATE FUNCTION batch_posts_what_was_locked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE settled bigint;
BEGIN
  IF NOT NEW.needs_approval THEN
    RETURN NEW;
  END IF;
  IF OLD.state <> 'approved' THEN
    RAISE EXCEPTION 'batch % waits for approval', NEW.ref USING ERRCODE = '23514';
  END IF;
  SELECT coalesce(sum(total), 0) INTO settled FROM public.commissions_settlement WHERE batch_id = NEW.id;
  IF settled <> NEW.locked_total THEN
    RAISE EXCEPTION 'batch % was locked at %, not at %', NEW.ref, NEW.locked_total, settled
      USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER posts_what_was_locked BEFORE UPDATE OF state ON commissions_settlementbatch
  FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted')
  EXECUTE FUNCTION batch_posts_what_was_locked();
CREATE FUNCTION share_is_not_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM public.commissions_settlementbatch b
    JOIN public.commissions_split s ON s.id = NEW.split_id AND s.merchant_id = b.merchant_id
    WHERE b.state = 'approved' AND s.settlement = 'T1' AND s.business_date <= b.business_date
      AND s.id > b.cursor AND s.id <= b.last_split
      AND NOT EXISTS (SELECT FROM public.commissions_settlementitem i WHERE i.split_id = s.id)
  ) THEN
    RAISE EXCEPTION 'share % stands in a locked batch until it is payable', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER is_not_locked BEFORE UPDATE ON commissions_share
  FOR EACH ROW WHEN (OLD.clawed <> NEW.clawed OR OLD.moved_out <> NEW.moved_out)
  EXECUTE FUNCTION share_is_not_locked();
"""
_UNLOCKED = """
DROP TRIGGER is_not_locked ON commissions_share;
DROP FUNCTION share_is_not_locked();
DROP TRIGGER posts_what_was_locked ON commissions_settlementbatch;
DROP FUNCTION batch_posts_what_was_locked();
"""

# A fen of a payee's line is in one batch at most, and paid by one payout that still counts.
_LINE = """
ALTER TABLE commissions_batchdue ADD CONSTRAINT batch_due_of_its_own
  EXCLUDE USING gist (merchant_id WITH =, payee_id WITH =, int8range(up_to - amount, up_to) WITH &&);
CREATE FUNCTION payouts_pay_no_fen_twice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE astray bigint;
BEGIN
  SELECT w.payout_id INTO astray
  FROM (SELECT DISTINCT payout_id FROM written) w
  JOIN public.commissions_payout p ON p.id = w.payout_id
  WHERE p.gross <> (SELECT coalesce(sum(t.amount) FILTER (WHERE NOT t.set_off), 0)
                    FROM public.commissions_payoutpart t WHERE t.payout_id = p.id)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the parts of payout % are not its gross', astray USING ERRCODE = '23514';
  END IF;
  SELECT w.payout_id INTO astray
  FROM written w
  JOIN public.commissions_payout p ON p.id = w.payout_id
  JOIN public.commissions_payout q
    ON q.merchant_id = p.merchant_id AND q.payee_id = p.payee_id AND q.currency = p.currency
  JOIN public.commissions_payoutpart t ON t.payout_id = q.id AND t.id <> w.id
  WHERE (t.set_off OR q.state NOT IN ('failed', 'returned'))
    AND int8range(t.start, t.start + t.amount) && int8range(w.start, w.start + w.amount)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'payout % pays what is paid', astray USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER pays_no_fen_twice AFTER INSERT ON commissions_payoutpart REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION payouts_pay_no_fen_twice();
CREATE FUNCTION payout_says_what_it_pays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.commissions_payoutpart WHERE payout_id = NEW.id AND NOT set_off) THEN
    RAISE EXCEPTION 'payout % does not say what it pays', NEW.number USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER says_what_it_pays AFTER INSERT ON commissions_payout
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payout_says_what_it_pays();
"""
_NO_LINE = """
DROP TRIGGER says_what_it_pays ON commissions_payout;
DROP FUNCTION payout_says_what_it_pays();
DROP TRIGGER pays_no_fen_twice ON commissions_payoutpart;
DROP FUNCTION payouts_pay_no_fen_twice();
ALTER TABLE commissions_batchdue DROP CONSTRAINT batch_due_of_its_own;
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0021_what_pays_a_closed_day")]

    operations = [
        SameMerchant("commissions_batchdue", "batch_id", "commissions_settlementbatch"),
        SameMerchant("commissions_payoutpart", "payout_id", "commissions_payout"),
        AppendOnly("commissions_batchdue"),
        AppendOnly("commissions_payoutpart"),
        FrozenExcept("commissions_settlementbatch", _BATCH, when="OLD.state <> 'open'"),
        migrations.RunSQL(_LOCK, _UNLOCKED),
        migrations.RunSQL(_LINE, _NO_LINE),
    ]
