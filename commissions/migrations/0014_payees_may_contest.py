from django.db import migrations, models

# As in 0007, with the payee's word: what was paid may be contested, once; then it is paid after all, or it came back.
_ARROWS = """
CREATE OR REPLACE FUNCTION payout_keeps_to_its_arrows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  once text[] := ARRAY['submitted_at', 'paid_at', 'given_back_at', 'account_id', 'bank_file_id'{once}];
  moves text[] := once || ARRAY['state', 'reason'{moves}];
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
    ('succeeded', 'returned'){arrows}
  ) THEN
    RAISE EXCEPTION 'payout % does not go from % to %', OLD.number, OLD.state, NEW.state
      USING ERRCODE = '23514';
  END IF;
  IF OLD.state = 'held' AND (NEW.state = 'created' AND OLD.submitted_at IS NOT NULL
                             OR NEW.state = 'submitted' AND OLD.submitted_at IS NULL) THEN
    RAISE EXCEPTION 'payout % goes on where it was held', OLD.number USING ERRCODE = '23514';
  END IF;{contest}
  RETURN NEW;
END $$;
"""

_CONTEST = """
  IF NEW.state = 'contested' AND OLD.state <> 'contested' AND OLD.contested_at IS NOT NULL THEN
    RAISE EXCEPTION 'payout % is contested once', OLD.number USING ERRCODE = '23514';
  END IF;"""


def _arrows(once: str = "", moves: str = "", arrows: str = "", contest: str = "") -> str:
    sql = _ARROWS
    for name, text in {"once": once, "moves": moves, "arrows": arrows, "contest": contest}.items():
        sql = sql.replace(f"{{{name}}}", text)
    return sql


class Migration(migrations.Migration):
    dependencies = [("commissions", "0013_bills_of_wechat_pay")]

    operations = [
        migrations.AddField(
            "payout",
            "contested_at",
            models.DateTimeField(null=True, help_text="When the payee said it did not arrive"),
        ),
        migrations.AddField(
            "payout",
            "objection",
            models.CharField(max_length=200, blank=True, default="", help_text="The payee's words"),
            preserve_default=False,
        ),
        migrations.AlterField(
            "payout",
            "state",
            models.CharField(
                max_length=10,
                choices=[
                    ("created", "Not sent yet"),
                    ("submitted", "Submitted"),
                    ("unknown", "Answer lost"),
                    ("held", "On hold"),
                    ("succeeded", "Paid out"),
                    ("contested", "Contested"),
                    ("failed", "Failed"),
                    ("returned", "Returned"),
                ],
                default="created",
            ),
        ),
        migrations.AddConstraint(
            "payout",
            models.CheckConstraint(
                condition=~models.Q(state="contested")
                | models.Q(contested_at__isnull=False, paid_at__isnull=False),
                name="payout_contested_after_it_was_paid",
            ),
        ),
        migrations.RunSQL(
            _arrows(
                ", 'contested_at'",
                ", 'objection'",
                ",\n    ('succeeded', 'contested'), ('contested', 'succeeded'), ('contested', 'returned')",
                _CONTEST,
            ),
            _arrows(),
        ),
    ]
