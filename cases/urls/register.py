"""Addresses of the register and of the people in it."""

from django.urls import path

from cases.importing.urls import urlpatterns as import_urls
from cases.views import (
    catching_up,
    episode,
    family,
    handover,
    numbers,
    person,
    printing,
    register,
    registration,
)
from cases.views import tests as test_views

register_urls = [
    path("register/", register.register, name="register"),
    path("register/search/", register.register_search, name="register-search"),
    path("register/bulk/", register.register_bulk, name="register-bulk"),
    path("register/export/", register.register_export, name="register-export"),
]

registration_urls = [
    path("register/new/", registration.register_new, name="register-new"),
    path("register/family/", family.register_family, name="register-family"),
]

person_urls = [
    path("persons/<int:pk>/", person.person, name="person"),
    path("persons/<int:pk>/edit/", person.person_edit, name="person-edit"),
    path("persons/<int:pk>/reveal/", numbers.person_reveal, name="person-reveal"),
    path("persons/<int:pk>/call/", numbers.person_call, name="person-call"),
]

handover_urls = [
    path("handovers/", handover.handovers, name="handovers"),
    path("handovers/offer/", handover.handover_offer, name="handover-offer"),
    path("handovers/<int:pk>/answer/", handover.handover_answer, name="handover-answer"),
]

notice_urls = [
    path("episodes/<int:pk>/notice/start/", printing.notice_start, name="notice-start"),
    path("episodes/<int:pk>/notice/release/", printing.notice_release, name="notice-release"),
    path("episodes/notices/start/", printing.notices_start, name="notices-start"),
    path("episodes/notices/release/", printing.notices_release, name="notices-release"),
]

episode_urls = [
    path("episodes/<int:pk>/", episode.episode, name="episode"),
    path("episodes/<int:pk>/told/", episode.told, name="episode-told"),
    path("episodes/<int:pk>/place/", episode.place, name="episode-place"),
    path("episodes/<int:pk>/home-check/", episode.home_check, name="episode-home-check"),
    path("episodes/<int:pk>/hand-over/", episode.hand_over, name="episode-hand-over"),
    path("episodes/<int:pk>/contact/", episode.contact, name="episode-contact"),
    path("episodes/<int:pk>/end-early/", episode.end_early, name="episode-end-early"),
    path("episodes/<int:pk>/withdraw/", episode.withdraw, name="episode-withdraw"),
    path("episodes/<int:pk>/correct-anchor/", episode.correct_anchor, name="episode-correct-anchor"),
    path("episodes/<int:pk>/exposure/", episode.exposure, name="episode-exposure"),
    path("episodes/<int:pk>/mistaken-positive/", episode.mistaken_positive, name="episode-mistaken-positive"),
]

test_urls = [
    path("tests/<int:pk>/", test_views.test, name="test"),
    path("tests/<int:pk>/sampled/", test_views.sampled, name="test-sampled"),
    path("tests/<int:pk>/result/", test_views.result, name="test-result"),
    path("tests/<int:pk>/undo/", test_views.undo, name="test-undo"),
    path("tests/bulk/sampled/", test_views.bulk_sampled, name="tests-bulk-sampled"),
    path("tests/bulk/negative/", test_views.bulk_negative, name="tests-bulk-negative"),
    path("tests/bulk/undo/", test_views.bulk_undo, name="tests-bulk-undo"),
]

# What Today offers beside the person's page.
catching_up_urls = [
    path("episodes/codes-lifted/", catching_up.codes_lifted, name="codes-lifted"),
]

urlpatterns = [
    *register_urls,
    *registration_urls,
    *episode_urls,
    *person_urls,
    *handover_urls,
    *notice_urls,
    *test_urls,
    *catching_up_urls,
    *import_urls,
]
