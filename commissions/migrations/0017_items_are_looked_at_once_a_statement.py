from django.db import migrations

# An item's share is its split's and its merchant's, and its settlement is its merchant's: one look at all that was
# written, where three foreign keys would look a row up, and lock it, for each. It may stand in their place because
# items keep what they name, and shares, splits and settlements are never deleted nor named anew, whoever asks. That the
# split is the merchant's is the share's own key. A share is looked up by its id whatever the planner thinks of the rest:
# of tables as long as these it would read the whole rather than twenty thousand rows.
_LOOK = """
CREATE FUNCTION items_name_rows_of_their_merchant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE astray bigint;
BEGIN
  SELECT n.share_id INTO astray FROM written n
  WHERE (SELECT h.split_id = n.split_id AND h.merchant_id = n.merchant_id
         FROM public.commissions_share h WHERE h.id = n.share_id) IS NOT TRUE
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'item of share % breaks "item_of_a_share_of_its_split": not of its split and merchant', astray
      USING ERRCODE = '23503', TABLE = TG_TABLE_NAME;
  END IF;
  SELECT n.settlement_id INTO astray FROM (SELECT DISTINCT settlement_id, merchant_id FROM written) n
  WHERE (SELECT t.merchant_id = n.merchant_id
         FROM public.commissions_settlement t WHERE t.id = n.settlement_id) IS NOT TRUE
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'item of settlement % breaks "item_of_a_settlement_of_its_merchant"', astray
      USING ERRCODE = '23503', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keys_of_a_statement AFTER INSERT ON commissions_settlementitem REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION items_name_rows_of_their_merchant('share_id', 'split_id', 'settlement_id');
ALTER TABLE commissions_settlementitem
  DROP CONSTRAINT item_of_a_share_of_its_split,
  DROP CONSTRAINT commissions_settlementitem_split_id_same_merchant,
  DROP CONSTRAINT commissions_settlementitem_settlement_id_same_merchant;
"""

_BEFORE = """
DROP TRIGGER keys_of_a_statement ON commissions_settlementitem;
DROP FUNCTION items_name_rows_of_their_merchant();
ALTER TABLE commissions_settlementitem
  ADD CONSTRAINT item_of_a_share_of_its_split FOREIGN KEY (share_id, split_id)
    REFERENCES commissions_share (id, split_id),
  ADD CONSTRAINT commissions_settlementitem_split_id_same_merchant FOREIGN KEY (split_id, merchant_id)
    REFERENCES commissions_split (id, merchant_id),
  ADD CONSTRAINT commissions_settlementitem_settlement_id_same_merchant FOREIGN KEY (settlement_id, merchant_id)
    REFERENCES commissions_settlement (id, merchant_id);
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0016_items_are_held_by_one_key_each")]

    operations = [migrations.RunSQL(_LOOK, _BEFORE)]
