import type { TaskFilter, TaskInfo } from '@postern/core/inbox'
import type { Client } from './connection.ts'
import { eventOfJob, parseQueueName, parseRef } from './names.ts'
import { matches, showEvents, showTask } from './show.ts'

/** How many events are looked at in one step. */
const STEP = 100

interface Place {
  /** When the event arrived. */
  readonly at: number
  readonly event: string
}

/**
 * Finds tasks in the order their events arrived, from a place on. A state that few tasks are in is found through
 * BullMQ's own sets, since going through all events of some days for it would take long.
 */
export async function* find(
  client: Client,
  prefix: string,
  filter: TaskFilter,
  after?: string,
): AsyncGenerator<TaskInfo> {
  if (filter.id !== undefined) {
    const task = isRef(filter.id) ? await showTask(client, prefix, filter.id) : undefined
    if (task && matches(task, filter)) yield task
    return
  }
  const start = after === undefined ? undefined : parseCursor(after)
  const state = filter.state
  const events =
    state === undefined || state === 'done'
      ? throughIndex(client, prefix, filter, start)
      : throughQueues(client, prefix, { ...filter, state }, start)
  for await (const names of events) {
    for (const task of await showEvents(client, prefix, names)) {
      if (!matches(task, filter)) continue
      if (
        start &&
        task.receivedAt === start.at &&
        eventOf(task) === start.event &&
        task.id <= start.id
      )
        continue
      yield task
    }
  }
}

/** Where a list goes on behind a task. */
export function cursorOf(task: TaskInfo): string {
  return `${task.receivedAt}~${task.id}`
}

function parseCursor(cursor: string): Place & { readonly id: string } {
  const tilde = cursor.indexOf('~')
  const id = cursor.slice(tilde + 1)
  return { at: Number(cursor.slice(0, tilde)), id, event: eventOfJob(parseRef(id).id) }
}

async function* throughIndex(
  client: Client,
  prefix: string,
  filter: TaskFilter,
  start: Place | undefined,
): AsyncGenerator<readonly string[]> {
  const from = Math.max(filter.after ?? -Infinity, start?.at ?? -Infinity)
  const to = filter.before === undefined ? '+inf' : `(${filter.before}`
  // Going on by count is not exact while events are forgotten, so each step begins where the last one ended.
  let last: Place | undefined
  for (;;) {
    const score = last?.at ?? (from === -Infinity ? '-inf' : from)
    const rows = await page(client, prefix, score, to, last ? last.event : start?.event)
    if (rows.length === 0) return
    last = rows.at(-1)!
    yield rows.map(({ event }) => event)
  }
}

/** The next events at or behind a time, and at that time behind the event given. */
async function page(
  client: Client,
  prefix: string,
  score: number | string,
  to: string,
  behind: string | undefined,
): Promise<readonly Place[]> {
  const rows: Place[] = []
  for (let skip = 0; rows.length < STEP; skip += STEP) {
    const found = await client.zrangebyscore(
      `${prefix}:index`,
      score,
      to,
      'WITHSCORES',
      'LIMIT',
      skip,
      STEP,
    )
    for (let at = 0; at < found.length; at += 2) {
      const place = { event: found[at]!, at: Number(found[at + 1]) }
      const passed = behind !== undefined && place.at === Number(score) && place.event <= behind
      if (!passed) rows.push(place)
    }
    if (found.length < 2 * STEP) break
  }
  return rows
}

async function* throughQueues(
  client: Client,
  prefix: string,
  filter: TaskFilter & { readonly state: 'pending' | 'running' | 'dead' },
  start: Place | undefined,
): AsyncGenerator<readonly string[]> {
  const events = new Set<string>()
  for (const queue of await client.smembers(`${prefix}:queues`)) {
    const { receiver, subscription } = parseQueueName(queue)
    if ((filter.receiver ?? receiver) !== receiver) continue
    if ((filter.subscription ?? subscription) !== subscription) continue
    const base = `${prefix}:${queue}`
    const ids = [
      ...(filter.state === 'dead' ? await client.zrange(`${base}:failed`, '0', '-1') : []),
      ...(filter.state === 'pending' ? await client.zrange(`${base}:delayed`, '0', '-1') : []),
      ...(filter.state === 'pending' ? await client.lrange(`${base}:wait`, 0, -1) : []),
      // A job whose worker died is still among the active ones, and pending.
      ...(filter.state === 'dead' ? [] : await client.lrange(`${base}:active`, 0, -1)),
    ]
    for (const id of ids) events.add(eventOfJob(id))
  }
  const places: Place[] = []
  const names = [...events]
  for (let at = 0; at < names.length; at += 1000) {
    const step = names.slice(at, at + 1000)
    const scores = await client.zmscore(`${prefix}:index`, ...step)
    step.forEach((event, index) => {
      const score = scores[index]
      if (score != null) places.push({ event, at: Number(score) })
    })
  }
  const ahead = places
    .sort((a, b) => a.at - b.at || (a.event < b.event ? -1 : 1))
    .filter(({ at, event }) => !start || at > start.at || (at === start.at && event >= start.event))
  for (let at = 0; at < ahead.length; at += STEP)
    yield ahead.slice(at, at + STEP).map(({ event }) => event)
}

function eventOf(task: TaskInfo): string {
  return eventOfJob(parseRef(task.id).id)
}

function isRef(id: string): boolean {
  return /^[^/]*\/[^/:]*:e[\w.-]+$/.test(id)
}
