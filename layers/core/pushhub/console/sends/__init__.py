"""How does a person send pushes, and see what came of them?"""
