"""A page of a T+1 batch in SQL: the same as `settlement.settle` and `stories.settled`, for tens of thousands of lines;
and a page of reserves that are released.

Each statement is given `page`, the ids of lines that are locked and open, and RANGES: between which ids they, their
orders and their order lines are. Without these the planner would rather read whole tables than look twenty thousand
lines up, and each page would cost all lines. The formulas are those of the design's tables: what is still held of a
share is its amount less what an appeal moved out and a refund clawed back; reserve = ⌊held × reserve_ppm⌋ of what is
owed to others, the rest is due; settling moves pending to reserve and due, of the principal's debtors pending to due,
and each such move is mirrored in the other merchant's book. The proof that both ways agree, row by row, is
tests/commissions/test_settling_sql.py.
"""

# As `Share.held`, `is_principals`, `is_passed_on` and `other_book` say; the principal's own part stays where it is.
_PARTS = """
page AS (
    SELECT s.id, s.merchant_id, m.party_id, s.order_id, s.line_id, s.reserve_ppm, s.business_date, s.currency
    FROM unnest(%(page)s::bigint[]) AS given(id)
    JOIN commissions_split s ON s.id = given.id AND s.id BETWEEN %(first)s AND %(last)s
    JOIN merchants_merchant m ON m.id = s.merchant_id
),
parts AS (
    SELECT h.id, h.split_id, h.number, h.payee_id, h.owed_to_id, h.owed_to_id <> h.payee_id AS is_passed_on,
           CASE WHEN h.guide_id IS NULL OR h.owed_to_id <> h.payee_id THEN h.payee_merchant_id END AS other_book,
           held.amount - held.amount * p.reserve_ppm / 1000000 AS due,
           held.amount * p.reserve_ppm / 1000000 AS reserve
    FROM page p
    JOIN commissions_share h ON h.split_id = p.id AND h.split_id BETWEEN %(first)s AND %(last)s
    CROSS JOIN LATERAL (
        SELECT CASE WHEN h.payee_id = p.party_id THEN 0 ELSE h.amount - h.moved_out - h.clawed END AS amount
    ) held
)"""

TOTAL = f"WITH {_PARTS} SELECT coalesce(sum(due + reserve), 0) FROM parts"

ITEMS = f"""
WITH {_PARTS}
INSERT INTO commissions_settlementitem (settlement_id, merchant_id, split_id, share_id, due, reserve,
                                        reserve_clawed, released)
SELECT %(settlement)s, %(book)s, split_id, id, due, reserve, 0, 0 FROM parts ORDER BY split_id, number
"""

# What a settled share moves into one account, and its place in the story: here, mirrored, and passed on to the guide.
_SHARE = """
SELECT {lines}, (200000 + number) * 10 + {place} AS place, us AS book_id, 'pending' AS debit_code,
       owed_to_id AS debit_party, '{account}' AS credit_code, owed_to_id AS credit_party, {account} AS amount
FROM told_parts WHERE {account} > 0
UNION ALL
SELECT {lines}, (200000 + number) * 10 + {place} + 1, other_book, '{account}', our_party, 'pending', our_party,
       {account}
FROM told_parts WHERE {account} > 0 AND other_book IS NOT NULL
UNION ALL
SELECT {lines}, (200000 + number) * 10 + {place} + 2, other_book, 'pending', payee_id, '{account}', payee_id, {account}
FROM told_parts WHERE {account} > 0 AND other_book IS NOT NULL AND is_passed_on
"""

_LINES = "story, source_id, business_date, currency"

# What `stories.settled` tells of a line, in its order: remittances first, then contributions, then fees charged to
# the principal, then shares by number, of each the reserve before the due. A line and its shares are joined once; who
# keeps no book here is told nothing.
TELLING = f"""
WITH {_PARTS},
lines AS MATERIALIZED (
    SELECT p.id AS story, o.ref || '/' || l.number AS source_id, p.business_date, p.currency,
           p.merchant_id AS us, p.party_id AS our_party
    FROM page p
    JOIN orders_order o ON o.id = p.order_id AND o.id BETWEEN %(first_order)s AND %(last_order)s
    JOIN orders_orderline l ON l.id = p.line_id AND l.id BETWEEN %(first_line)s AND %(last_line)s
),
told_parts AS MATERIALIZED (
    SELECT n.*, s.number, s.payee_id, s.owed_to_id, s.is_passed_on, s.other_book, s.due, s.reserve
    FROM parts s JOIN lines n ON n.story = s.split_id
),
collected AS MATERIALIZED (
    SELECT n.*, c.number, c.collector_id AS other_book, m.party_id, c.amount - c.returned AS amount, c.fee_charged
    FROM lines n
    JOIN commissions_collection c ON c.split_id = n.story AND c.collector_id <> n.us
        AND c.split_id BETWEEN %(first)s AND %(last)s
    JOIN merchants_merchant m ON m.id = c.collector_id
),
owed_to_us AS MATERIALIZED (
    SELECT {_LINES}, us, our_party, number AS place, other_book, party_id, amount FROM collected
    UNION ALL
    SELECT n.*, 100000 + b.number, b.bearer_merchant_id, b.bearer_id, b.amount - b.returned
    FROM lines n
    JOIN commissions_contribution b ON b.split_id = n.story AND b.split_id BETWEEN %(first)s AND %(last)s
)
SELECT {_LINES}, place * 10 AS place, other_book AS book_id, 'pending' AS debit_code, our_party AS debit_party,
       'due' AS credit_code, our_party AS credit_party, amount
FROM owed_to_us WHERE amount > 0 AND other_book IS NOT NULL
UNION ALL
SELECT {_LINES}, place * 10 + 1, us, 'due', party_id, 'pending', party_id, amount
FROM owed_to_us WHERE amount > 0
UNION ALL
SELECT {_LINES}, (150000 + number) * 10, us, 'pending', party_id, 'due', party_id, fee_charged
FROM collected WHERE fee_charged > 0
UNION ALL
SELECT {_LINES}, (150000 + number) * 10 + 1, other_book, 'due', our_party, 'pending', our_party, fee_charged
FROM collected WHERE fee_charged > 0
UNION ALL
{_SHARE.format(lines=_LINES, account="reserve", place=0)}
UNION ALL
{_SHARE.format(lines=_LINES, account="due", place=3)}
"""

# Until the transaction ends: a page is sorted in memory, and nothing compiled, which would cost more than it runs.
ROOM = "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"

# In order of id, and only then looked at again (docs/adr/0006). What lies behind the cursor is never asked about.
LOCK_PAGE = """
SELECT s.id FROM commissions_split s
WHERE s.merchant_id = %(book)s AND s.settlement = 'T1' AND s.business_date <= %(day)s
  AND s.id > %(cursor)s AND s.id <= %(last)s
  AND NOT EXISTS (SELECT FROM commissions_settlementitem i WHERE i.split_id = s.id AND i.split_id > %(cursor)s)
ORDER BY s.id LIMIT %(size)s FOR NO KEY UPDATE OF s
"""

RANGES = """
SELECT min(s.order_id), max(s.order_id), min(s.line_id), max(s.line_id)
FROM commissions_split s
JOIN unnest(%(page)s::bigint[]) AS given(id) ON given.id = s.id AND s.id BETWEEN %(first)s AND %(last)s
"""

STILL_OPEN = """
SELECT given.id FROM unnest(%(page)s::bigint[]) AS given(id)
WHERE NOT EXISTS (
    SELECT FROM commissions_settlementitem i
    WHERE i.split_id = given.id AND i.split_id BETWEEN %(first)s AND %(last)s
)
"""

# What a batch came to for each payee at each store; `announcing` names a payee the same way.
BY_PAYEE = """
WITH sums AS (
    SELECT h.payee_id, h.owed_to_id, h.payee_merchant_id, h.guide_id, h.store_id, s.currency,
           sum(i.due + i.reserve) AS amount, sum(i.due) AS due, count(*) AS lines
    FROM commissions_settlement t
    JOIN commissions_settlementitem i ON i.settlement_id = t.id AND i.due + i.reserve > 0
    JOIN commissions_share h ON h.id = i.share_id
    JOIN commissions_split s ON s.id = i.split_id
    WHERE t.batch_id = %(batch)s
    GROUP BY h.payee_id, h.owed_to_id, h.payee_merchant_id, h.guide_id, h.store_id, s.currency
)
SELECT coalesce(g.ref, m.ref, p.ref), g.ref, u.ref, st.ref, sums.payee_merchant_id, sums.currency,
       sums.amount::bigint, sums.lines, sums.owed_to_id, sums.due::bigint
FROM sums
JOIN merchants_party p ON p.id = sums.payee_id
JOIN stores_store st ON st.id = sums.store_id
LEFT JOIN merchants_merchant m ON m.id = sums.payee_merchant_id
LEFT JOIN guides_guide g ON g.id = sums.guide_id
LEFT JOIN merchants_user u ON u.id = g.user_id
ORDER BY sums.payee_id, sums.store_id, sums.currency
"""

LOCK = """
SELECT count(*) FROM (
    SELECT s.id FROM commissions_split s
    JOIN unnest(%(page)s::bigint[]) AS given(id) ON given.id = s.id AND s.id BETWEEN %(first)s AND %(last)s
    ORDER BY s.id FOR NO KEY UPDATE OF s
) locked
"""

# What is left of each reserve, at its share's place in the story of the line's release: here, mirrored, passed on.
_KEPT = """
kept AS MATERIALIZED (
    SELECT s.id AS story, o.ref || '/' || l.number AS source_id, %(on)s::date AS business_date, s.currency,
           s.merchant_id AS us, m.party_id AS our_party, h.number, h.payee_id, h.owed_to_id,
           h.owed_to_id <> h.payee_id AS is_passed_on,
           CASE WHEN h.guide_id IS NULL OR h.owed_to_id <> h.payee_id THEN h.payee_merchant_id END AS other_book,
           i.reserve - i.reserve_clawed - i.released AS amount
    FROM unnest(%(page)s::bigint[]) AS given(id)
    JOIN commissions_split s ON s.id = given.id AND s.id BETWEEN %(first)s AND %(last)s
    JOIN merchants_merchant m ON m.id = s.merchant_id
    JOIN orders_order o ON o.id = s.order_id AND o.id BETWEEN %(first_order)s AND %(last_order)s
    JOIN orders_orderline l ON l.id = s.line_id AND l.id BETWEEN %(first_line)s AND %(last_line)s
    JOIN commissions_settlementitem i ON i.split_id = s.id AND i.reserve > i.reserve_clawed + i.released
        AND i.merchant_id = s.merchant_id AND i.split_id BETWEEN %(first)s AND %(last)s
    JOIN commissions_share h ON h.id = i.share_id
)"""

RELEASING = f"""
WITH {_KEPT}
SELECT {_LINES}, number * 10 AS place, us AS book_id, 'reserve' AS debit_code, owed_to_id AS debit_party,
       'due' AS credit_code, owed_to_id AS credit_party, amount
FROM kept
UNION ALL
SELECT {_LINES}, number * 10 + 1, other_book, 'due', our_party, 'reserve', our_party, amount
FROM kept WHERE other_book IS NOT NULL
UNION ALL
SELECT {_LINES}, number * 10 + 2, other_book, 'reserve', payee_id, 'due', payee_id, amount
FROM kept WHERE other_book IS NOT NULL AND is_passed_on
"""

RELEASE = """
UPDATE commissions_settlementitem SET released = reserve - reserve_clawed
WHERE split_id = ANY(%(page)s::bigint[]) AND reserve > reserve_clawed + released
"""
