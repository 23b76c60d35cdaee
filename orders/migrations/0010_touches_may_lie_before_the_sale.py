from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0009_tenders_name_their_wechat_payment"),
    ]

    operations = [
        migrations.AddField(
            model_name="touch",
            name="at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the link was opened, the member recruited or bound; empty: with the sale",
                null=True,
            ),
        ),
    ]
