import type { TaskFilter, TopicMatch } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'
import { keyOf } from '../keys/scopes.ts'
import { BLOCK } from '../keys/topics.ts'

/** Finds events by an index. Only reads. */
interface EventFinder {
  byKeys(keys: readonly string[], receiver: string | undefined): readonly number[]
  byId(id: string, receiver: string | undefined): readonly number[]
  /** The events that can match by their time. */
  range(filter: Pick<TaskFilter, 'before' | 'after'>): EventRange
  /** Events that `stored` marked and that were not erased yet, the newest first, up to and with an event. */
  passing(receiver: string | undefined, from: number, most: number): readonly number[]
  /** Up to which event topics are indexed. */
  indexedTopics(): number
  /** Numbers of topics. */
  topics(match: TopicMatch): readonly number[]
  /** Events of these topics in the newest block that has some, at or below an event. */
  block(
    topics: readonly number[],
    from: number,
    low: number,
  ): { readonly ids: readonly number[]; readonly first: number } | undefined
}

/** Events above `low`, up to and with `high`. */
export interface EventRange {
  readonly low: number
  readonly high: number
}

// Clocks of receivers, and deliveries that wait for their commit, make the order of arrival differ from that of the
// numbers by this many milliseconds at most.
const SLACK = 60_000
// With fewer events an index gains nothing.
const FEW = 10_000

/** Prepares the statements. */
export function createEventFinder(db: Database, keys: Keys): EventFinder {
  const receivers = db.prepare('SELECT id FROM postern_receivers WHERE coalesce(name = ?, 1)')
  const scopes = db.prepare('SELECT scope FROM postern_scopes WHERE receiver = ?')
  const loose = db.prepare('SELECT id FROM postern_events WHERE loose = 1 AND event_id = ?')
  const ends = db.prepare(
    'SELECT (SELECT min(id) FROM postern_events) AS low, (SELECT max(id) FROM postern_events) AS high',
  )
  const at = db.prepare('SELECT id, received FROM postern_events WHERE id >= ? ORDER BY id LIMIT 1')
  const numbers = db.prepare('SELECT topics FROM postern_numbers')
  const passing = db.prepare(
    'SELECT id FROM postern_events WHERE receiver = ? AND contents = 1 AND id <= ? ORDER BY id DESC LIMIT ?',
  )
  const topic = db.prepare('SELECT id FROM postern_topics WHERE name = ?')
  const allTopics = db.prepare('SELECT id, name FROM postern_topics')
  const lastBlock = db.prepare(
    `SELECT max(block) AS block FROM postern_topic_events WHERE block <= ? AND block >= ?
     AND topic IN (SELECT value FROM json_each(?))`,
  )
  const inBlock = db.prepare(
    `SELECT events FROM postern_topic_events WHERE block = ?
     AND topic IN (SELECT value FROM json_each(?))`,
  )

  return {
    byKeys: (wanted, name) =>
      keys.lookUp(receiversOf(name).flatMap((id) => wanted.map((key) => [id, key] as const))),
    byId(id, name) {
      const pairs = receiversOf(name).flatMap((receiver) => [
        [receiver, keyOf(undefined, id)] as const,
        ...scopesOf(receiver).map((scope) => [receiver, keyOf(scope, id)] as const),
      ])
      const rows = loose.all(id) as { id: number }[]
      return [...keys.lookUp(pairs), ...rows.map((row) => row.id)]
    },
    range({ before, after }) {
      const found = ends.get() as { low: number | null; high: number | null }
      const low = (found.low ?? 1) - 1
      const high = found.high ?? 0
      if (high - low < FEW) return { low, high }
      return {
        low: after === undefined ? low : firstAfter(low, high, after - SLACK),
        high: before === undefined ? high : firstAfter(low, high, before + SLACK),
      }
    },
    passing: (name, from, most) =>
      receiversOf(name)
        .flatMap((id) => passing.all(id, from, most) as { id: number }[])
        .map(({ id }) => id)
        .sort((a, b) => b - a)
        .slice(0, most),
    indexedTopics: () => (numbers.get() as { topics: number }).topics,
    topics({ exact, source }) {
      if (exact !== undefined) return (topic.all(exact) as { id: number }[]).map(({ id }) => id)
      const matcher = new RegExp(source, 's')
      const rows = allTopics.all() as readonly { id: number; name: string }[]
      return rows.filter(({ name }) => matcher.test(name)).map(({ id }) => id)
    },
    block(topics, from, low) {
      const wanted = JSON.stringify(topics)
      const { block } = lastBlock.get(
        Math.floor(from / BLOCK),
        Math.floor(low / BLOCK),
        wanted,
      ) as { block: number | null }
      if (block === null) return undefined
      const first = block * BLOCK
      const ids: number[] = []
      for (const { events } of inBlock.all(block, wanted) as readonly BlockRow[]) {
        const { buffer, byteOffset, byteLength } = events
        const offsets = new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength))
        for (const offset of offsets)
          if (first + offset <= from && first + offset > low) ids.push(first + offset)
      }
      return { ids, first }
    },
  }

  function receiversOf(name: string | undefined): readonly number[] {
    return (receivers.all(name ?? null) as { id: number }[]).map(({ id }) => id)
  }

  function scopesOf(receiver: number): readonly string[] {
    return (scopes.all(receiver) as { scope: string }[]).map(({ scope }) => scope)
  }

  /** The last event before the first one that was received at or after a time, by bisecting. */
  function firstAfter(low: number, high: number, time: number): number {
    let from = low
    let to = high
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2)
      const row = at.get(middle) as { id: number; received: number } | undefined
      if (row && row.received < time) from = middle
      else to = middle
    }
    return time > 0 && to === high ? high : from
  }
}

interface BlockRow {
  readonly events: Uint8Array
}
