import { once } from 'node:events'
import type { Page } from '@postern/core/inbox'
import { csvLine, type MaybePromise, ndjsonLine } from '@postern/core/internal'
import { requireOneOf } from '../options/checked-options.ts'
import { Failure } from './failure.ts'
import { remark } from './say.ts'
import { rendered } from './terminal.ts'

interface ListOptions {
  readonly limit: string
  readonly json?: boolean
  readonly output?: string
}

export type NextPage<Row> = (query: {
  readonly limit: number
  readonly cursor?: string
}) => MaybePromise<Page<Row>>

// Maximum number of rows that an inbox returns per query.
const MOST = 1000

/**
 * Yields the pages of a list, with at most `limit` rows in total. Returns true at the end if further rows may match.
 */
async function* pagesOf<Row>(
  limit: string,
  next: NextPage<Row>,
): AsyncGenerator<readonly Row[], boolean> {
  let left = Number(limit)
  if (!Number.isSafeInteger(left) || left < 1)
    throw new Failure(2, `--limit must be a whole number above 0, got ${limit}`)
  let cursor: string | undefined
  do {
    const page = await next({
      limit: Math.min(MOST, left),
      ...(cursor !== undefined && { cursor }),
    })
    // A query also ends after its time limit. So an empty page can have a cursor to further rows.
    yield page.rows
    left -= page.rows.length
    ;({ cursor } = page)
  } while (cursor !== undefined && left > 0)
  return cursor !== undefined
}

/** Returns the first rows of a list. `more` is true if further rows may match. */
export async function rowsOf<Row>(
  limit: string,
  next: NextPage<Row>,
): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> {
  const rows: Row[] = []
  const pages = pagesOf(limit, next)
  for (;;) {
    const { value, done } = await pages.next()
    if (done) return { rows, more: value }
    rows.push(...value)
  }
}

/**
 * Prints rows in the format that `--output` names, while they are found. Returns false without `--output`.
 *
 * @throws Failure
 */
export async function wroteRows<Row>(
  { limit, json, output }: ListOptions,
  names: readonly string[],
  next: NextPage<Row>,
  fieldsOf: (rows: readonly Row[]) => MaybePromise<readonly FileRow[]>,
): Promise<boolean> {
  if (output === undefined) return false
  requireOneOf('--output', output, ['ndjson', 'csv'])
  if (json) throw new Failure(2, 'give --json or --output, not both')
  const isCsv = output === 'csv'
  const lineOf = (row: FileRow): string =>
    isCsv ? csvLine(names.map((name) => row[name])) : ndjsonLine(row)
  const pages = pagesOf(limit, next)
  let lines = isCsv ? [csvLine(names)] : []
  for (;;) {
    const { value, done } = await pages.next()
    if (!done) lines.push(...(await fieldsOf(value)).map(lineOf))
    const text = lines.map((line) => `${rendered(line.trimEnd())}${isCsv ? '\r\n' : '\n'}`).join('')
    lines = []
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    if (!done) continue
    if (value) remark(MORE)
    return true
  }
}

type FileRow = Readonly<Record<string, string | number | undefined>>

export const MORE = 'there are more: raise --limit, or narrow the filter'
