"""How a rule says no: with a code for machines, the clause, and a sentence for people."""

from django.utils.functional import Promise


class RuleViolation(Exception):
    """A request that the rules forbid.

    Forms show the sentence at the field (`field`, when one is to blame), the API answers 409 with code
    and clause, an import row carries it in its report. `clause` is a bare clause such as "二(二)", or ""
    where the refusal comes from the record's state and not from a clause.
    """

    def __init__(self, code: str, clause: str, sentence: str | Promise, *, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.clause = clause
        self.sentence = sentence
        self.field = field

    def __str__(self) -> str:
        return f"{self.sentence}〔{self.clause}〕" if self.clause else str(self.sentence)


class BadInput(ValueError):
    """A question that cannot be answered as it was put; forms, API and commands show it at the field.

    `field` is the name of the input that is to blame ("registered_on"), `sentence` says how to mend it.
    """

    def __init__(self, field: str, sentence: str | Promise) -> None:
        super().__init__(field)
        self.field = field
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)
