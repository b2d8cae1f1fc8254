"""Addresses of people, episodes, tests and infections below /api/v1/."""

from django.urls import path

from cases.api import infections, views, zoning

urlpatterns = [
    path("persons/", views.PersonList.as_view(), name="api-persons"),
    path("persons/<int:pk>/", views.PersonDetail.as_view(), name="api-person"),
    path("episodes/", views.EpisodeList.as_view(), name="api-episodes"),
    path("episodes/<int:pk>/", views.EpisodeDetail.as_view(), name="api-episode"),
    path("episodes/<int:pk>/end-early/", views.EpisodeEndEarly.as_view(), name="api-episode-end-early"),
    path("episodes/<int:pk>/withdraw/", views.EpisodeWithdraw.as_view(), name="api-episode-withdraw"),
    path("episodes/<int:pk>/place/", views.EpisodePlace.as_view(), name="api-episode-place"),
    path("episodes/<int:pk>/home-check/", views.EpisodeHomeCheck.as_view(), name="api-episode-home-check"),
    path("tests/", views.TestList.as_view(), name="api-tests"),
    path("tests/results/", views.LaboratoryResults.as_view(), name="api-laboratory-results"),
    path("tests/<int:pk>/", views.TestDetail.as_view(), name="api-test"),
    path("tests/<int:pk>/sampling/", views.TestSampling.as_view(), name="api-test-sampling"),
    path("tests/<int:pk>/result/", views.TestResult.as_view(), name="api-test-result"),
    path("infections/", infections.InfectionList.as_view(), name="api-infections"),
    path("infections/<int:pk>/", infections.InfectionDetail.as_view(), name="api-infection"),
    path("infections/<int:pk>/stays/", infections.InfectionStays.as_view(), name="api-infection-stays"),
    path(
        "infections/stays/<int:pk>/remove/",
        infections.StayRemove.as_view(),
        name="api-infection-stay-remove",
    ),
    path(
        "infections/<int:pk>/contacts/",
        infections.InfectionContacts.as_view(),
        name="api-infection-contacts",
    ),
    path("infections/<int:pk>/judged/", infections.InfectionJudged.as_view(), name="api-infection-judged"),
    path("infections/<int:pk>/zones/", zoning.InfectionZones.as_view(), name="api-infection-zones"),
    path("infections/<int:pk>/restart/", zoning.InfectionRestart.as_view(), name="api-infection-restart"),
]
