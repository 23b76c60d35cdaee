-- The whole of an order with a coupon as one function: the limit of order_http.py, for its sessions only.
CREATE FUNCTION pg_temp.sale(
    of_store bigint, no text, asked_sku text, asked_code bytea, serving text, at timestamptz, hash bytea,
    order_ref text, redemption_ref text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    st record; found record; coupon record; served record; bound record; own record;
    off bigint; order_id bigint; line_id bigint; redemption_id bigint; told text;
BEGIN
    SELECT s.*, m.currency, m.cut_off INTO st FROM stores_store s JOIN merchants_merchant m ON m.id = s.merchant_id
    WHERE s.id = of_store;
    PERFORM pg_advisory_xact_lock(hashtextextended(no, st.merchant_id));
    SELECT ref INTO told FROM orders_order
    WHERE merchant_id = st.merchant_id AND teller_id = st.merchant_id AND channel = 'pos' AND external_no = no;
    IF told IS NOT NULL THEN RETURN told; END IF;
    SELECT k.id AS sku_id, k.ref AS sku, k.list_price, c.id AS contract_id, c.store_bears_ppm, b.id AS brand_id,
           b.ref AS brand, c.merchant_id AS owner_id INTO STRICT found
    FROM stores_contract c JOIN merchants_brand b ON b.id = c.brand_id
    JOIN catalog_sku k ON k.merchant_id = c.merchant_id AND (k.code = asked_sku OR k.barcode = asked_sku)
    JOIN catalog_product p ON p.id = k.product_id AND p.brand_id = b.id
    WHERE c.store_id = of_store AND c.accepted_at IS NOT NULL AND c.starts_at <= at
      AND (c.ends_at IS NULL OR c.ends_at > at);
    SELECT c.id, c.ref, c.state, c.member_id, c.merchant_id, c.usable_from, c.usable_until, g.ref AS campaign,
           g.threshold, g.amount_off, g.brand_id, g.bearers, m.ref AS member INTO STRICT coupon
    FROM coupons_coupon c JOIN coupons_campaign g ON g.id = c.campaign_id JOIN members_member m ON m.id = c.member_id
    WHERE c.code_hash = asked_code FOR UPDATE OF c;
    IF coupon.state <> 'issued' OR at < coupon.usable_from OR at >= coupon.usable_until
       OR coupon.brand_id <> found.brand_id OR found.list_price < coupon.threshold THEN
        RAISE EXCEPTION 'coupon refused';
    END IF;
    off := coupon.amount_off;
    SELECT m.id, m.ref INTO own FROM members_sharedmembership s JOIN members_member m ON m.id = s.counterpart_id
    WHERE s.member_id = coupon.member_id AND s.counterparty_id = st.merchant_id AND s.ended_at IS NULL;
    SELECT g.id, g.ref, coalesce(a.store_id, of_store) AS store_id INTO STRICT served FROM guides_guide g
    LEFT JOIN guides_assignment a ON a.guide_id = g.id AND a.starts_at <= at AND (a.ends_at IS NULL OR a.ends_at > at)
    WHERE g.merchant_id = st.merchant_id AND g.code = serving;
    SELECT b.guide_id, b.store_id, b.protected_until > at AS protected INTO bound FROM members_binding b
    WHERE b.member_id = own.id AND b.starts_at <= at AND b.ends_at > at;
    INSERT INTO orders_order (ref, merchant_id, store_id, teller_id, member_id, channel, external_no, body_hash,
        currency, list_total, discount_total, paid_total, refunded_total, placed_at, paid_at, business_date, recorded_at)
    VALUES (order_ref, st.merchant_id, of_store, st.merchant_id, own.id, 'pos', no, hash, st.currency, found.list_price,
        off, found.list_price - off, 0, at, at, (at AT TIME ZONE st.time_zone - st.cut_off::interval)::date, now())
    RETURNING id INTO order_id;
    INSERT INTO orders_orderline (order_id, merchant_id, brand_owner_id, number, sku_id, brand_id, contract_id,
        brand_member_id, quantity, list_amount, discount, paid, refunded, refunded_quantity)
    VALUES (order_id, st.merchant_id, found.owner_id, 1, found.sku_id, found.brand_id, found.contract_id,
        coupon.member_id, 1, found.list_price, off, found.list_price - off, 0, 0) RETURNING id INTO line_id;
    INSERT INTO orders_touch (order_id, merchant_id, kind, guide_id, store_id, protected, weight)
    VALUES (order_id, st.merchant_id, 'serving', served.id, served.store_id, false, 1),
           (order_id, st.merchant_id, 'bound', bound.guide_id, bound.store_id, bound.protected, 1);
    INSERT INTO orders_tender (order_id, merchant_id, collector_id, number, place, amount, lines, fee, transaction)
    VALUES (order_id, st.merchant_id, st.merchant_id, 1, 'cash', found.list_price - off, '[]', 0, '');
    INSERT INTO coupons_redemption (ref, merchant_id, counterparty_id, coupon_id, order_id, store_id, guide_id,
        amount_off, bearers, redeemed_at)
    VALUES (redemption_ref, coupon.merchant_id, st.merchant_id, coupon.id, order_id, of_store, served.id, off,
        coupon.bearers, at) RETURNING id INTO redemption_id;
    INSERT INTO coupons_allocation (redemption_id, line_id, merchant_id, counterparty_id, amount, costs)
    VALUES (redemption_id, line_id, coupon.merchant_id, st.merchant_id, off, coupon.bearers);
    UPDATE coupons_coupon SET state = 'redeemed' WHERE id = coupon.id;
    INSERT INTO events_event (merchant_id, kind, subject, actor_kind, actor_ref, payload, concerns, at)
    SELECT e.merchant_id, e.kind, e.subject, 'key', 'bench', jsonb_build_object('order', order_ref, 'store', st.ref,
        'channel', 'pos', 'currency', st.currency, 'member', e.member, 'paid_total', found.list_price - off,
        'coupon', coupon.ref, 'campaign', coupon.campaign, 'redemption', redemption_ref, 'guides',
        jsonb_build_object('serving', served.ref, 'bound', served.ref), 'lines', jsonb_build_array(jsonb_build_object(
        'number', 1, 'sku', found.sku, 'brand', found.brand, 'quantity', 1, 'list', found.list_price, 'discount', off,
        'paid', found.list_price - off))), ARRAY[e.member, served.ref, st.ref], at
    FROM (VALUES (st.merchant_id, 'order.paid', order_ref, own.ref),
                 (found.owner_id, 'order.lines_paid', order_ref, coupon.member),
                 (st.merchant_id, 'coupon.redeemed', coupon.ref, own.ref),
                 (coupon.merchant_id, 'coupon.redeemed', coupon.ref, coupon.member))
         AS e(merchant_id, kind, subject, member);
    RETURN order_ref;
END $$
