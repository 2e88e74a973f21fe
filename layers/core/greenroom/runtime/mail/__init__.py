"""Mails as they are sent, written from `email_templates`: for those who send them and those who show them."""
