import { matches, type TaskFilter, type TaskInfo } from '@postern/core/inbox'
import { runBuffer } from '../store/connection.ts'
import { eventName, eventOfJob, parseQueueName, parseRef } from '../store/queues.ts'
import { pagesOf, keptPlacesOf, type KeptPlace, type Order } from './places.ts'
import { showTask, showTasks, type ShowContext } from './show.ts'
import { readStored, type Stored } from '../store/stored.ts'

/** A task that was found, or a place that was searched. */
export interface Found {
  readonly task: TaskInfo | undefined
  /** Arrival of the event that the search has reached, in milliseconds since 1970. */
  readonly at: number
  /** Where a search goes on behind this. */
  readonly cursor: string
}

/**
 * Finds tasks, newest event first or oldest first, from a cursor on. After each page of events it yields its place, so that the
 * caller can stop. If a state has few tasks, they are found through BullMQ's own sets.
 */
export async function* find(
  context: ShowContext,
  filter: TaskFilter,
  cursor?: string,
  order: Order = 1,
): AsyncGenerator<Found> {
  const { client, prefix } = context
  const test = matches(filter)
  if (filter.id !== undefined) {
    const task = isRef(filter.id) ? await showTask(context, filter.id) : undefined
    if (task && (await fits(task))) yield { task, at: task.receivedAt, cursor: cursorOf(task) }
    return
  }
  const start = cursor === undefined ? undefined : parseCursor(cursor)
  const pages = filter.keys
    ? pagesOf(
        await keptPlacesOf(context, await eventsOf(context, filter)),
        start,
        undefined,
        undefined,
        order,
      )
    : pagesOf(await eventsIn(context, filter), start, context, filter, order)
  for await (const places of pages) {
    const tasks = await showTasks(
      context,
      places.map(({ event }) => event),
    )
    const sorted = tasks.toSorted((one, other) => order * newestFirst(one, other))
    for (const task of sorted)
      if (!passed(task, start, order) && (await fits(task)))
        yield { task, at: task.receivedAt, cursor: cursorOf(task) }
    const { at, event } = places.at(-1)!
    yield { task: undefined, at, cursor: `${at}~${event}~` }
  }

  async function fits(task: TaskInfo): Promise<boolean> {
    if (test(task)) return true
    // The payload is read only if the rest holds.
    if (filter.text === undefined || !matches({ ...filter, text: '' })(task)) return false
    const event = eventOfJob(parseRef(task.id).id)
    const stored = (await runBuffer(client, 'posternGetEvent', prefix, event)) as Stored | null
    return stored !== null && test(task, () => readStored(stored, task).record.payload)
  }
}

/** True for a string with the form of a task's id. */
export function isRef(id: string): boolean {
  return /^[^/]*\/[^/:]*:e[\w.-]+$/.test(id)
}

function cursorOf(task: TaskInfo): string {
  return `${task.receivedAt}~${eventOfJob(parseRef(task.id).id)}~${task.id}`
}

interface Start extends KeptPlace {
  /** The last task that was given of that event; empty: all of it is behind. */
  readonly id: string
}

/** The place of a cursor. Throws a `TypeError` for a string that is not a cursor. */
export function parseCursor(cursor: string): Start {
  const [at, event, ...id] = cursor.split('~')
  if (event === undefined || !Number.isFinite(Number(at)))
    throw new TypeError(
      `cursor: must be the cursor of a page of this inbox, got ${JSON.stringify(cursor)}`,
    )
  return { at: Number(at), event, id: id.join('~') }
}

function newestFirst(one: TaskInfo, other: TaskInfo): number {
  return other.receivedAt - one.receivedAt || (placeOf(one) < placeOf(other) ? 1 : -1)
}

/** Event and task: what orders tasks that arrived in the same millisecond. */
function placeOf({ id }: TaskInfo): string {
  return `${eventOfJob(parseRef(id).id)} ${id}`
}

function passed(task: TaskInfo, start: Start | undefined, order: Order): boolean {
  if (!start || task.receivedAt !== start.at) return false
  const event = eventOfJob(parseRef(task.id).id)
  if (event !== start.event) return false
  return start.id === '' || (order === 1 ? task.id >= start.id : task.id <= start.id)
}

/** The events of the keys of a filter. */
export async function eventsOf(
  { client, prefix }: ShowContext,
  filter: TaskFilter,
): Promise<readonly string[]> {
  const queues = await client.smembers(`${prefix}:queues`)
  const all = new Set(queues.map((queue) => parseQueueName(queue).receiver))
  const receivers = filter.receiver === undefined ? [...all] : [filter.receiver]
  return receivers.flatMap((receiver) => filter.keys!.map((key) => eventName(receiver, key)))
}

// Above this number of jobs in a state, going through the events is no slower than sorting the jobs.
const MOST = 20_000

/** The events of a state, if few tasks are in it; undefined: all events have to be gone through. */
export async function eventsIn(
  context: ShowContext,
  { state, receiver, subscription }: TaskFilter,
): Promise<readonly KeptPlace[] | undefined> {
  if (state === undefined || state === 'done') return undefined
  const { client, prefix } = context
  const events = new Set<string>()
  for (const queue of await client.smembers(`${prefix}:queues`)) {
    const its = parseQueueName(queue)
    if ((receiver ?? its.receiver) !== its.receiver) continue
    if ((subscription ?? its.subscription) !== its.subscription) continue
    const base = `${prefix}:${queue}`
    const sets =
      state === 'dead' ? ['failed'] : state === 'pending' ? ['delayed', 'prioritized'] : []
    // A job whose process died is still among the active ones, and pending.
    const lists = state === 'dead' ? [] : state === 'pending' ? ['wait', 'active'] : ['active']
    for (const name of sets)
      for (const id of await client.zrange(`${base}:${name}`, '0', String(MOST)))
        events.add(eventOfJob(id))
    for (const name of lists)
      for (const id of await client.lrange(`${base}:${name}`, 0, MOST)) events.add(eventOfJob(id))
    if (events.size > MOST) return undefined
  }
  return keptPlacesOf(context, [...events])
}
