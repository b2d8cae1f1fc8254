"""Addresses of needs, from request to door."""

from django.urls import URLPattern, path

from supplies.views import need_new, need_page, needs

urlpatterns: list[URLPattern] = [
    path("needs/", needs.needs, name="needs"),
    path("needs/search/", needs.needs_search, name="needs-search"),
    path("needs/bulk/", needs.needs_bulk, name="needs-bulk"),
    path("needs/new/", need_new.need_new, name="need-new"),
    path("needs/<int:pk>/", need_page.need, name="need"),
    path("needs/<int:pk>/owner/", need_page.need_owner, name="need-owner"),
    path("needs/<int:pk>/note/", need_page.need_note, name="need-note"),
    path("needs/<int:pk>/call/", need_page.need_call, name="need-call"),
    path("needs/<int:pk>/do/<str:verb>/", need_page.need_move, name="need-move"),
]
