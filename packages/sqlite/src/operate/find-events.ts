import { identityKey, type TaskFilter } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'

/** Finds events by an index. Only reads. */
interface EventFinder {
  byKeys(keys: readonly string[], receiver: string | undefined): readonly number[]
  byId(id: string, receiver: string | undefined): readonly number[]
  /** The events that can match by their time. */
  range(filter: Pick<TaskFilter, 'before' | 'after'>): EventRange
  /** Events that `stored` marked and that were not erased yet, the newest first, up to and with an event. */
  passing(receiver: string | undefined, from: number, most: number): readonly number[]
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
  const passing = db.prepare(
    'SELECT id FROM postern_events WHERE receiver = ? AND contents = 1 AND id <= ? ORDER BY id DESC LIMIT ?',
  )

  return {
    byKeys: (wanted, name) =>
      keys.lookUp(receiversOf(name).flatMap((id) => wanted.map((key) => [id, key] as const))),
    byId(id, name) {
      const pairs = receiversOf(name).flatMap((receiver) => [
        [receiver, identityKey(undefined, ':', id)] as const,
        ...scopesOf(receiver).map((scope) => [receiver, identityKey(scope, ':', id)] as const),
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
