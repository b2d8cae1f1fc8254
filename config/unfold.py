"""The admin site in the colours of the house: the same tokens as static/css/base.css, as Unfold's scales.

Stone and ink are `base`, indigo acts (`primary`); red, green and amber stay free for meaning there too.
"""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def _icon(_request: HttpRequest) -> str:
    return static("img/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Jiefeng administration"),
    "SITE_HEADER": _("Jiefeng administration"),
    "SITE_URL": "/",
    "SITE_ICON": _icon,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_LANGUAGES": True,
    "COLORS": {
        "base": {
            "50": "#f6f7f4",
            "100": "#f1f2ef",
            "200": "#dcdfd9",
            "300": "#c3c9c7",
            "400": "#a3acba",
            "500": "#7f8894",
            "600": "#566070",
            "700": "#3b4454",
            "800": "#303846",
            "900": "#1b212b",
            "950": "#12161d",
        },
        "primary": {
            "50": "#f3f5fa",
            "100": "#e6eaf4",
            "200": "#cfd8ec",
            "300": "#a9bdf0",
            "400": "#8fabec",
            "500": "#7092de",
            "600": "#22345f",
            "700": "#1b2a4e",
            "800": "#152140",
            "900": "#101931",
            "950": "#0b1122",
        },
        "font": {
            "subtle-light": "var(--color-base-600)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-200)",
            "important-light": "#1a2130",
            "important-dark": "#e8ebf0",
        },
    },
}
