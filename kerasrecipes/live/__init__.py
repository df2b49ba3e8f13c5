"""The page of a running fit: what it shows, its server, and the nudges it takes."""
