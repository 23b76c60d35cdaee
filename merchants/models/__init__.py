from merchants.models.api_key import ApiKey
from merchants.models.appointment import Appointment
from merchants.models.brand import Brand
from merchants.models.idempotency_key import IdempotencyKey
from merchants.models.merchant import Merchant
from merchants.models.org_unit import OrgUnit
from merchants.models.party import Party
from merchants.models.user import User

__all__ = ["ApiKey", "Appointment", "Brand", "IdempotencyKey", "Merchant", "OrgUnit", "Party", "User"]
