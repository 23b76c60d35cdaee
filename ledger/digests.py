"""What a transfer says, as one digest, worked out in the database: the same on every server and in every time zone.

Accounts are said in words as well, so that money cannot be moved by giving an account another name.
"""

_SAID = """
json_build_array(
    t.id, t.book_id, t.debit_id, d.book_id, d.code, d.party_id, t.credit_id, c.book_id, c.code, c.party_id,
    t.amount, t.currency, t.kind, t.source, t.source_id, t.position,
    t.business_date - date '2000-01-01', t.booked_on - date '2000-01-01',
    (extract(epoch FROM t.at) * 1000000)::bigint, (extract(epoch FROM t.recorded_at) * 1000000)::bigint
)::text
"""

DIGEST = f"sha256(convert_to({_SAID}, 'UTF8'))"

# Whatever became of its accounts, a transfer that is there is seen.
TRANSFERS = """
ledger_transfer t LEFT JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
"""
