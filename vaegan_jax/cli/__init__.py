"""The commands: their flags, and how they start and fail. No other room uses it."""
