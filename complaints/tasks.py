"""What runs by itself for complaints: each task asks the clock once and does a sweep."""
