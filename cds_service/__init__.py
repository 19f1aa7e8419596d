"""Decision support for intravenous immunoglobulin (IVIG) in newborns, served over CDS Hooks."""

__version__ = "0.1.0"
