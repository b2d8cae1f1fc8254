"""Addresses of stock: what lies where, every movement of it, demand and mutual supply."""

from django.urls import URLPattern, path

from supplies.views import (
    kits,
    mutual,
    plans,
    stock,
    stock_count,
    stock_demand,
    stock_import,
    stock_issue,
    stock_keeping,
)
from supplies.views import stock_moves as moves

urlpatterns: list[URLPattern] = [
    path("stock/", stock.stock, name="stock"),
    path("stock/export/", stock.stock_export, name="stock-export"),
    path("stock/movements/export/", stock.movements_export, name="movements-export"),
    path("stock/items/<int:pk>/", stock.stock_item, name="stock-item"),
    path("stock/items/<int:pk>/edit/", stock_keeping.item_edit, name="stock-item-edit"),
    path("stock/items/<int:pk>/minimum/", moves.stock_minimum, name="stock-minimum"),
    path("stock/items/<int:pk>/pack/", kits.kit_pack, name="kit-pack"),
    path("stock/items/<int:pk>/inside/", kits.kit_recipe, name="kit-recipe"),
    path("stock/balances/<int:pk>/unpack/", kits.kit_unpack, name="kit-unpack"),
    path("stock/receive/", moves.stock_receive, name="stock-receive"),
    path("stock/balances/<int:pk>/transfer/", moves.stock_transfer, name="stock-transfer"),
    path("stock/expired/", moves.stock_expired, name="stock-expired"),
    path("stock/import/", stock_import.stock_import, name="stock-import"),
    path("stock/import/template/", stock_import.stock_import_template, name="stock-import-template"),
    path("stock/import/take/", stock_import.stock_import_take, name="stock-import-take"),
    path("stock/demand/", stock_demand.demand, name="demand"),
    path("stock/stores/", stock_keeping.stores, name="stores"),
    path("stock/stores/new/", stock_keeping.store_edit, name="store-new"),
    path("stock/stores/<int:pk>/edit/", stock_keeping.store_edit, name="store-edit"),
    path("stock/stores/<int:pk>/count/", stock_count.stock_count, name="stock-count"),
    path("stock/suppliers/", stock_keeping.suppliers, name="suppliers"),
    path("stock/suppliers/new/", stock_keeping.supplier_edit, name="supplier-new"),
    path("stock/suppliers/<int:pk>/edit/", stock_keeping.supplier_edit, name="supplier-edit"),
    path("supply-plans/", plans.supply_plans, name="supply-plans"),
    path("supply-plans/new/", plans.supply_plan_edit, name="supply-plan-new"),
    path("supply-plans/<int:pk>/", plans.supply_plan, name="supply-plan"),
    path("supply-plans/<int:pk>/edit/", plans.supply_plan_edit, name="supply-plan-edit"),
    path("supply-plans/<int:pk>/confirm/", plans.supply_plan_confirm, name="supply-plan-confirm"),
    path("stock/mutual/", mutual.mutual_list, name="mutual"),
    path("stock/mutual/new/", mutual.mutual_new, name="mutual-new"),
    path("stock/mutual/<int:pk>/", mutual.mutual_detail, name="mutual-detail"),
    path("stock/mutual/<int:pk>/<slug:verb>/", mutual.mutual_act, name="mutual-act"),
    path("needs/<int:pk>/issue/", stock_issue.need_issue, name="need-issue"),
    path("needs/<int:pk>/give-back/", stock_issue.need_give_back, name="need-give-back"),
]
