"""Mail comes in by SMTP, LMTP or IMAP and is handed to ``accept``; nothing is acknowledged before that returns."""
