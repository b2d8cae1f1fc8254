"""Figures of complaints: counted in few queries, drawn as charts with tables, put together for a month."""
