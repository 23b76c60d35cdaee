from collections import defaultdict

from django.db import migrations, models

from merchants.money import take_back
from orders.laying import lay


def say_what_came_back(apps, schema_editor):
    """Earlier refunds named no payments: they went over all that paid their line."""
    RefundLine, Tender = apps.get_model("orders", "RefundLine"), apps.get_model("orders", "Tender")
    OrderLine = apps.get_model("orders", "OrderLine")
    backs = defaultdict(list)
    for back in RefundLine.objects.filter(amount__gt=0).order_by("id"):
        backs[back.line_id].append(back)
    orders = OrderLine.objects.filter(pk__in=backs).values_list("order", flat=True).distinct()
    paid, tenders = defaultdict(dict), defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).order_by("number"):
        paid[line.order_id][line.number] = line
    for tender in Tender.objects.filter(order__in=orders).order_by("number"):
        tenders[tender.order_id].append(tender)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_refundline DISABLE TRIGGER USER")
    for order, lines in paid.items():
        parts = defaultdict(dict)
        for part in lay(
            [(t.amount, t.lines) for t in tenders[order]], {n: line.paid for n, line in lines.items()}
        ):
            parts[part.line][tenders[order][part.index].number] = part.amount
        for number, line in lines.items():
            total, before = 0, [0] * len(parts[number])
            for back in backs.get(line.pk, ()):
                total += back.amount
                now = take_back(total, list(parts[number].values()))
                came = zip(parts[number], before, now, strict=True)
                back.tenders = [
                    [tender, after - earlier] for tender, earlier, after in came if after > earlier
                ]
                back.save(update_fields=["tenders"])
                before = now
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_refundline ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("orders", "0013_indexes_are_not_kept_twice")]

    operations = [
        migrations.AddField(
            model_name="refundline",
            name="names_tenders",
            field=models.BooleanField(default=False, help_text="It was said which payments it goes back on"),
        ),
        migrations.AddField(
            model_name="refundline",
            name="tenders",
            field=models.JSONField(
                default=list, help_text="[[a payment's number, fen that go back of it], …]"
            ),
        ),
        migrations.RunPython(say_what_came_back, migrations.RunPython.noop),
    ]
