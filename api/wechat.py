"""Where WeChat Pay posts its notices, one address a merchant. No key of ours: its signature decides."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from commissions.payouts.wechat import notices
from merchants.errors import DomainError, Forbidden


@csrf_exempt
@never_cache
@require_POST
def take_notice(request: HttpRequest, ref: str) -> HttpResponse:
    """204 for what was taken, now or before: WeChat Pay stops telling it. Anything else it tells again."""
    try:
        notices.take(merchant_ref=ref, headers=request.headers, body=request.body)
    except DomainError as refusal:
        status = 401 if isinstance(refusal, Forbidden) else refusal.status
        return JsonResponse({"code": "FAIL", "message": refusal.code}, status=status)
    return HttpResponse(status=204)
