import type { Arrival, Page, TaskInfo } from '@postern/core/inbox'
import type { Sieved } from './query.ts'

const BUDGET = 500

/** True for a delivery that has all that is wanted, and nothing that is not. */
export function arrivalFits(sieve: readonly Sieved[]): (arrival: Arrival) => boolean {
  return (arrival) =>
    sieve.every(
      ({ name, value, isNot }) => valuesOfArrival(arrival, name).includes(value) !== isNot,
    )
}

function valuesOfArrival(arrival: Arrival, name: string): readonly (string | undefined)[] {
  if (name === 'topic') return arrival.topics
  if (name === 'id') return arrival.ids
  if (name === 'status') return [String(arrival.status)]
  return [arrival[name as 'receiver' | 'provider' | 'outcome' | 'code']]
}

/** The same for a task. Text of an error is found within its name and message, in any case. */
export function taskFits(sieve: readonly Sieved[]): (task: TaskInfo) => boolean {
  return (task) =>
    sieve.every(({ name, value, isNot }) =>
      name === 'error'
        ? hasError(task, value) !== isNot
        : (valueOfTask(task, name) === value) !== isNot,
    )
}

/** True if the error of a task has the text. */
export function hasError({ error }: TaskInfo, text: string): boolean {
  return (
    error !== undefined &&
    `${error.name} ${error.message}`.toLowerCase().includes(text.toLowerCase())
  )
}

function valueOfTask(task: TaskInfo, name: string): string | undefined {
  if (name === 'topic') return task.event.topic
  if (name === 'id') return task.event.id
  if (name === 'task') return task.id
  return task[name as 'receiver' | 'provider' | 'subscription' | 'part' | 'state' | 'cause']
}

/** Pages of an inbox until enough rows fit or the time is over; a page is looked through whole. */
export async function sifted<Row>(
  ask: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Row>>,
  fits: (row: Row) => boolean,
  { limit, cursor: from }: { readonly limit: number; readonly cursor?: string },
  budget: number = BUDGET,
): Promise<Page<Row>> {
  const until = performance.now() + budget
  const rows: Row[] = []
  let cursor = from
  for (;;) {
    const page = await ask({ limit, ...(cursor !== undefined && { cursor }) })
    rows.push(...page.rows.filter(fits))
    cursor = page.cursor
    if (cursor === undefined) return { rows, cursor, searchedTo: undefined }
    if (rows.length >= limit || performance.now() >= until)
      return { rows, cursor, searchedTo: page.searchedTo }
  }
}
