"""The guards themselves: what the schema consists of is what this version's migrations make.

Whoever owns the schema can drop a trigger, empty a function or widen a privilege. All of it is read
from the catalogues, line by line, and compared with `deploy/schema/structure.txt`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.verification.difference import Difference, QueryCheck
from domain.sentence import sentence

_EXPECTED: Final = Path(__file__).parents[3] / "deploy" / "schema" / "structure.txt"

# Each query lists one kind of thing: what it belongs to, a line for each, and where that stands.
# Bodies of functions are told by their hashes; `deploy/schema/*.sql` shows them.
_RELATIONS: Final = """
  SELECT relname, concat_ws(' ', CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view'
             WHEN 'S' THEN 'sequence' ELSE 'relation' END, relname,
           CASE WHEN relkind = 'v' THEN regexp_replace(pg_get_viewdef(oid), '\\s+', ' ', 'g') END,
           CASE WHEN relpersistence <> 'p' THEN 'not logged' END,
           CASE WHEN relrowsecurity OR relforcerowsecurity THEN 'row security' END,
           CASE WHEN relowner <> nspowner THEN 'owned by ' || relowner::regrole END,
           array_to_string(reloptions, ', ')), 0, 0
  FROM relation WHERE relkind NOT IN ('i', 'S', 'c', 't')
"""
_DOMAINS: Final = """
  SELECT typname, concat_ws(' ', 'domain', typname, format_type(typbasetype, typtypmod),
           CASE WHEN typnotnull THEN 'not null' END, 'default ' || typdefault), 0, 0
  FROM pg_type WHERE typnamespace = 'growth_points'::regnamespace AND typtype = 'd'
  UNION ALL
  SELECT typname, concat_ws(' ', '  constraint', conname, pg_get_constraintdef(pg_constraint.oid)),
         2, 0
  FROM pg_constraint JOIN pg_type ON pg_type.oid = contypid
  WHERE typnamespace = 'growth_points'::regnamespace
"""
_COLUMNS: Final = """
  SELECT relname, concat_ws(' ', ' ', attname, format_type(atttypid, atttypmod),
           CASE WHEN attcollation <> typcollation THEN 'collate ' || collname END,
           CASE WHEN attnotnull THEN 'not null' END,
           CASE WHEN attidentity <> '' THEN 'identity ' || attidentity::text END,
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
  SELECT relname, concat_ws(' ', ' ', pg_get_indexdef(indexrelid),
           CASE WHEN NOT (indisvalid AND indislive AND indisready) THEN 'invalid' END), 3, 0
  FROM relation JOIN pg_index ON indrelid = relation.oid
  WHERE NOT (indisvalid AND indislive AND indisready)
    OR NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_TRIGGERS: Final = """
  SELECT relname, concat_ws(' ', ' ', pg_get_triggerdef(pg_trigger.oid),
           CASE tgenabled WHEN 'A' THEN 'always' ELSE tgenabled::text END), 4, 0
  FROM relation JOIN pg_trigger ON tgrelid = relation.oid WHERE NOT tgisinternal
  UNION ALL
  SELECT relname, format('  trigger of constraint %s is switched off or changed', conname), 4, 0
  FROM relation JOIN pg_trigger ON tgrelid = relation.oid
  LEFT JOIN pg_constraint ON pg_constraint.oid = tgconstraint
  WHERE tgisinternal AND tgenabled <> 'O'
"""
_RULES: Final = """
  SELECT tablename::text, format('  rule %s %s', rulename, definition), 4, 0
  FROM pg_rules WHERE schemaname = 'growth_points'
  UNION ALL
  SELECT relname, concat_ws(' ', '  policy', polname, CASE WHEN polpermissive THEN 'permits'
             ELSE 'restricts' END, polcmd,
           (SELECT string_agg(role::regrole::text, ', ' ORDER BY role) FROM unnest(polroles) role),
           pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid)), 4, 0
  FROM relation JOIN pg_policy ON polrelid = relation.oid
  UNION ALL
  SELECT relname, '  child ' || inhrelid::regclass, 4, 0
  FROM relation JOIN pg_inherits ON inhparent = relation.oid
"""
# PUBLIC is role 0. Who may only read is the administrator's business.
_RIGHTS: Final = """
  SELECT relname, format('  %s may %s%s', grantee::regrole, privilege_type,
           ' (' || string_agg(attname, ', ' ORDER BY attnum) || ')'), 5, 0
  FROM (
    SELECT relname, NULL AS attname, 0 AS attnum, grantee, privilege_type FROM relation
    CROSS JOIN aclexplode(relacl) WHERE grantee <> relowner
    UNION ALL
    SELECT relname, attname, attnum, grantee, privilege_type FROM relation
    JOIN pg_attribute ON attrelid = oid CROSS JOIN aclexplode(attacl)
  ) given
  WHERE privilege_type <> 'SELECT' OR grantee::regrole::text LIKE 'growth\\_points\\_%'
    AND grantee::regrole::text <> 'growth_points_reader'
  GROUP BY relname, grantee, privilege_type
"""
_FUNCTIONS: Final = """
  SELECT 'function ' || proname, concat_ws(' ', format('function %s(%s)', proname,
           pg_get_function_arguments(pg_proc.oid)),
           'returns ' || prorettype::regtype, lanname,
           encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'),
           'of ' || aggtransfn::oid::regproc, prokind, provolatile, proparallel,
           CASE WHEN proisstrict THEN 'strict' END, CASE WHEN proleakproof THEN 'leakproof' END,
           CASE WHEN prosecdef THEN 'as its owner' END,
           CASE WHEN proowner <> nspowner THEN 'owned by ' || proowner::regrole END,
           array_to_string(proconfig, ', '),
           'for ' || (SELECT string_agg(grantee::regrole::text, ', ' ORDER BY grantee)
                      FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
                      WHERE grantee <> proowner)), 6, 0
  FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
  JOIN pg_namespace ON pg_namespace.oid = pronamespace
  LEFT JOIN pg_aggregate ON aggfnoid = pg_proc.oid
  WHERE nspname = 'growth_points'
"""
_OTHERS: Final = """
  SELECT 'schema', format('schema lets %s %s', grantee::regrole, privilege_type), 7, 0
  FROM pg_namespace CROSS JOIN aclexplode(nspacl)
  WHERE nspname = 'growth_points' AND grantee <> nspowner
    AND (privilege_type <> 'USAGE' OR grantee::regrole::text LIKE 'growth\\_points\\_%'
         AND grantee::regrole::text <> 'growth_points_reader')
  UNION ALL
  SELECT 'schema', format('operator %s', pg_operator.oid::regoperator), 7, 0
  FROM pg_operator WHERE oprnamespace = 'growth_points'::regnamespace
  UNION ALL
  SELECT 'schema', format('type %s', typname), 7, 0 FROM pg_type
  WHERE typnamespace = 'growth_points'::regnamespace AND typtype IN ('e', 'r', 'b')
    AND typelem = 0
"""
_KINDS: Final = (
    *(_RELATIONS, _DOMAINS, _COLUMNS, _CONSTRAINTS, _INDEXES, _TRIGGERS, _RULES, _RIGHTS),
    *(_FUNCTIONS, _OTHERS),
)
_STRUCTURE: Final = f"""
  WITH relation AS (
    SELECT pg_class.*, nspowner FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'growth_points' AND relname NOT LIKE 'alembic_version%'
  )
  SELECT line FROM ({" UNION ALL ".join(_KINDS)}) AS lines (owner, line, part, position)
  ORDER BY part >= 6, owner COLLATE "C", part, position, line COLLATE "C"
"""  # noqa: S608 constants


def structure(connection: Connection) -> str:
    """List the whole schema: domains, tables with all they have, views, functions and the rest."""
    lines = connection.scalars(text(_STRUCTURE))
    indented = (line.replace("growth_points.", "").replace("\n", "\n    ") for line in lines)
    return "".join(line.rstrip() + "\n" for line in indented)


def guards(connection: Connection) -> Iterator[Difference]:
    """Compare the schema with what this version brings."""
    expected, found = (
        Counter(_facts(text.splitlines()))
        for text in (_EXPECTED.read_text("utf-8"), structure(connection))
    )
    for fact in (expected - found).elements():
        yield Difference("guards", sentence("the database lacks {fact}", fact=fact))
    for fact in (found - expected).elements():
        yield Difference(
            "guards",
            sentence("the database has, beyond what this version brings, {fact}", fact=fact),
        )


def _facts(lines: Iterable[str]) -> Iterator[str]:
    """Name what each line belongs to, which is the last line above that is not indented."""
    heading = ""
    for line in lines:
        if line.startswith(" "):
            yield f"{heading}: {line.strip()}"
        else:
            heading = " ".join(line.split()[:2])
            yield line


ROLES = QueryCheck(
    "guards",
    sentence("the role {role} may {what}, and so do more than its work"),
    """
    SELECT rolname AS role, what
    FROM pg_namespace JOIN pg_roles ON nspname = 'growth_points' AND pg_roles.oid <> nspowner
    CROSS JOIN LATERAL (VALUES
      (rolsuper, 'do anything, as a superuser'),
      (rolcreaterole, 'create roles'),
      (rolreplication, 'replicate'),
      (rolbypassrls, 'pass over row security'),
      (pg_has_role(pg_roles.oid, nspowner, 'MEMBER'), 'work as the owner of the tables')
    ) AS more (holds, what)
    WHERE holds AND rolname LIKE 'growth\\_points\\_%' ORDER BY 1, 2
    """,
)
