"""What a page may load and run (Content-Security-Policy): our own files; nothing inline, nothing from elsewhere."""

PAGES: dict[str, list[str] | bool] = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
# The admin's theme computes expressions in attributes (Alpine) and sets styles in them; its scripts are files, too.
ADMIN: dict[str, list[str] | bool] = PAGES | {
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
}
