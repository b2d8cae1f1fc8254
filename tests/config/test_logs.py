"""Nothing personal reaches the log, whoever writes it."""

import io
import logging
import logging.config

import pytest
from django.db import IntegrityError
from django.test import RequestFactory
from django.urls import resolve

from config.logs import logging_config


@pytest.fixture
def lines() -> io.StringIO:
    """What the configured handler writes for the logger `seen`."""
    config = logging_config(as_json=True, level="INFO")
    formatter_config = config["formatters"]["line"]
    formatter = formatter_config["()"](
        processors=formatter_config["processors"], foreign_pre_chain=formatter_config["foreign_pre_chain"]
    )
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.getLogger("seen")
    logger.handlers = [handler]
    logger.propagate = False
    return stream


def test_a_database_error_is_logged_without_the_row_that_it_quotes(lines: io.StringIO) -> None:
    try:
        raise IntegrityError(
            'duplicate key value violates unique constraint "one_open_episode"\n'
            "DETAIL:  Failing row contains (7, 王小明, 锦绣社区).\n"
        )
    except IntegrityError:
        logging.getLogger("seen").exception("it failed")
    assert "one_open_episode" in lines.getvalue()
    assert "王小明" not in lines.getvalue()


@pytest.mark.parametrize(
    "number", ["110105194912310025", "11010519491231002X", "13800138000", "+8613800138000"]
)
def test_resident_ids_and_mobile_numbers_are_blotted_out(lines: io.StringIO, number: str) -> None:
    logging.getLogger("seen").info("no message to %s was sent", number)
    assert number not in lines.getvalue()
    assert "[number]" in lines.getvalue()


def test_dates_ids_and_counts_stay_readable(lines: io.StringIO) -> None:
    logging.getLogger("seen").info("released 20000 on 2022-11-23, request 4e7de87827bb")
    assert "released 20000 on 2022-11-23, request 4e7de87827bb" in lines.getvalue()


def test_a_failed_request_is_logged_by_its_route(lines: io.StringIO) -> None:
    request = RequestFactory().get("/policy/clauses/private-token/")
    request.resolver_match = resolve("/policy/clauses/private-token/")
    logging.getLogger("seen").error(
        "Internal Server Error: %s", request.path, extra={"request": request, "status_code": 500}
    )
    assert "private-token" not in lines.getvalue()
    assert "policy/clauses/<slug:slug>/" in lines.getvalue()
