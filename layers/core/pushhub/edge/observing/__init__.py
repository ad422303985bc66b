"""What does an operator see of each request and each batch?"""
