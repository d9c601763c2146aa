import { grouped } from '@postern/core/engine'
import type { Arrival, InboxView, TaskError, TaskInfo } from '@postern/core/inbox'
import type { ListRow, RowTask } from '../api/list.ts'
import type { Inspected } from '../options.ts'
import { withheldError } from '../withheld.ts'

// Maximum number of event keys per query to the inbox, and of tasks in the answer.
const KEYS = 100
const TASKS = 1000

/**
 * A row with all its data, before the parts that the visitor may not see are removed. It is a delivery with the tasks
 * of its events, or the matching tasks of an event.
 */
export interface FoundRow {
  readonly arrival?: Arrival
  readonly tasks: readonly TaskInfo[]
  readonly by?: ListRow['by']
}

export async function deliveryRows(
  view: InboxView | undefined,
  arrivals: readonly Arrival[],
): Promise<readonly FoundRow[]> {
  const tasks = await tasksByKey(view, arrivals)
  return arrivals.map((arrival) => ({
    arrival,
    tasks: arrival.keys.flatMap((key) => tasks.get(eventKey(arrival.receiver, key)) ?? []),
  }))
}

export function taskRows(tasks: readonly TaskInfo[]): readonly FoundRow[] {
  const events = grouped(tasks, ({ receiver, event }) => eventKey(receiver, event.key))
  return [...events.values()].map((all) => ({ tasks: all }))
}

/** Returns a row of the list, with only what the visitor may see. */
export function listRow(
  { arrival, tasks, by }: FoundRow,
  payloads: boolean,
  receivers: Answering,
): ListRow {
  const row = arrival
    ? arrivalRow({ arrival, tasks }, payloads, receivers)
    : taskRow(tasks, payloads)
  return by === undefined ? row : { ...row, by }
}

/** The receivers of this process. `answers` tells whether the app replies to a topic itself. */
type Answering = readonly Pick<Inspected, 'name' | 'answers'>[]

function isAnswered({ receiver, outcome, topics }: Arrival, receivers: Answering): boolean {
  const here = receivers.find(({ name }) => name === receiver)
  return outcome === 'unhandled' && topics.some((topic) => here?.answers(topic) === true)
}

/** Returns the row of a delivery. `reason` and `claims` can quote the body, so they need `payloads`. */
export function arrivalRow(
  { arrival, tasks }: { readonly arrival: Arrival; readonly tasks: readonly TaskInfo[] },
  payloads: boolean,
  receivers: Answering,
): ListRow {
  const { id, at, receiver, provider, code, status, took } = arrival
  const outcome = isAnswered(arrival, receivers) ? 'answered' : arrival.outcome
  const reason = payloads ? arrival.reason : undefined
  return {
    id: `delivery:${id}`,
    at,
    receiver,
    provider,
    topic: arrival.topics[0],
    claims: payloads ? arrival.claims : undefined,
    eventId: arrival.ids[0],
    outcome,
    code,
    reason,
    status,
    took,
    tasks: tasks.map((task) => rowTask(task, payloads)),
  }
}

/** Returns the tasks of deliveries, grouped by {@link eventKey}. Tasks of an event are sorted by subscription. */
export async function tasksByKey(
  view: InboxView | undefined,
  arrivals: readonly Pick<Arrival, 'receiver' | 'keys'>[],
): Promise<ReadonlyMap<string, readonly TaskInfo[]>> {
  const keys = [...new Set(arrivals.flatMap((arrival) => arrival.keys))]
  const found: TaskInfo[] = []
  for (let place = 0; view && place < keys.length; place += KEYS) {
    const page = await view.list({ keys: keys.slice(place, place + KEYS), limit: TASKS })
    found.push(...page.rows)
  }
  found.sort((one, other) => (one.subscription < other.subscription ? -1 : 1))
  return grouped(found, ({ receiver, event }) => eventKey(receiver, event.key))
}

export function taskRow(tasks: readonly TaskInfo[], payloads: boolean): ListRow {
  const [{ id, receivedAt, receiver, provider, event }] = tasks as readonly [TaskInfo]
  return {
    id: `task:${id}`,
    at: receivedAt,
    receiver,
    provider: provider ?? receiver,
    topic: event.topic,
    claims: undefined,
    eventId: event.id,
    outcome: undefined,
    code: undefined,
    reason: undefined,
    status: undefined,
    took: undefined,
    tasks: tasks.map((task) => rowTask(task, payloads)),
  }
}

export function rowTask(task: TaskInfo, payloads: boolean): RowTask {
  const { id, subscription, part, state, error, interrupted = 0, attempts, due } = task
  const { into, stale, folded = 0 } = task
  return {
    id,
    subscription,
    part: part === '' ? undefined : part,
    state,
    retrying: state === 'pending' && error !== undefined,
    interrupted: interrupted > 0,
    skipped: into !== undefined ? 'folded' : stale ? 'stale' : undefined,
    into,
    folded,
    attempts,
    due,
    failure: error && state !== 'done' ? errorLine(error, payloads) : undefined,
    cause: payloads ? task.cause : undefined,
  }
}

const LONGEST_ERROR = 200

export function errorLine(error: TaskError, payloads: boolean): string {
  const { name, message } = payloads ? error : withheldError(error)
  const text = [name === 'Error' ? '' : name, message].filter(Boolean).join(': ') || 'Error'
  return text.replaceAll(/\s+/g, ' ').slice(0, LONGEST_ERROR)
}

/** Returns a key for an event. The key of an event is unique only within its receiver. */
export function eventKey(receiver: string, key: string): string {
  return JSON.stringify([receiver, key])
}
