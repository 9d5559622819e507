"""What makes django-allauth this site's log-in: adapter, forms, bounded hashing, known browsers, ends of sessions."""
