"""The guidance as data, and its strict loader. Start with README.md in this folder."""
