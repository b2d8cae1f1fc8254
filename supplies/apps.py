from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SuppliesConfig(AppConfig):
    name = "supplies"
    verbose_name = _("Supplies and medical access")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put the QR code of the resident's page beside the printed notices."""
        from cases.beside import add_to_notices
        from supplies.paper import beside_notices

        add_to_notices(beside_notices)
