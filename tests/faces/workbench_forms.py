"""What a guide's phone sends from the workbench."""

HTMX = {"HX-Request": "true"}


def form_of(page, **changed) -> dict:
    """The fields of the sale page as a browser would post them."""
    context = page.context
    return {
        "number": context["number"],
        "coupon": context["coupon"],
        "member": context["member_ref"],
    } | changed


def basket(world, sku, quantity="1", price="", **given) -> dict:
    return {"sku": [sku.ref], "quantity": [quantity], "price": [price], "place": "cash"} | given
