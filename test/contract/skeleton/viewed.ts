import {
  DEAD,
  DONE,
  TASKS,
  eventOf,
  type FullRow,
  type InfoRow,
  type Place,
  type Scan,
  type Viewed,
  topCauses,
} from '@postern/core/engine'
import { isDue } from './rows.ts'
import { noteRows } from './journaled.ts'
import type { EventRow, StoredTask, Tables } from './tables.ts'
import { now } from './clock.ts'

const STATES = ['pending', 'running', 'done', 'dead']

export function createViewed(tables: Tables): Viewed {
  const { tasks, events, keys, guards, newest, attempts } = tables
  return {
    scan(want) {
      const { after, width, limit, oldest } = want
      const comesBehind = (a: Place, b: Place): boolean =>
        oldest ? isBehind(b, a) : isBehind(a, b)
      const rows = want.of === 'tasks' ? tasks.rows().map(ofTask) : events.rows().map(ofEvent)
      const behind = rows
        .filter((row) => !after || comesBehind(placeOf(row), after))
        .sort((a, b) => (comesBehind(placeOf(a), placeOf(b)) ? 1 : -1))
      const looked = behind.slice(0, width)
      const found = looked.filter((row) => fits(row, want))
      const last = found.length > limit ? found[limit - 1]! : looked.at(-1)
      const more = found.length > limit || behind.length > width
      return {
        rows: found.slice(0, limit),
        to: more && last ? placeOf(last) : undefined,
        searchedTo: last?.received,
      }
    },
    placeOf,
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

  function ofTask(row: StoredTask): FullRow {
    return { ...row, ...factsOf(events.get(eventOf(row.id))!) }
  }

  function ofEvent(event: EventRow): FullRow {
    const none = { lane: 0, state: DONE, gate: 0, behind: false, attempt: 0, token: 0 } as const
    const more = { round: 0, cut: 0, charged: 0, due: 0, runs: 0, part: '', data: null } as const
    const nothing = { line: null, fair: null, took: null, error: null, cause: null, fold: null }
    return { ...none, ...more, ...nothing, id: 0, ...factsOf(event) }
  }
}

function factsOf({ id, contents, ...event }: EventRow) {
  return { ...event, eventId: id, erased: contents === 'erased', passing: contents === 'passing' }
}

function placeOf({ id, event, received }: InfoRow): Place {
  return [received, id === 0 ? event * TASKS : id]
}

function isBehind(a: Place, b: Place): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])
}

function fits(row: InfoRow & { readonly passing?: boolean }, want: Scan): boolean {
  const { part, provider, state, eventId, keys, id, cause, before, after } = want.filter
  const { topic, lanes, receiver, of } = want
  return (
    (receiver === undefined || row.receiver === receiver) &&
    (of === 'events' || lanes === undefined || lanes.includes(row.lane)) &&
    (topic === undefined || new RegExp(topic.source, 's').test(row.topic)) &&
    (!want.passing || row.passing === true) &&
    (part === undefined || row.part === part) &&
    (provider === undefined || row.provider === provider) &&
    (state === undefined || of === 'events' || STATES[row.state] === state) &&
    (eventId === undefined || row.eventId === eventId) &&
    (keys === undefined || keys.includes(row.key)) &&
    (id === undefined || String(row.id) === id) &&
    (cause === undefined || (row.cause === cause && row.state !== DONE)) &&
    (before === undefined || row.received < before) &&
    (after === undefined || row.received > after)
  )
}
