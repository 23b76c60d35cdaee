"""A page of a T+1 batch in SQL: the same as `settlement.settle` and `stories.settled`, for tens of thousands of lines.

Each statement is given `page`, the ids of lines that are locked and open. The formulas are those of the design's
tables: what is still held of a share is its amount less what was clawed back; reserve = ⌊held × reserve_ppm⌋ of what
is owed to others, the rest is due; settling moves pending to reserve and due, of the principal's debtors pending to
due, and each such move is mirrored in the other merchant's book. The proof that both ways agree, row by row, is
tests/commissions/test_settling_sql.py.
"""

# As `Share.held`, `is_principals`, `is_passed_on` and `other_book` say; the principal's own part stays where it is.
_PARTS = """
page AS (
    SELECT s.id, s.merchant_id, m.party_id, s.order_id, s.line_id, s.reserve_ppm, s.business_date, s.currency
    FROM unnest(%(page)s::bigint[]) AS given(id)
    JOIN commissions_split s ON s.id = given.id
    JOIN merchants_merchant m ON m.id = s.merchant_id
),
parts AS (
    SELECT h.id, h.split_id, h.number, h.payee_id, h.owed_to_id, h.owed_to_id <> h.payee_id AS is_passed_on,
           CASE WHEN h.guide_id IS NULL OR h.owed_to_id <> h.payee_id THEN h.payee_merchant_id END AS other_book,
           held.amount - held.amount * p.reserve_ppm / 1000000 AS due,
           held.amount * p.reserve_ppm / 1000000 AS reserve
    FROM page p
    JOIN commissions_share h ON h.split_id = p.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN h.payee_id = p.party_id THEN 0 ELSE h.amount - h.clawed END AS amount
    ) held
)"""

TOTAL = f"WITH {_PARTS} SELECT coalesce(sum(due + reserve), 0) FROM parts"

ITEMS = f"""
WITH {_PARTS}
INSERT INTO commissions_settlementitem (settlement_id, merchant_id, split_id, share_id, due, reserve,
                                        reserve_clawed, released)
SELECT %(settlement)s, %(book)s, split_id, id, due, reserve, 0, 0 FROM parts ORDER BY split_id, number
"""

# What `stories.settled` tells of a line, in its order: `place` puts remittances first, then contributions, then shares
# by number, of each the reserve before the due, and of each of these here, there, and passed on to the guide.
TELLING = f"""
WITH {_PARTS},
lines AS (
    SELECT p.id, p.merchant_id AS us, p.party_id AS our_party, o.ref || '/' || l.number AS source_id,
           p.business_date, p.currency
    FROM page p JOIN orders_order o ON o.id = p.order_id JOIN orders_orderline l ON l.id = p.line_id
),
owed_to_us AS (
    SELECT c.split_id, c.number AS place, c.collector_id AS other_book, m.party_id, c.amount - c.returned AS amount
    FROM page p
    JOIN commissions_collection c ON c.split_id = p.id AND c.collector_id <> p.merchant_id
    JOIN merchants_merchant m ON m.id = c.collector_id
    UNION ALL
    SELECT b.split_id, 100000 + b.number, b.bearer_merchant_id, b.bearer_id, b.amount - b.returned
    FROM page p
    JOIN commissions_contribution b ON b.split_id = p.id
),
moves AS (
    SELECT n.id, o.place * 10 + leg.place AS place, leg.book_id, leg.debit_code, leg.debit_party, leg.credit_code,
           leg.credit_party, o.amount
    FROM owed_to_us o
    JOIN lines n ON n.id = o.split_id
    CROSS JOIN LATERAL (VALUES
        (0, o.other_book, 'pending', n.our_party, 'due', n.our_party),
        (1, n.us, 'due', o.party_id, 'pending', o.party_id)
    ) AS leg(place, book_id, debit_code, debit_party, credit_code, credit_party)
    UNION ALL
    SELECT n.id, (200000 + s.number) * 10 + piece.place + leg.place, leg.book_id, leg.debit_code, leg.debit_party,
           leg.credit_code, leg.credit_party, piece.amount
    FROM parts s
    JOIN lines n ON n.id = s.split_id
    CROSS JOIN LATERAL (VALUES (0, 'reserve', s.reserve), (3, 'due', s.due)) AS piece(place, account, amount)
    CROSS JOIN LATERAL (VALUES
        (0, n.us, 'pending', s.owed_to_id, piece.account, s.owed_to_id),
        (1, s.other_book, piece.account, n.our_party, 'pending', n.our_party),
        (2, CASE WHEN s.is_passed_on THEN s.other_book END, 'pending', s.payee_id, piece.account, s.payee_id)
    ) AS leg(place, book_id, debit_code, debit_party, credit_code, credit_party)
    WHERE piece.amount > 0
)
SELECT n.id AS story, m.place, n.source_id, n.business_date, n.currency, m.book_id, m.debit_code, m.debit_party,
       m.credit_code, m.credit_party, m.amount
FROM moves m JOIN lines n ON n.id = m.id
WHERE m.amount > 0 AND m.book_id IS NOT NULL
"""

# In order of id, and only then looked at again (docs/adr/0006). What lies behind the cursor is never asked about.
LOCK_PAGE = """
SELECT s.id FROM commissions_split s
WHERE s.merchant_id = %(book)s AND s.settlement = 'T1' AND s.business_date <= %(day)s
  AND s.id > %(cursor)s AND s.id <= %(last)s
  AND NOT EXISTS (SELECT FROM commissions_settlementitem i WHERE i.split_id = s.id AND i.split_id > %(cursor)s)
ORDER BY s.id LIMIT %(size)s FOR NO KEY UPDATE OF s
"""

STILL_OPEN = """
SELECT given.id FROM unnest(%(page)s::bigint[]) AS given(id)
WHERE NOT EXISTS (SELECT FROM commissions_settlementitem i WHERE i.split_id = given.id)
"""

# What a batch came to for each payee at each store; `announcing` names a payee the same way.
BY_PAYEE = """
WITH sums AS (
    SELECT h.payee_id, h.payee_merchant_id, h.guide_id, h.store_id, s.currency,
           sum(i.due + i.reserve) AS amount, count(*) AS lines
    FROM commissions_settlement t
    JOIN commissions_settlementitem i ON i.settlement_id = t.id AND i.due + i.reserve > 0
    JOIN commissions_share h ON h.id = i.share_id
    JOIN commissions_split s ON s.id = i.split_id
    WHERE t.batch_id = %(batch)s
    GROUP BY h.payee_id, h.payee_merchant_id, h.guide_id, h.store_id, s.currency
)
SELECT coalesce(g.ref, m.ref, p.ref), g.ref, u.ref, st.ref, sums.payee_merchant_id, sums.currency,
       sums.amount::bigint, sums.lines
FROM sums
JOIN merchants_party p ON p.id = sums.payee_id
JOIN stores_store st ON st.id = sums.store_id
LEFT JOIN merchants_merchant m ON m.id = sums.payee_merchant_id
LEFT JOIN guides_guide g ON g.id = sums.guide_id
LEFT JOIN merchants_user u ON u.id = g.user_id
ORDER BY sums.payee_id, sums.store_id, sums.currency
"""
