"""Addresses of public naming and good practice, and of what the self-audit filed."""

from django.urls import URLPattern, path

from complaints.views import audit, named, namings, publications

urlpatterns: list[URLPattern] = [
    path("complaints/published/", namings.namings, name="namings"),
    path("complaints/published/feed.atom", namings.namings_feed, name="namings-feed"),
    path("complaints/published/<int:pk>/", namings.naming, name="naming"),
    path("complaints/good-practice/", namings.good_practice, name="good-practice"),
    path("complaint-desk/self-audit/", audit.audit, name="audit"),
    path("complaint-desk/publications/", publications.publications, name="publications"),
    path("complaint-desk/publications/new/", publications.publication_new, name="publication-new"),
    path("complaint-desk/publications/about-us/", named.publications_about_us, name="publications-about-us"),
    path("complaint-desk/publications/<int:pk>/", publications.publication, name="publication"),
    path("complaint-desk/publications/<int:pk>/reply/", named.publication_reply, name="publication-reply"),
    path(
        "complaint-desk/publications/<int:pk>/<slug:verb>/",
        publications.publication_do,
        name="publication-do",
    ),
]
