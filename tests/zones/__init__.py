"""Places and high-risk zones."""
