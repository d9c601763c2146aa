import { inertJson, inertText } from '../inert.ts'
import type { Arrival } from './journal.ts'
import type { TaskInfo } from './view.ts'

type FileRow = Readonly<Record<string, string | number | undefined>>

const EVENT: readonly string[] = ['received', 'receiver', 'provider', 'topic', 'event']

/** Columns of an exported list of tasks. Times are ISO 8601 in UTC. */
export const TASK_FIELDS: readonly string[] = [
  ...EVENT,
  'subscription',
  'part',
  'state',
  'attempts',
  'due',
  'settled',
  'error',
  'cause',
  'task',
]

/**
 * Columns of an exported list of deliveries. `took` is in milliseconds, and `status` is the HTTP status of the reply.
 */
export const DELIVERY_FIELDS: readonly string[] = [
  ...EVENT,
  'outcome',
  'code',
  'reason',
  'claims',
  'status',
  'took',
  'tasks',
  'delivery',
]

/** Returns a task as a row of an exported list. */
export function taskFields(task: TaskInfo): FileRow {
  const { event, error, part } = task
  return {
    received: iso(task.receivedAt),
    receiver: task.receiver,
    provider: task.provider,
    topic: event.topic,
    event: event.id,
    subscription: task.subscription,
    part: part === '' ? undefined : part,
    state: task.state,
    attempts: task.attempts,
    due: iso(task.due),
    settled: iso(task.settledAt),
    error: error && [error.name, error.message].filter(Boolean).join(': '),
    cause: task.cause,
    task: task.id,
  }
}

/** Returns a delivery as a row of an exported list, with the states of its tasks if these are given. */
export function deliveryFields(
  arrival: Arrival,
  tasks: readonly Pick<TaskInfo, 'subscription' | 'state'>[] = [],
): FileRow {
  return {
    received: iso(arrival.at),
    receiver: arrival.receiver,
    provider: arrival.provider,
    topic: listed(arrival.topics),
    event: listed(arrival.ids),
    outcome: arrival.outcome,
    code: arrival.code,
    reason: arrival.reason,
    claims: arrival.claims,
    status: arrival.status,
    took: arrival.took,
    tasks: listed(tasks.map(({ subscription, state }) => `${subscription} ${state}`)),
    delivery: arrival.id,
  }
}

function iso(time: number): string
function iso(time: number | undefined): string | undefined
function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function listed(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(', ')
}

/**
 * Returns a line of CSV. An apostrophe is put before a text that starts like a formula, since a spreadsheet would run
 * it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

// Every text is quoted, since spreadsheets in some countries separate cells by semicolons or tabs.
function csvCell(cell: string | number | undefined): string {
  if (cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  const text = inertText(cell)
  const guard = /^(?:\s|\\u\{[9AD]\})*[=+\-@＝＋－＠]|^\\u\{[9AD]\}/.test(text) ? "'" : ''
  return `"${guard}${text.replaceAll('"', '""')}"`
}

/** Returns a line of NDJSON in printable ASCII. Undefined fields are left out. */
export function ndjsonLine(fields: object): string {
  return `${inertJson(fields)}\n`
}
