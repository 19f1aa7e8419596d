"""The gate for those who write guidance: check it, run its cases, read its decisions."""
