"""Open311 GeoReport v2: complaints for programs that speak the common language of city hotlines."""
