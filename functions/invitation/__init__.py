"""Takes batches from HR's systems, creates the interviews and sends the invitations."""
