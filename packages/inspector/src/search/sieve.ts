import { checkDeliveryFilter, matches, matchesDelivery } from '@postern/core/engine'
import type { MaybePromise } from '@postern/core/internal'
import type { Arrival, Page, TaskFilter, TaskInfo } from '@postern/core/inbox'
import type { Sieved } from './query.ts'

const BUDGET = 500

/**
 * Makes a function that tests whether a delivery meets all conditions. Throws a `TypeError` for an impossible value.
 */
export function arrivalFits(sieve: readonly Sieved[]): (arrival: Arrival) => boolean {
  return all(sieve, ({ name, value }) => {
    if (name === 'status') return ({ status }) => status === Number(value)
    const filter = { [name === 'id' ? 'eventId' : name]: value }
    checkDeliveryFilter(filter)
    return matchesDelivery(filter)
  })
}

export function taskFits(sieve: readonly Sieved[]): (task: TaskInfo) => boolean {
  return all(sieve, ({ name, value }) =>
    name === 'error'
      ? (task) => hasError(task, value)
      : matches({ [IN_TASKS[name] ?? name]: value }),
  )
}

// Qualifiers that have another name in a filter of tasks.
const IN_TASKS: Readonly<Record<string, keyof TaskFilter>> = { id: 'eventId', task: 'id' }

function all<Row>(
  sieve: readonly Sieved[],
  testOf: (one: Sieved) => (row: Row) => boolean,
): (row: Row) => boolean {
  const tests = sieve.map((one) => ({ isNot: one.isNot, test: testOf(one) }))
  return (row) => tests.every(({ isNot, test }) => test(row) !== isNot)
}

/** True if the name or message of the task's error contains the text, in upper or lower case. */
export function hasError({ error }: TaskInfo, text: string): boolean {
  return (
    error !== undefined &&
    `${error.name} ${error.message}`.toLowerCase().includes(text.toLowerCase())
  )
}

/**
 * Reads pages of the inbox until enough rows match or the time is over. All rows of a page are tested, so the result
 * can have more than `limit` rows.
 */
export async function sifted<Row>(
  ask: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Row>>,
  fits: (row: Row) => MaybePromise<boolean>,
  { limit, cursor: from }: { readonly limit: number; readonly cursor?: string },
  budget: number = BUDGET,
): Promise<Page<Row>> {
  const until = performance.now() + budget
  const rows: Row[] = []
  let cursor = from
  for (;;) {
    const page = await ask({ limit, ...(cursor !== undefined && { cursor }) })
    for (const row of page.rows) if (await fits(row)) rows.push(row)
    cursor = page.cursor
    if (cursor === undefined) return { rows, cursor, searchedTo: undefined }
    if (rows.length >= limit || performance.now() >= until)
      return { rows, cursor, searchedTo: page.searchedTo }
  }
}
