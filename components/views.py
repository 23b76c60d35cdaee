from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from components.gallery import sample

FRAMES = {"hq": "dashboard/base.html", "phone": "workbench/base.html", "shop": "storefront/base.html"}


@login_not_required
def gallery(request: HttpRequest, frame: str = "hq") -> HttpResponse:
    """Every component on one page, in the frame of a face; linked into the URLs in embedded mode only."""
    if frame not in FRAMES:
        raise Http404
    return render(request, "components/gallery.html", sample(request.path) | {"frame": FRAMES[frame]})
