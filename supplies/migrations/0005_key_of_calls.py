from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_supply_roles"),
        ("cases", "0003_more_key_marks"),
        ("supplies", "0004_lots_without_a_date"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="key",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Digest of the form: written once.",
                max_length=64,
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True), fields=("key",), name="call_written_once"
            ),
        ),
    ]
