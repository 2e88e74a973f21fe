"""The pocket platform: object store, queue, schedule, mailbox and workers on one machine."""
