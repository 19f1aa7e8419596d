"""The CDS Hooks protocol: what comes in and what goes out."""
