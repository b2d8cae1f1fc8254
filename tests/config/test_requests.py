"""What every request passes through: language, content policy, request id, the login lock, health."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings

from accounts.models import User


@pytest.mark.django_db
def test_the_first_visit_is_chinese_whatever_the_browser_prefers(client: Client) -> None:
    page = client.get("/calculator/", headers={"accept-language": "en-US,en;q=0.9"})
    assert page.headers["Content-Language"] == "zh-hans"


@pytest.mark.django_db
def test_english_is_there_for_whoever_chose_it(client: Client) -> None:
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/calculator/"})
    assert answer.headers["Location"] == "/calculator/"
    assert client.get("/calculator/", headers={"accept-language": "zh"}).headers["Content-Language"] == "en"


@pytest.mark.django_db
def test_a_cookie_with_no_language_of_ours_means_chinese(client: Client) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "tlh"
    assert client.get("/calculator/").headers["Content-Language"] == "zh-hans"


def policy_of(client: Client, path: str) -> dict[str, str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return dict(directive.strip().partition(" ")[::2] for directive in header.split(";"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/", "/calculator/", "/no-such-page/"])
def test_pages_of_ours_take_nothing_inline_and_nothing_from_outside(client: Client, path: str) -> None:
    assert policy_of(client, path) == {
        "default-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self' tel:",
        "frame-ancestors": "'none'",
    }


@pytest.mark.django_db
def test_only_the_admin_theme_may_compile_its_attributes(client: Client) -> None:
    assert "'unsafe-eval'" in policy_of(client, "/admin/login/")["script-src"]
    assert "'unsafe-inline'" not in policy_of(client, "/admin/login/")["script-src"]


@pytest.mark.django_db
def test_each_answer_carries_an_id_of_its_own(client: Client) -> None:
    ids = {client.get("/health/").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.django_db
def test_the_log_names_the_route_and_never_the_path(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/policy/clauses/a-private-token/")
    assert "a-private-token" not in caplog.text


@pytest.mark.django_db
def test_health_names_the_parts_that_answer(client: Client) -> None:
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "cache": "ok"}


@pytest.mark.django_db
def test_health_names_the_part_that_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConnectionError("redis://:password@10.0.0.1")

    monkeypatch.setattr(cache, "set", broken)
    answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "cache": "failed"}


@pytest.mark.django_db
@override_settings(AXES_ENABLED=True)
def test_after_eight_wrong_passwords_the_login_is_locked_with_a_page_that_says_for_how_long(
    client: Client, alice: User
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post("/login/", {"username": alice.username, "password": "wrong"})
    assert answer.status_code == 429
    assert "15" in answer.content.decode()


@pytest.mark.django_db
@override_settings(AXES_ENABLED=True)
def test_a_locked_name_leaves_the_colleague_at_the_same_address_alone(
    client: Client, alice: User, bob: User
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/login/", {"username": alice.username, "password": "wrong"})
    assert client.post("/login/", {"username": bob.username, "password": "wrong"}).status_code == 200


@pytest.mark.django_db
def test_a_form_that_is_too_old_gives_back_what_was_written_and_no_secret() -> None:
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    typed = {
        "text": "三号楼<b>从昨天起</b>就封着，没有人说为什么。",
        "secret": "7609 9679 6373 9933",
        "password": "a long pass phrase",
        "number": "261122-13789037",
        "csrfmiddlewaretoken": "x" * 64,
    }
    answer = stranger.post("/login/", typed)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "What you had written" in page
    assert "三号楼&lt;b&gt;从昨天起&lt;/b&gt;就封着，没有人说为什么。" in page
    for kept_back in ("7609", "a long pass", "261122", "xxxx"):
        assert kept_back not in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert "What you had written" not in stranger.post("/login/", {"number": "1"}).content.decode()
