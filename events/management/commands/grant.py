"""Give the application's role what it needs, and no more; run by the owner after every migration."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from psycopg2 import sql

from events.append_only import TRIGGER

_TABLES = """
SELECT c.relname,
       EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = %s) AS sealed
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""

# What the owner does on behalf of the application, which owns nothing. Of the parts of a table it has no right at all.
_DONE_FOR_IT = (
    "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
)


class Command(BaseCommand):
    help = (
        "Grant the application's role its rights: append-only tables can be read and added to, nothing else."
    )

    def handle(self, *args, **options):
        role = sql.Identifier(settings.APP_DATABASE_ROLE)
        with connection.cursor() as cursor:
            cursor.execute(_TABLES, [TRIGGER])
            tables = cursor.fetchall()
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
            cursor.execute(
                sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role)
            )
            for name, sealed in tables:
                rights = "SELECT" if name == "django_migrations" else "SELECT, INSERT"
                if not sealed and name != "django_migrations":
                    rights += ", UPDATE, DELETE"
                table = sql.Identifier(name)
                cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(table, role))
                cursor.execute(sql.SQL("GRANT " + rights + " ON {} TO {}").format(table, role))
            cursor.execute(_DONE_FOR_IT)
            for (function,) in cursor.fetchall():
                cursor.execute(sql.SQL(f"GRANT EXECUTE ON FUNCTION {function} TO {{}}").format(role))
        sealed_count = sum(1 for _, sealed in tables if sealed)
        self.stdout.write(
            f"granted {len(tables)} tables to {settings.APP_DATABASE_ROLE}, {sealed_count} append-only"
        )
