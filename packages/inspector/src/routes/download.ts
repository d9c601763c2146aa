import {
  csvLine,
  deliveryFields,
  DELIVERY_FIELDS,
  ndjsonLine,
  taskFields,
  TASK_FIELDS,
} from '@postern/core/internal'
import { ApiProblem } from '../replies.ts'
import type { InspectorReply } from '../request.ts'
import type { FoundRow } from '../search/rows.ts'
import { withheldError } from '../withheld.ts'
import type { Context } from './context.ts'
import { searchPage, searchIn } from './list.ts'

// Maximum number of rows in a file, and of rows per query to the inbox.
const MOST = 10_000
const PAGE = 200
// Time limit in milliseconds, since a search through payloads can be very slow.
const LONGEST = 60_000

const TYPES = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' } as const

/**
 * Returns the newest rows of a search as a file. The file is sent while the search runs. If the search fails, the file
 * is incomplete.
 */
export async function answerDownload(context: Context): Promise<InspectorReply> {
  const { query, now, visitor } = context
  const as = query.get('as')
  if (as !== 'csv' && as !== 'ndjson') throw new ApiProblem(400, 'as', 'as must be csv or ndjson')
  const meant = searchIn(context)
  if (meant.kind === 'problem') throw new ApiProblem(400, 'q', meant.problem)
  const search = meant
  const names =
    search.kind === 'tasks'
      ? TASK_FIELDS
      : search.filter.text === undefined
        ? DELIVERY_FIELDS
        : // A search for text finds deliveries and tasks, so the file has the columns of both.
          [...new Set([...DELIVERY_FIELDS, ...TASK_FIELDS])]
  const first = await searchPage(context, search, { limit: PAGE })
  const until = performance.now() + LONGEST
  const lineOf = (fields: Readonly<Record<string, string | number | undefined>>): string =>
    as === 'csv' ? csvLine(names.map((name) => fields[name])) : ndjsonLine(fields)

  return {
    status: 200,
    headers: {
      'content-type': TYPES[as],
      'content-disposition': `attachment; filename="${search.kind}-${new Date(now()).toISOString().slice(0, 10)}.${as}"`,
    },
    body: lines(),
  }

  async function* lines(): AsyncGenerator<string> {
    if (as === 'csv') yield csvLine(names)
    let page = first
    for (let left = MOST; ;) {
      const found = page.rows.flatMap((row) => fieldsOf(row, visitor.payloads)).slice(0, left)
      left -= found.length
      if (found.length > 0) yield found.map(lineOf).join('')
      const { cursor } = page
      if (cursor === undefined || left === 0) return
      if (performance.now() > until) throw new Error('the search took more than 60 s')
      page = await searchPage(context, search, { limit: PAGE, cursor })
    }
  }
}

/** Returns the file's rows for one row of the list, with only what the visitor may see. */
function fieldsOf(
  { arrival, tasks }: FoundRow,
  payloads: boolean,
): readonly Readonly<Record<string, string | number | undefined>>[] {
  if (arrival) {
    const { reason: _, claims: __, ...shown } = arrival
    return [deliveryFields(payloads ? arrival : shown, tasks)]
  }
  return tasks.map((task) =>
    taskFields(
      payloads
        ? task
        : { ...task, cause: undefined, error: task.error && withheldError(task.error) },
    ),
  )
}
