"""What a stack keeps in DynamoDB: keys, items, reads and conditional writes."""
