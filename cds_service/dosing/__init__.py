"""Dose, volume and infusion steps."""
