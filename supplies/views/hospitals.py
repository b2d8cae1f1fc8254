"""Hospitals and pharmacies for people behind a closed door: direct line, what they treat, open or not."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability
from policy import clock
from supplies.forms.medical import CARE_KINDS, CareSiteForm, by_state
from supplies.models import CareSite
from supplies.rules.medical import TREATMENT_KINDS, TreatmentKind
from zones.models import Site


def _around(area: Area | None) -> Area | None:
    """The county of the office: its hospitals serve every community in it."""
    return (area.line.get("county") or area) if area else None


@requires(Ability.WORK_SUPPLIES)
@require_safe
def hospitals(request: StaffRequest) -> HttpResponse:
    """The hospitals and pharmacies of the county, those that take people first; two queries.

    `?q=` is a part of a name or of the departments: nothing personal, so it may be a GET.
    """
    words = request.GET.get("q", "").strip()[:40]
    county = _around(request.user.area)
    sites = Site.objects.within(county) if county else Site.objects.none()
    if words:
        sites = sites.filter(Q(name__icontains=words) | Q(care__departments__icontains=words))
    rows = list(
        sites.filter(kind__in=CARE_KINDS)
        .select_related("care", "community")
        .order_by("kind", by_state(), "name")[:300]
    )
    for site in rows:
        care = getattr(site, "care", None)
        site.treats_words = [  # type: ignore[attr-defined]
            str(TREATMENT_KINDS[TreatmentKind(kind)]) for kind in (care.treats if care else [])
        ]
    return render(
        request, "supplies/medical/hospitals.html", {"sites": rows, "county": county, "words": words}
    )


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "POST"])
def hospital(request: StaffRequest, pk: int) -> HttpResponse:
    """What a hospital is to people under seal, and its state now; the reason is asked when it is not open."""
    county = _around(request.user.area)
    sites = Site.objects.within(county).filter(kind__in=CARE_KINDS) if county else Site.objects.none()
    site = get_object_or_404(sites.select_related("care", "community"), pk=pk)
    known: CareSite | None = getattr(site, "care", None)
    care = known or CareSite(site=site, status_since=clock.now())
    before = care.status
    form = CareSiteForm(request.POST or None, instance=care)
    if request.method == "POST" and form.is_valid():
        saved = form.save(commit=False)
        if known is None or saved.status != before:
            saved.status_since = clock.now()
        saved.status_by = request.user
        saved.save()
        messages.success(request, _("%(site)s: saved") % {"site": site.name})
        return HttpResponseRedirect(reverse("hospitals"), status=303)
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/medical/hospital.html", {"site": site, "form": form}, status=status)
