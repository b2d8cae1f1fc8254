"""What the press conference of 12 November 2022 published as evidence (P), to stand beside our own figures.

Each is quoted as it was said: shares in percent, yields per 100,000 people. See clauses.toml, 发布会.
"""

from policy.types import Category

FOUND_BY_DAY_JULY_AUGUST = {3: 81.4, 4: 90.1, 5: 94.5, 7: 99.7}
"""Of the close contacts who turned positive, the share found by that day after the last exposure."""
FOUND_BY_DAY_APRIL_MAY = {5: 89.1, 7: 97.3}
"""The same in the seven pilot cities of the ninth edition."""
CENTRAL_SAVED = 30
"""About so many percent of central isolation does 5+3 save against 7+3 (2 of 7 days of close contacts)."""
YIELD = {
    Category.SECONDARY_CONTACT: 3.1,
    Category.SPILL_OVER: 4.9,
    Category.POST_CLOSED_LOOP: 1.6,
}
"""Found positive among 100,000 people of the category."""

CONTACTS_CLAUSE = "发布会·密切接触者"
YIELD_CLAUSES = ("发布会·次密接", "发布会·外溢人员", "发布会·闭环人员")
