"""The candidate's page behind the personal link."""
