"""The programs behind script/run and script/test."""
