"""What may cross merchants, and why. Whoever adds a line here opens a door; the reason must hold."""

PLATFORM_TABLES = {
    "Merchant": "the tenant itself",
    "User": "may act for several merchants; read through seats",
    "Party": "the platform's own has no merchant; reached from whoever it stands for",
    "Person": "one human for all merchants; its door is members/identity.py",
    "PhoneCode": "before a person is known; its door is members/phone_codes.py",
    "ShopperSession": "a person's, on one brand's page; its door is members/shopper_sessions.py",
    "IdempotencyKey": "a key's own; its door is api/idempotency.py",
    "Quota": "a campaign's counter, reached and locked through the campaign",
}

# Columns that may name another merchant's row. All others are held by composite foreign keys.
SHARED_KEYS = {
    "Member.home_store": "a brand's member may be at home in a channel's store that carries the brand",
    "Member.origin_guide": "and have come through that store's guide",
    "Coupon.sent_by": "a channel's guide sends a brand's coupon, where contract and consent allow it",
    "Coupon.store": "and does so at the channel's store",
}
