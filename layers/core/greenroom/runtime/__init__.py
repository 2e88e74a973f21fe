"""What a handler needs: settings, the Chalice subclass, storage events, problems, auth, logging."""
