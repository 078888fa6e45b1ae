"""The structure of a database's schema as text, read from the catalogues."""

from typing import Final

from sqlalchemy import Connection, text

# Each is a kind of thing, with one line for each of them. Functions are told by the hash of their
# bodies, which `deploy/schema` shows.
_TABLES: Final = """
  SELECT relname AS owner, format('table %s', relname) AS line, 0 AS part, 0 AS position
  FROM relation WHERE relkind = 'r'
"""
_COLUMNS: Final = """
  SELECT relname, concat_ws(' ', ' ', attname, format_type(atttypid, atttypmod),
           CASE WHEN attcollation <> typcollation THEN 'collate ' || collname END,
           CASE WHEN attnotnull THEN 'not null' END,
           CASE WHEN attidentity <> '' THEN 'identity' END,
           'default ' || pg_get_expr(adbin, adrelid)), 1, attnum
  FROM relation JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0
  JOIN pg_type ON pg_type.oid = atttypid
  LEFT JOIN pg_collation ON pg_collation.oid = attcollation
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE relkind = 'r' AND NOT attisdropped
"""
_CONSTRAINTS: Final = """
  SELECT relname, concat_ws(' ', '  constraint', conname, pg_get_constraintdef(pg_constraint.oid)),
         2, 0
  FROM relation JOIN pg_constraint ON conrelid = relation.oid WHERE contype NOT IN ('n', 't')
"""
_INDEXES: Final = """
  SELECT relname, '  ' || pg_get_indexdef(indexrelid), 3, 0
  FROM relation JOIN pg_index ON indrelid = relation.oid
  WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_TRIGGERS: Final = """
  SELECT relname, concat_ws(' ', ' ', pg_get_triggerdef(pg_trigger.oid),
           CASE tgenabled WHEN 'A' THEN 'always' END), 4, 0
  FROM relation JOIN pg_trigger ON tgrelid = relation.oid WHERE NOT tgisinternal
"""
_RIGHTS: Final = """
  SELECT relname, format('  %s may %s%s', grantee::regrole, privilege_type,
           ' (' || string_agg(attname, ', ' ORDER BY attnum) || ')'), 5, 0
  FROM (
    SELECT relname, NULL AS attname, 0 AS attnum, grantee, privilege_type FROM relation
    CROSS JOIN aclexplode(relacl) WHERE grantee <> relowner
    UNION ALL
    SELECT relname, attname, attnum, grantee, privilege_type FROM relation
    JOIN pg_attribute ON attrelid = oid CROSS JOIN aclexplode(attacl)
  ) given GROUP BY relname, grantee, privilege_type
"""
_VIEWS: Final = """
  SELECT relname, format(E'view %s\\n%s', relname, pg_get_viewdef(oid)), 0, 0
  FROM relation WHERE relkind = 'v'
"""
_FUNCTIONS: Final = """
  SELECT 'function ' || proname, concat_ws(' ', format('function %s(%s)', proname,
           pg_get_function_arguments(pg_proc.oid)),
           'returns ' || prorettype::regtype, lanname, left(md5(prosrc), 8),
           CASE WHEN prosecdef THEN 'as its owner' END, array_to_string(proconfig, ', '),
           'for ' || (SELECT string_agg(grantee::regrole::text, ', ' ORDER BY grantee)
                      FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
                      WHERE grantee <> proowner)), 6, 0
  FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
  WHERE pronamespace = 'growth_points'::regnamespace
"""
_KINDS: Final = (
    _TABLES,
    _COLUMNS,
    _CONSTRAINTS,
    _INDEXES,
    _TRIGGERS,
    _RIGHTS,
    _VIEWS,
    _FUNCTIONS,
)
_STRUCTURE: Final = f"""
  WITH relation AS (
    SELECT * FROM pg_class
    WHERE relnamespace = 'growth_points'::regnamespace AND relname <> 'alembic_version'
  )
  SELECT line FROM ({" UNION ALL ".join(_KINDS)}) lines
  ORDER BY part = 6, owner COLLATE "C", part, position, line COLLATE "C"
"""  # noqa: S608 constants


def structure(connection: Connection) -> str:
    """List tables, columns, constraints, indexes, triggers, rights, views and functions."""
    lines = connection.scalars(text(_STRUCTURE))
    return "".join(line.replace("growth_points.", "").rstrip() + "\n" for line in lines)
