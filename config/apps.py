"""The installation as an app of its own: its system checks and process commands."""

from django.apps import AppConfig


class HouseConfig(AppConfig):
    """Registers what must hold of the settings as a whole."""

    name = "config"
    label = "house"

    def ready(self) -> None:
        """Register the system checks."""
        from config import checks  # noqa: F401  (registers them; needs the settings)
