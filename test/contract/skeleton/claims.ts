import {
  AGAIN,
  PENDING,
  READY,
  RUNNING,
  SUSPECT,
  eventOf,
  type ClaimRow,
  type Store,
} from '@postern/core/engine'
import { isDue, isOpen } from './rows.ts'
import type { StoredTask, Tables } from './tables.ts'
import { now } from './clock.ts'

/** Maximum number of claims that `ended` returns. */
const MOST = 500

type Claims = Pick<
  Store,
  'claim' | 'renew' | 'ended' | 'waiting' | 'stuck' | 'load' | 'rest' | 'pending'
>

/** Claims tasks and finds those whose lease is over. `lease` is in milliseconds. */
export function createClaims({ tasks, events, lanes }: Tables, lease: number): Claims {
  return {
    claim(wishes, most, suspect, token) {
      const found: StoredTask[] = []
      let asked = suspect
      for (const { lane, room, now } of wishes) {
        const due = tasks.rows().filter((row) => row.lane === lane && isDue(row))
        const some = (gate: number, count: number): readonly StoredTask[] =>
          due
            .filter((row) => row.gate === gate)
            .sort((a, b) => a.turn - b.turn || a.due - b.due || a.id - b.id)
            .slice(0, Math.max(0, count))
        const left = Math.min(room, most - found.length)
        const alone = some(SUSPECT, asked ? Math.min(left, now, 1) : 0)
        if (alone.length > 0) asked = false
        const again = some(AGAIN, Math.min(left, now) - alone.length)
        const ready = some(READY, left - alone.length - again.length)
        found.push(...alone, ...again, ...ready)
      }
      return found.map((row) => {
        const next = { ...row, state: RUNNING, token, attempt: row.attempt + 1 } as const
        tasks.set(row.id, { ...next, runs: row.runs + 1, lease: now() + lease })
        const lane = lanes.get(row.lane)!
        if (row.turn > lane.turn) lanes.set(row.lane, { ...lane, turn: row.turn })
        return claimOf({ ...row, ...next })
      })
    },
    renew(held) {
      const own = held.flatMap(({ id, token }) => {
        const row = tasks.get(id)
        return row?.token === token && row.lease !== null ? row : []
      })
      for (const row of own) tasks.set(row.id, { ...row, lease: now() + lease })
      return new Set(own.flatMap(({ id, state }) => (state === RUNNING ? id : [])))
    },
    ended: (all, held) =>
      tasks
        .rows()
        .filter(({ id, lane, lease: end }) => {
          if (end === null || end > now() || held.includes(id)) return false
          return all.includes(lane) || end <= now() - lease
        })
        .slice(0, MOST),
    waiting: (all) =>
      all.flatMap((lane) => {
        const due = tasks.rows().filter((row) => row.lane === lane && isDue(row))
        const suspect = due.some(({ gate }) => gate === SUSPECT)
        return suspect || due.some(({ gate }) => gate === AGAIN) ? { lane, suspect } : []
      }),
    stuck(all) {
      const open = tasks.rows().filter((row) => row.line !== null && isOpen(row))
      const lines = Map.groupBy(open, ({ line, root }) => `${line} ${root}`)
      return [...lines.values()].flatMap((group) => {
        const first = group.filter(({ behind }) => !behind)
        const wrong =
          first.length === 0 || (first.length > 1 && first.some(({ state }) => state === PENDING))
        return wrong && group.some(({ lane }) => all.includes(lane)) ? group[0]!.line! : []
      })
    },
    load: (ids) => ids.flatMap((id) => tasks.get(id) ?? []).map(claimOf),
    rest(all) {
      const its = tasks.rows().filter(({ lane }) => all.includes(lane))
      const ends = its.flatMap((row) => {
        if (row.state === RUNNING) return row.lease ?? []
        return row.state === PENDING && !row.behind && !isDue(row) ? row.due : []
      })
      const next = Math.max(0, Math.min(...ends) - now())
      return { left: its.filter(isDue).length, next: ends.length === 0 ? undefined : next }
    },
    pending: (receiver) =>
      tasks.rows().filter(({ lane, state }) => {
        return state <= RUNNING && lanes.get(lane)!.receiver === receiver
      }).length,
  }

  function claimOf(row: StoredTask): ClaimRow {
    const event = events.get(eventOf(row.id))
    return {
      ...row,
      failed: row.error !== null,
      record: event?.record ?? null,
      head: event?.head ?? '',
      body: event?.body ?? new Uint8Array(),
    }
  }
}
