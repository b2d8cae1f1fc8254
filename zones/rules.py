"""Words and pure rules about places."""

import unicodedata
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class SiteKind(StrEnum):
    """What a site is for."""

    ISOLATION = "isolation"
    HOSPITAL = "hospital"
    FANGCANG = "fangcang"


SITE_KINDS = {
    SiteKind.ISOLATION: _("isolation site"),
    SiteKind.HOSPITAL: _("designated hospital"),
    SiteKind.FANGCANG: _("fangcang hospital"),
}


def tidy_name(written: str) -> str:
    """A place's name as it is stored: full-width digits and letters made narrow, no blanks inside.

    "１ 号楼" and "1号楼" are one building. Nothing else is guessed: "1栋" stays another name.
    """
    return "".join(unicodedata.normalize("NFKC", written).split())
