"""What an installation starts with: the routing table by topic, and the limits of practice."""

from typing import Any

from django.db import migrations

from complaints.rules.behaviours import BEHAVIOURS, Topic
from complaints.rules.clocks import DEFAULT_LIMITS

BY_TOPIC = {
    Topic.ROAD: "transport",
    Topic.CAMPUS: "education",
    Topic.CARE: "health",
    Topic.WORK: "industry",
    Topic.RULES: "disease_control",
}


def install(apps: Any, schema_editor: Any) -> None:
    """Write both tables, unless somebody has filled them already."""
    rules = apps.get_model("complaints", "RoutingRule").objects
    if not rules.exists():
        position = 0
        for behaviour in BEHAVIOURS:
            if behaviour.department != BY_TOPIC.get(behaviour.topic, "task_force"):
                position += 10
                rules.create(
                    position=position, behaviour=behaviour.code, department=str(behaviour.department)
                )
        for topic, department in BY_TOPIC.items():
            position += 10
            rules.create(position=position, topic=str(topic), department=department)
        rules.create(position=position + 10, department="task_force")
    limits = apps.get_model("complaints", "StepLimit").objects
    if not limits.exists():
        for limit in DEFAULT_LIMITS:
            limits.create(
                step=str(limit.step),
                behaviour=limit.behaviour,
                topic=limit.topic,
                urgent=limit.urgent,
                complex=limit.complex,
                amount=limit.amount,
                unit=str(limit.unit),
                gross=limit.gross,
            )


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_initial")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
