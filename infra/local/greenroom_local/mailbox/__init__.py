"""The mailbox: a real SMTP server that keeps what it gets, and a page that shows it."""
