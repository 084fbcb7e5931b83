"""The database and its three roles, made by the cluster's superuser, as often as one likes."""

from pathlib import Path

import psycopg2
from psycopg2 import sql

ROLES = Path(__file__).with_name("roles.sql")


def make_database(*, maintenance_url: str, url: str, name: str) -> None:
    """Both addresses are the superuser's: one of the database 'postgres', one of the new one."""
    _create(maintenance_url, name)
    connection = psycopg2.connect(url)
    try:
        # One transaction: a role that can connect finds all its rights.
        with connection, connection.cursor() as cursor:
            cursor.execute(ROLES.read_text())
    finally:
        connection.close()


def is_empty(url: str) -> bool:
    """No migration has run here yet."""
    return not _finds_a_row(url, "SELECT FROM pg_class WHERE relname = 'django_migrations'")


def has_divisions(url: str) -> bool:
    return _finds_a_row(url, "SELECT FROM schools_division LIMIT 1")


def _finds_a_row(url: str, query: str) -> bool:
    connection = psycopg2.connect(url, connect_timeout=10)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.rowcount > 0
    finally:
        connection.close()


def _create(maintenance_url: str, name: str) -> None:
    connection = psycopg2.connect(maintenance_url)
    connection.autocommit = True  # CREATE DATABASE cannot run inside a transaction
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if cursor.rowcount == 0:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    finally:
        connection.close()
