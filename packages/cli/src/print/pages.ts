import type { Page } from '@postern/core/inbox'
import { Failure } from './failure.ts'

// The most rows that an inbox gives at once.
const MOST = 1000

/**
 * The first rows of a list, page after page: one page ends where its time is over, so that it can be empty and have
 * more behind it. `more` is true if further rows may match.
 */
export async function rowsOf<Row>(
  limit: string,
  next: (query: {
    readonly limit: number
    readonly cursor?: string
  }) => Promise<Page<Row>> | Page<Row>,
): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> {
  const most = Number(limit)
  if (!Number.isSafeInteger(most) || most < 1)
    throw new Failure(2, `--limit must be a whole number above 0, got ${limit}`)
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const wanted = Math.min(MOST, most - rows.length)
    const page = await next({ limit: wanted, ...(cursor !== undefined && { cursor }) })
    rows.push(...page.rows)
    ;({ cursor } = page)
  } while (cursor !== undefined && rows.length < most)
  return { rows, more: cursor !== undefined }
}

/** What is said when more rows match than were asked for. */
export const MORE = 'there are more: raise --limit, or narrow the filter'
