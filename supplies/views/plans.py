"""Supply plans 保供预案: who is in charge of supplies in an area, and how a sealed door is supplied."""

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability, Level
from policy import clock
from supplies.actions.planning import confirm_plan, write_plan
from supplies.forms.plans import SupplyPlanForm
from supplies.models import SupplyPlan
from supplies.rules.plans import REVIEWED_WITHIN_DAYS
from supplies.views.stock_moves import form_page, stock_crumb

MOST = 500
REVIEWS_SHOWN = 20


@requires(Ability.WORK_SUPPLIES)
@require_safe
def supply_plans(request: StaffRequest) -> HttpResponse:
    """Plans of the own area, of those above and below, and counties without one; two queries."""
    today = clock.today()
    plans = list(SupplyPlan.objects.visible_to(request.user).select_related("area")[:MOST])
    context = {
        "plans": [(plan, plan.is_due(today)) for plan in plans],
        "missing": _without_plan(request).filter(level=Level.COUNTY)[:MOST],
        "may_keep": request.user.may(Ability.KEEP_STOCK),
        "days": REVIEWED_WITHIN_DAYS,
    }
    return render(request, "supplies/plans/plans.html", context)


@requires(Ability.WORK_SUPPLIES)
@require_safe
def supply_plan(request: StaffRequest, pk: int) -> HttpResponse:
    """One plan, and who looked through it when."""
    plan = get_object_or_404(SupplyPlan.objects.visible_to(request.user).select_related("area"), pk=pk)
    area = request.user.area
    context = {
        "plan": plan,
        "due": plan.is_due(clock.today()),
        "days": REVIEWED_WITHIN_DAYS,
        "reviews": plan.reviews.select_related("by")[:REVIEWS_SHOWN],
        "may_write": request.user.may(Ability.KEEP_STOCK) and area is not None and area.covers(plan.area),
    }
    return render(request, "supplies/plans/plan.html", context)


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def supply_plan_edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A new plan, or one that is corrected; `?area=` is chosen already."""
    plan = None
    if pk is not None:
        kept = SupplyPlan.objects.kept_by(request.user).select_related("area")
        plan = get_object_or_404(kept, pk=pk)
    form = SupplyPlanForm(
        request.POST or None,
        instance=plan,
        areas=None if plan else _without_plan(request),
        initial={} if plan else {"area": request.GET.get("area") or request.user.area_id},
    )
    if request.method == "POST" and form.is_valid():
        area = plan.area if plan else form.cleaned_data["area"]
        saved = write_plan(area=area, text=form.text, by=request.user, at=clock.now())
        messages.success(request, _("The plan of %(area)s is saved.") % {"area": area.name})
        return redirect("supply-plan", saved.pk)
    title = _("Supply plan: %(area)s") % {"area": plan.area.name} if plan else _("New supply plan")
    crumbs = [stock_crumb(), (reverse("supply-plans"), _("Supply plans"))]
    lead = _("Market supply, delivery to sealed compounds, mutual supply, reserves 〔二(十七)〕.")
    return form_page(request, form, title=title, crumbs=crumbs, button=_("Save"), lead=lead)


@requires(Ability.KEEP_STOCK)
@require_POST
def supply_plan_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """The plan was looked through and is still right."""
    plan = get_object_or_404(SupplyPlan.objects.kept_by(request.user), pk=pk)
    if confirm_plan(plan=plan, by=request.user, at=clock.now()):
        messages.success(request, _("Noted: looked through today, still right."))
    else:
        messages.info(request, _("You have noted that today already."))
    return redirect("supply-plan", plan.pk)


def _without_plan(request: StaffRequest) -> QuerySet[Area]:
    """Areas for which the user could write a plan and nobody has."""
    there = SupplyPlan.objects.filter(area=OuterRef("pk"))
    return Area.objects.visible_to(request.user).filter(~Exists(there)).order_by("code")
