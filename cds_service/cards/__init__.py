"""What the clinician reads."""
