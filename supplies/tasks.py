"""What runs by itself for supplies: each task asks the clock once and does a sweep."""
