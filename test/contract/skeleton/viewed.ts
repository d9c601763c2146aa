import {
  DEAD,
  DONE,
  eventOf,
  placeByTime,
  scanAll,
  type FullRow,
  type Viewed,
  topCauses,
} from '@postern/core/engine'
import { isDue } from './rows.ts'
import { noteRows } from './journaled.ts'
import type { EventRow, StoredTask, Tables } from './tables.ts'
import { now } from './clock.ts'

export function createViewed(tables: Tables): Viewed {
  const { tasks, events, keys, guards, newest, attempts } = tables
  return {
    scan(want) {
      const rows = want.of === 'tasks' ? tasks.rows().map(ofTask) : events.rows().map(ofEvent)
      const wanted = rows.filter((row) => !want.passing || row.passing)
      return scanAll(wanted, want, placeByTime, (row) => row)
    },
    placeOf: placeByTime,
    detail(id) {
      const row = tasks.get(id)
      return row && ofTask(row)
    },
    stats() {
      const groups = Map.groupBy(tasks.rows(), ({ lane, state }) => `${lane} ${state}`)
      return [...groups.values()].map((group) => {
        const due = group.filter(isDue).map((row) => now() - row.due)
        const { lane, state } = group[0]!
        return {
          lane,
          state,
          count: group.length,
          oldest: due.length > 0 ? Math.max(...due) : null,
        }
      })
    },
    causes(lanes) {
      const failed = tasks
        .rows()
        .filter((row) => row.cause !== null && (!lanes || lanes.includes(row.lane)))
      const groups = Map.groupBy(failed, ({ cause, lane }) => `${cause} ${lane}`)
      return topCauses(
        [...groups.values()].map((group) => {
          const { cause, lane, error } = group[0]!
          const dead = group.filter(({ state }) => state === DEAD).length
          const times = group.map((row) => ofTask(row).received)
          const [first, last] = [Math.min(...times), Math.max(...times)]
          const retrying = group.length - dead
          return { cause: cause!, lane, error: error!, dead, retrying, first, last }
        }),
      )
    },
    version: () => tables.version(),
    attempts(task) {
      const row = tasks.get(task)
      const all = (attempts.get(task) ?? []).map(({ seq: _seq, ...run }) => run)
      if (!row || row.state < DONE || row.took === null) return all
      const { attempt, due: ended, took, error, token, state } = row
      const process = String(Math.floor(token / 2 ** 32))
      const outcome = state === DONE ? 'done' : 'dead'
      return [...all, { attempt, ended, took, outcome, error, process }]
    },
    erase: (wanted, passing, empty, noted) =>
      tables.transaction(() => {
        let count = 0
        for (const number of wanted) {
          const event = events.get(number)
          if (!event || event.contents === 'erased') continue
          if (passing && event.contents !== 'passing') continue
          const open = ({ state }: StoredTask): boolean =>
            state < DONE || (passing && state === DEAD)
          if (tasksOf(number).some(open)) continue
          const left = empty ? empty(event) : event
          if (!left) continue
          count++
          if (empty) events.set(number, { ...event, ...left, contents: 'erased' })
        }
        noteRows(tables, noted(count))
        return count
      }),
    prune: (before) =>
      tables.transaction(() => {
        for (const { id, state, due, lease } of tasks.rows()) {
          const over =
            (state === DONE && due < before.done) || (state === DEAD && due < before.dead)
          if (!over || lease !== null) continue
          tasks.delete(id)
          attempts.delete(id)
        }
        for (const { event, receiver, key, received } of events.rows()) {
          if (received >= before.known || tasksOf(event).length > 0) continue
          events.delete(event)
          keys.delete(`${receiver}\n${key}`)
          for (const [name, guard] of guards.all())
            if (
              guard.event === key &&
              name.startsWith(`${receiver}\n`) &&
              guard.taken < before.guards
            )
              guards.delete(name)
        }
        for (const [place, { task, at }] of newest.all())
          if (at < before.known && !tasks.get(task)) newest.delete(place)
        return undefined
      }),
  }

  function tasksOf(event: number): readonly StoredTask[] {
    return tasks.rows().filter(({ id }) => eventOf(id) === event)
  }

  function ofTask(row: StoredTask): ShownRow {
    return { ...row, ...factsOf(events.get(eventOf(row.id))!) }
  }

  function ofEvent(event: EventRow): ShownRow {
    const none = { lane: 0, state: DONE, gate: 0, behind: false, attempt: 0, token: 0 } as const
    const more = { round: 0, cut: 0, charged: 0, due: 0, runs: 0, part: '', data: null } as const
    const nothing = { line: null, fair: null, took: null, error: null, cause: null, fold: null }
    return { ...none, ...more, ...nothing, id: 0, ...factsOf(event) }
  }
}

interface ShownRow extends FullRow {
  readonly passing: boolean
}

function factsOf({ id, contents, ...event }: EventRow) {
  return { ...event, eventId: id, erased: contents === 'erased', passing: contents === 'passing' }
}
