"""pushhub: a push hub in a team's own AWS account that speaks the vendors' wire languages."""
