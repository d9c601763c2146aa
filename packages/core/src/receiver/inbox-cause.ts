import { errorText, memberOf, textOf } from '../errors.ts'

// Codes and words of SQLite, PostgreSQL (appendix A of its manual), Redis and the operating system. The first that matches counts.
const CAUSES: readonly (readonly [sign: RegExp, cause: string])[] = [
  [
    /SQLITE_FULL|database or disk is full|ENOSPC|EDQUOT|\b53100\b|no space left|disk is full/i,
    'disk full: free space where the inbox keeps its data',
  ],
  [
    /eviction|maxmemory-policy/i,
    'eviction policy: Redis may drop keys; set maxmemory-policy to noeviction',
  ],
  [
    /\bOOM\b|out of memory|maxmemory|\b53200\b|SQLITE_NOMEM/i,
    'out of memory: give the server of the inbox more, or take out what it keeps',
  ],
  [
    /SQLITE_READONLY|readonly database|read-?only|\bREADONLY\b|\b25006\b|EROFS/i,
    'read-only: the inbox cannot write; connect to the primary, or make the file writable',
  ],
  [
    /SQLITE_BUSY|SQLITE_LOCKED|database (?:table )?is locked|\b55P03\b|lock timeout|canceling statement/i,
    'locked: another program holds the database or a table of the inbox; end its transaction',
  ],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EPIPE|connection (?:terminated|is closed)|\b57P0[123]\b/i,
    'unreachable: start the server of the inbox, or mend its address',
  ],
  [
    /did not answer|has not answered|timed out|timeout|\b57014\b/i,
    'no answer: the server of the inbox is down or overloaded, or its tables are locked',
  ],
]

/** Why an inbox stores nothing, in words that lead to the remedy, with the words of the engine behind them. */
export function inboxCause(error: unknown): string {
  const said = errorText(error)
  const found = CAUSES.find(([sign]) => sign.test(wholeOf(error)))
  return found ? `${found[1]} (${said})` : said
}

/** All that an error and its causes say. */
function wholeOf(error: unknown): string {
  const parts: string[] = []
  for (let each = error, left = 5; each !== undefined && left > 0; left--) {
    parts.push(textOf(each, 'code') ?? '', textOf(each, 'errstr') ?? '', errorText(each))
    each = memberOf(each, 'cause')
  }
  return parts.join('\n')
}
