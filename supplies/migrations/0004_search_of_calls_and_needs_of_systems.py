import supplies.rules.needs
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_supply_roles"),
        ("cases", "0003_more_key_marks"),
        ("supplies", '0003_supply_plans'),
        ("zones", "0003_more_kinds_of_sites"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="phone_tail_digest",
            field=models.CharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name="need",
            name="external_id",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="Of a need that another system has sent: it is written once for each account.",
                max_length=80,
                verbose_name="number at the sender",
            ),
        ),
        migrations.AlterField(
            model_name="need",
            name="source",
            field=models.CharField(
                choices=[
                    (supplies.rules.needs.NeedSource["RESIDENT"], "the resident's page"),
                    (supplies.rules.needs.NeedSource["PHONE"], "by telephone"),
                    (supplies.rules.needs.NeedSource["DOOR"], "at the door"),
                    (supplies.rules.needs.NeedSource["ROUND_CALL"], "when a key person was called"),
                    (supplies.rules.needs.NeedSource["SYSTEM"], "another system"),
                ],
                max_length=10,
                verbose_name="source",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["phone_tail_digest"], name="call_by_phone_tail"),
        ),
        migrations.AddConstraint(
            model_name="need",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("asked_by", "external_id"),
                name="one_need_per_number_of_the_sender",
            ),
        ),
    ]
