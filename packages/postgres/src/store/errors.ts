import { createServerErrors, textOf, type ServerErrors } from '@postern/core/engine'

/** Classifies errors of PostgreSQL. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const errors: ServerErrors = createServerErrors({
  inbox: 'postgresInbox',
  server: 'PostgreSQL',
  // Codes of a deadlock or a serialization error. Prisma has its own code
  // (https://www.prisma.io/docs/orm/reference/error-reference#p2034). Bun's SQL has the code in `errno`.
  conflicts: {
    codes: new Set(['40001', '40P01', 'P2034']),
    members: ['code', 'originalCode', 'errno'],
  },
  fault(error) {
    const code = codeOf(error)
    if (/^2[123]/.test(code)) return 'data'
    // Codes that start with 42 mean that a privilege, table or column is missing. The error counts as temporary, since
    // an operator can restore what is missing.
    return /^[0-9A-Z]{5}$/.test(code) && !/^(?:08|25|40|42|53|55|57|58|XX)/.test(code)
      ? 'lasting'
      : 'away'
  },
  isFull: (error) => codeOf(error) === '53100',
  reason(error, message) {
    const code = codeOf(error)
    return code === '42501' ? rightOf(message) : REASONS[code]
  },
})

/** Returns true if a pooler has lost a prepared statement, or has one that this connection did not prepare. */
export function isUnprepared(error: unknown): boolean {
  return ['26000', '42P05'].includes(codeOf(error))
}

/** Returns which privilege is missing, from the kind of object that PostgreSQL's message names. */
function rightOf(message: string): string {
  const [, kind = ''] =
    /permission denied for (database|schema|table|sequence|relation)/.exec(message) ?? []
  return `the role lacks a privilege: ${RIGHTS[kind] ?? 'grant it the right that is missing, or make the tables as "Migrations" says'}`
}

const RIGHTS: Readonly<Record<string, string>> = {
  database:
    'make the schema first, and grant it USAGE and CREATE on that; or grant it CREATE on the database',
  schema: 'grant it USAGE and CREATE on the schema, or make the tables as "Migrations" says',
  table: 'grant it SELECT, INSERT, UPDATE and DELETE on the tables postern_*',
  relation: 'grant it SELECT, INSERT, UPDATE and DELETE on the tables postern_*',
  sequence: 'grant it USAGE on the sequences postern_*',
}

function codeOf(error: unknown): string {
  return textOf(error, 'code') ?? ''
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'PostgreSQL does not answer there: check connectionString, and that it runs',
  ENOTFOUND: 'the host of connectionString is not known',
  '28P01': 'the password was rejected: check connectionString',
  '3D000': 'the database is not there: create it',
  '25006': 'it is read-only: write to its primary, or end its recovery',
  '42P01': 'a table is missing: start once with migrate: true',
  '53100': 'its disk is full: make room',
  '53300': 'it has no connection left: raise max_connections or lower maxConnections',
  '57P01': 'it was shut down',
  '57P03': 'it is starting up',
}
