from orders.models.order import Order, OrderLine, Touch
from orders.models.refund import ParkedRefund, Refund, RefundLine
from orders.models.tender import NO_MONEY, Tender

__all__ = ["NO_MONEY", "Order", "OrderLine", "ParkedRefund", "Refund", "RefundLine", "Tender", "Touch"]
