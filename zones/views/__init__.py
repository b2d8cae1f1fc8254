"""Public pages, feed and data about high-risk zones: no login, no person."""
