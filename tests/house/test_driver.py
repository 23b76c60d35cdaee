from django.db import connection


def test_the_driver_is_psycopg2(db):
    """Django silently prefers psycopg 3 as soon as a dependency brings it."""
    connection.ensure_connection()
    assert type(connection.connection).__module__.startswith("psycopg2")


def test_the_tests_run_as_a_role_that_owns_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
        )
        assert cursor.fetchone() == (0,)
