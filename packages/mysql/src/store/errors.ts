import { createServerErrors, memberOf, textOf, type ServerErrors } from '@postern/core/engine'

// Errors caused by the values of a statement: a packet that is too large, or values that do not fit their columns.
const DATA: ReadonlySet<number> = new Set([
  1048, 1062, 1153, 1264, 1300, 1366, 1406, 3140, 3141, 4037, 4038,
])
// Errors after which another try may succeed later. For example, the server is full, shut down or read-only, has no
// connection left, or ended the statement.
const AWAY: ReadonlySet<number> = new Set([
  1021, 1040, 1053, 1114, 1129, 1158, 1159, 1160, 1161, 1203, 1226, 1290, 1317, 1792, 1836, 1927,
  1969, 3024, 3100, 3169, 4031,
])
const FULL: ReadonlySet<number> = new Set([1021, 1114])
// Errors after which the connection is useless: it is ending, or its server is no longer the primary.
const ENDING: ReadonlySet<number> = new Set([1053, 1290, 1792, 1836, 1927, 3169, 4031])

/**
 * Classifies errors only by their number, since `mysql2` gives numbers of MariaDB the names that they have in MySQL.
 * https://mariadb.com/docs/server/reference/error-codes,
 * https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 */
export const errors: ServerErrors = createServerErrors({
  inbox: 'mysqlInbox',
  server: 'the server',
  // Codes of a lock timeout, a deadlock, a row that changed since the transaction started (MariaDB's
  // innodb_snapshot_isolation), and a lock with NOWAIT. The last code is Prisma's own.
  conflicts: {
    codes: new Set(['1205', '1213', '1020', '3572', 'P2034']),
    members: ['errno', 'code', 'originalCode'],
  },
  fault(error) {
    const number = numberOf(error)
    if (DATA.has(number)) return 'data'
    if (number === 0 || AWAY.has(number)) return 'away'
    const state = textOf(error, 'sqlState') ?? ''
    if (/^2[123]/.test(state)) return 'data'
    // States that start with 42 mean that a privilege, table or column is missing. The error counts as temporary, since
    // an operator can restore what is missing.
    return state === '' || /^(?:08|40|42|53|57|70|HY)/.test(state) ? 'away' : 'lasting'
  },
  isFull: (error) => FULL.has(numberOf(error)),
  reason(error) {
    const number = numberOf(error)
    return REASONS[number === 0 ? (textOf(error, 'code') ?? '') : number]
  },
})

/** Returns true for an error of one statement, after which the connection can still be used. */
export function isOfServer(error: unknown): boolean {
  const number = numberOf(error)
  return number > 0 && memberOf(error, 'fatal') !== true && !ENDING.has(number)
}

/** Returns the server's error number. Other errors give 0: their `errno` is negative, from the operating system. */
function numberOf(error: unknown): number {
  const number = Number(memberOf(error, 'errno'))
  return number > 0 && textOf(error, 'sqlState') !== undefined ? number : 0
}

const READ_ONLY = 'the server is read-only: write to its primary'
const REASONS: Readonly<Record<string | number, string>> = {
  ECONNREFUSED: 'no server answers there: check connectionString, and that it runs',
  ENOTFOUND: 'the host of connectionString is not known',
  1021: 'the disk of the server is full: make room',
  1040: 'the server has no connection left: raise max_connections or lower maxConnections',
  1044: 'the user may not use the database: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON database.* TO the user',
  1045: 'the password was rejected: check connectionString',
  1049: 'the database is not there: create it',
  1053: 'the server is shutting down',
  1114: 'a table of the server is full: make room',
  1142: 'the user may not do this: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON database.* TO the user, or make the tables as "Migrations" says',
  1146: 'a table is missing: start once with migrate: true',
  1153: 'the delivery is larger than the server accepts: SET GLOBAL max_allowed_packet = 67108864, and set it in the configuration of the server',
  1226: 'the user has no connection left: raise its MAX_USER_CONNECTIONS or lower maxConnections',
  1290: READ_ONLY,
  1792: READ_ONLY,
  1836: READ_ONLY,
}
