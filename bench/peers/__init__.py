"""What a user would take instead, each set up as its own documentation says."""
