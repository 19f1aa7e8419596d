"""What was shown, what was done with it, and which tokens were used: the store."""
