import type { Arrival, DeliveryFilter, Inbox, Page, TaskInfo } from '@postern/core/inbox'
import { deliveryRows, taskRows, type FoundRow } from './rows.ts'
import type { Sieved } from './query.ts'
import { arrivalFits, hasError, sifted, taskFits } from './sieve.ts'

// Time limit of the search in each of the four places, in milliseconds. The places are members of `Places`.
const BUDGET = 200

/**
 * Positions of the search in four places. A position is a cursor, null after the last row, or undefined at the start.
 * `id` is the journal of deliveries, `dead` and `failing` are errors of tasks, `payload` is the payloads of tasks.
 */
interface Places {
  readonly id?: string | null
  readonly dead?: string | null
  readonly failing?: string | null
  readonly payload?: string | null
}

/**
 * Searches for plain text: in ids, topics and reasons, then in errors, then in payloads. Each row names the place of
 * its match. A page has each delivery once, newest first. The cursor continues the search in all places.
 */
export async function searchWords(
  { view, journal }: Inbox,
  { text = '', ...filter }: DeliveryFilter,
  sieve: readonly Sieved[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<FoundRow>> {
  const at = placesOf(cursor)
  const fits = taskFits(sieve)
  const { since, until, outcome: _, code: __, ...rest } = filter
  const tasks = {
    ...rest,
    ...(since !== undefined && { after: since - 1 }),
    ...(until !== undefined && { before: until }),
  }
  const page = (place: string | null | undefined): { limit: number; cursor?: string } => ({
    limit,
    ...(typeof place === 'string' && { cursor: place }),
  })
  const by = async (place: 'dead' | 'failing'): Promise<Page<FoundRow>> => {
    if (at[place] === null || !view) return NONE
    const state = place === 'dead' ? ('dead' as const) : ('pending' as const)
    const found = await sifted<TaskInfo>(
      async (one) => view.list({ ...tasks, state, ...one, budget: BUDGET }),
      (task) => hasError(task, text) && fits(task),
      page(at[place]),
      BUDGET,
    )
    return { ...found, rows: taskRows(found.rows).map((row) => ({ ...row, by: 'error' })) }
  }
  const inJournal = async (): Promise<Page<FoundRow>> => {
    if (at.id === null || !journal) return NONE
    const found = await sifted<Arrival>(
      async (one) => journal.deliveries({ ...filter, text, ...one, budget: BUDGET }),
      arrivalFits(sieve),
      page(at.id),
      BUDGET,
    )
    const rows = await deliveryRows(view, found.rows)
    return { ...found, rows: rows.map((row) => ({ ...row, by: 'id' })) }
  }
  const inPayloads = async (): Promise<Page<FoundRow>> => {
    if (at.payload === null || !view) return NONE
    const found = await sifted<TaskInfo>(
      async (one) => view.list({ ...tasks, text, ...one, budget: BUDGET }),
      fits,
      page(at.payload),
      BUDGET,
    )
    return { ...found, rows: taskRows(found.rows).map((row) => ({ ...row, by: 'payload' })) }
  }
  const [id, dead, failing, payload] = [
    await inJournal(),
    await by('dead'),
    await by('failing'),
    await inPayloads(),
  ]
  const steps = [id, dead, failing, payload]
  const next = {
    id: id.cursor ?? null,
    dead: dead.cursor ?? null,
    failing: failing.cursor ?? null,
    payload: payload.cursor ?? null,
  }
  const searched = steps.flatMap((step) =>
    step.cursor === undefined ? [] : (step.searchedTo ?? []),
  )
  return {
    rows: onceEach(steps.flatMap(({ rows }) => rows)).toSorted(
      (one, other) => timeOf(other) - timeOf(one),
    ),
    cursor: steps.every((step) => step.cursor === undefined)
      ? undefined
      : Buffer.from(JSON.stringify(next)).toString('base64url'),
    searchedTo: searched.length === 0 ? undefined : Math.max(...searched),
  }
}

const NONE: Page<FoundRow> = { rows: [], cursor: undefined, searchedTo: undefined }

function timeOf({ arrival, tasks }: FoundRow): number {
  return arrival?.at ?? tasks[0]!.receivedAt
}

/** Removes further rows of the same delivery or event. The first row stays. */
function onceEach(rows: readonly FoundRow[]): readonly FoundRow[] {
  const seen = new Set<string>()
  return rows.filter(({ arrival, tasks }) => {
    const isNew = arrival
      ? !seen.has(`delivery:${arrival.id}`)
      : !tasks.some(({ id }) => seen.has(id))
    if (arrival) seen.add(`delivery:${arrival.id}`)
    for (const { id } of tasks) seen.add(id)
    return isNew
  })
}

function placesOf(cursor: string | undefined): Places {
  if (cursor === undefined) return {}
  try {
    const places: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (typeof places === 'object' && places !== null) return places
  } catch {
    // A cursor that cannot be parsed gets the error below, too.
  }
  throw new TypeError('cursor: must be the cursor of the previous page')
}
