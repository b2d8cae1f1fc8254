"""People, episodes and tests for other systems: the same verbs, rules and scope as the pages."""
