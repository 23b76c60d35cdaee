from django.db import migrations

# Instead of three keys looked up for every row. Shares and settlements are frozen and stay, and a share's own key holds
# its split's merchant, so that one look a statement holds the same; by index always, as in ledger 0005.
_ONE_LOOK = """
CREATE FUNCTION items_stay_with_their_share() RETURNS trigger LANGUAGE plpgsql
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE stray record;
BEGIN
  SELECT n.share_id, n.settlement_id INTO stray
  FROM written n
  LEFT JOIN commissions_share h
    ON h.id = n.share_id AND h.split_id = n.split_id AND h.merchant_id = n.merchant_id
  LEFT JOIN commissions_settlement t ON t.id = n.settlement_id AND t.merchant_id = n.merchant_id
  WHERE h.id IS NULL OR t.id IS NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'item_of_a_share_of_its_split: share %, settlement % are not of one split and merchant',
      stray.share_id, stray.settlement_id USING ERRCODE = '23503', TABLE = 'commissions_settlementitem',
      CONSTRAINT = 'item_of_a_share_of_its_split';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER items_stay_with_their_share AFTER INSERT ON commissions_settlementitem
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION items_stay_with_their_share();
ALTER TABLE commissions_settlementitem
    DROP CONSTRAINT commissions_settlementitem_split_id_same_merchant,
    DROP CONSTRAINT commissions_settlementitem_settlement_id_same_merchant,
    DROP CONSTRAINT item_of_a_share_of_its_split;
"""
_BEFORE = """
DROP TRIGGER items_stay_with_their_share ON commissions_settlementitem;
DROP FUNCTION items_stay_with_their_share();
ALTER TABLE commissions_settlementitem
    ADD CONSTRAINT commissions_settlementitem_split_id_same_merchant FOREIGN KEY (split_id, merchant_id)
        REFERENCES commissions_split (id, merchant_id),
    ADD CONSTRAINT commissions_settlementitem_settlement_id_same_merchant FOREIGN KEY (settlement_id, merchant_id)
        REFERENCES commissions_settlement (id, merchant_id),
    ADD CONSTRAINT item_of_a_share_of_its_split FOREIGN KEY (share_id, split_id)
        REFERENCES commissions_share (id, split_id);
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0010_items_are_held_by_one_key_each")]

    operations = [migrations.RunSQL(_ONE_LOOK, _BEFORE)]
