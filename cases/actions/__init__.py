"""The verbs of the register: every page, API call, import and command changes data through these.

Each is keyword-only and atomic, takes `by` (who) and `at` (the instant, from the clock at the edge),
raises RuleViolation where a rule or the state says no, and writes what happened as an event.
"""
