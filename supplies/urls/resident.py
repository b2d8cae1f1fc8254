"""Addresses of the resident's private page, and where staff make and print its link."""

from django.urls import URLPattern, path

from supplies.views import resident, resident_links, resident_words

private_urls: list[URLPattern] = [
    path("my/<str:token>/", resident.my_page, name="my-page"),
    path("my/<str:token>/look/", resident.my_look, name="my-look"),
    path("my/<str:token>/ask/<str:kind>/", resident.my_ask, name="my-ask"),
    path("my/<str:token>/emergency/", resident.my_emergency, name="my-emergency"),
    path("my/<str:token>/needs/<str:number>/", resident.my_need, name="my-need"),
    path("my/<str:token>/needs/<str:number>/<str:word>/", resident_words.my_word, name="my-word"),
    path("my/<str:token>/release/<int:pk>/", resident.my_release, name="my-release"),
]

link_urls: list[URLPattern] = [
    path("resident-links/<int:pk>/", resident_links.resident_link, name="resident-link"),
    path("resident-links/<int:pk>/print/", resident_links.resident_link_print, name="resident-link-print"),
    path("resident-links/<int:pk>/make/", resident_links.resident_link_make, name="resident-link-make"),
    path("resident-links/<int:pk>/renew/", resident_links.resident_link_renew, name="resident-link-renew"),
    path(
        "resident-links/<int:pk>/withdraw/",
        resident_links.resident_link_withdraw,
        name="resident-link-withdraw",
    ),
]

urlpatterns: list[URLPattern] = [*private_urls, *link_urls]
