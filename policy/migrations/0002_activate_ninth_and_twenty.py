"""A fresh installation knows and activates the editions that ship with it, each from its own date."""

import tomllib
from pathlib import Path

from django.db import migrations
from django.utils import timezone

FOLDER = Path(__file__).resolve().parent.parent / "editions"


def install(apps, schema_editor):
    editions = apps.get_model("policy", "PolicyEdition")
    activations = apps.get_model("policy", "EditionActivation")
    stored = {}
    for code in ("ninth", "twenty"):
        source = (FOLDER / f"{code}.toml").read_text(encoding="utf-8")
        table = tomllib.loads(source)
        stored[code] = editions.objects.create(
            code=code,
            title_zh=table["title"]["zh"],
            title_en=table["title"]["en"],
            effective_on=table["effective_on"],
            parent=stored.get(table.get("parent")),
            source=source,
        )
        activations.objects.create(
            edition=stored[code], from_on=table["effective_on"], activated_at=timezone.now()
        )


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_store_editions_and_their_activations")]

    # Backwards: 0001 drops the tables with everything in them.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
