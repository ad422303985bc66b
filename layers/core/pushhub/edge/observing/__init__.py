"""What does an operator see of each request, each batch and each step of an import?"""
