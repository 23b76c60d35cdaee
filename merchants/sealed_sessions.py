"""Sessions kept in the database, sealed.

What passes through a sign-in (the phone asked for, a TOTP secret before it is confirmed, a form set aside for
re-authentication) lies in the session row, and Django only signs it.
"""

from django.contrib.sessions.backends import db

from merchants import sealing


class SessionStore(db.SessionStore):
    def encode(self, session_dict: dict) -> str:
        return sealing.seal(self.serializer().dumps(session_dict).decode("latin-1")).decode()

    def decode(self, session_data: str) -> dict:
        """Empty when no key of the set opens it any more: the user signs in again."""
        try:
            return self.serializer().loads(sealing.unseal(session_data.encode()).encode("latin-1"))
        except RuntimeError:
            return {}
