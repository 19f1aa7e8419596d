"""Who may ask: the clients that a hospital has registered, and the tokens by which they are known."""
