"""An installation from before zones gets their rule in the Twenty Measures, which always stated it.

The text of an activated edition never changes a decision afterwards: nothing was sealed by it before, and
the rules for people stay as they are. A text that somebody has written for themselves is left alone.
"""

from django.db import migrations

ZONES = '''
[zones]
clean_days = 5
clause = "二(四)"
wider_clause = "三(二)"
'''


def add_zones(apps, schema_editor):
    editions = apps.get_model("policy", "PolicyEdition")
    for edition in editions.objects.filter(code="twenty"):
        if "[zones]" not in edition.source:
            edition.source = edition.source.rstrip() + "\n" + ZONES
            edition.save(update_fields=["source"])


class Migration(migrations.Migration):
    dependencies = [("policy", "0002_activate_ninth_and_twenty")]

    operations = [migrations.RunPython(add_zones, migrations.RunPython.noop)]
