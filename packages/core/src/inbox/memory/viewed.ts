import { grouped } from '../../basics/maybe.ts'
import { placeByTime, scanAll } from '../engine/operate/search.ts'
import { NO_TASK, type FullRow, type Viewed } from '../engine/operate/store.ts'
import { DEAD, DONE, PENDING, RUNNING, TASKS } from '../engine/row.ts'
import { decodeDelivery, decodeEvent } from '../codec.ts'
import { topCauses } from '../engine/operate/top-causes.ts'
import { OWN_PROCESS } from './rows.ts'
import type { EventRow, StoredTask } from './event.ts'
import type { Tables } from './tables.ts'
import type { ActionRow } from '../engine/journal/store.ts'

/** Makes the methods for operators, which read through all tasks, without an index. */
export function createViewed(
  tables: Tables,
  note: (rows: readonly ActionRow[]) => unknown,
): Viewed {
  let noted = 0

  return {
    scan(want) {
      const all =
        want.of === 'tasks'
          ? Array.from(tables.tasks(), (task): Found => [task, task.owner])
          : Array.from(tables.events(), (event): Found => [undefined, event])
      // Events that `storage.content` marked need no erasure here; see `erase`.
      return scanAll(want.passing ? [] : all, want, placeAt, rowOf)
    },
    placeOf: placeByTime,
    detail(id) {
      const row = tables.task(id)
      return row && rowOf([row, row.owner], true)
    },
    stats: () =>
      [...grouped(tables.tasks(), ({ lane, state }) => `${lane} ${state}`).values()].map(
        (group) => {
          const { lane, state, at } = group[0]!
          const due =
            state === PENDING ? group.filter((row) => !row.behind && tables.isDue(row)) : []
          const first = Math.min(...due.map((row) => row.due))
          const oldest = due.length > 0 ? at.home.consumer.now() - first : null
          return { lane, state, count: group.length, oldest }
        },
      ),
    causes(lanes) {
      const failed = [...tables.tasks()].filter(
        ({ cause, state, lane }) =>
          cause !== null && state !== RUNNING && (!lanes || lanes.includes(lane)),
      )
      return topCauses(
        [...grouped(failed, ({ cause, lane }) => `${cause} ${lane}`).values()].map((group) => {
          const { cause, lane, error } = group[0]!
          const dead = group.filter(({ state }) => state === DEAD).length
          const times = group.map(({ owner }) => owner.received)
          return {
            cause: cause!,
            lane,
            error: error!,
            dead,
            retrying: group.length - dead,
            first: Math.min(...times),
            last: Math.max(...times),
          }
        }),
      )
    },
    version: () => tables.version() + noted,
    attempts(id) {
      const row = tables.task(id)
      if (!row) return []
      const all = row.past.map(({ seq: _seq, ...run }) => run)
      if (row.state < DONE || row.took === null) return all
      const { attempt, due: ended, took, error, state } = row
      const outcome = state === DONE ? 'done' : 'dead'
      return [...all, { attempt, ended, took, outcome, error, process: OWN_PROCESS }]
    },
    erase(wanted, passing, empty, notes) {
      // Marked events need no erasure in memory: an event is removed with its last task, unless that task is dead.
      const found = passing ? [] : wanted.flatMap((number) => tables.event(number) ?? [])
      const whole = found.filter(({ erased, open }) => !erased && open === 0)
      for (const owner of whole) {
        const left = empty?.({ event: owner.number, ...owner.stored() })
        if (!left) continue
        const delivery = decodeDelivery(left.head, left.body)
        owner.erase({ event: decodeEvent(left.record, delivery), delivery })
        noted++
      }
      note(notes(whole.length))
      return whole.length
    },
    // In memory, no done or dead task expires.
    prune: () => undefined,
  }
}

type Found = readonly [task: StoredTask | undefined, event: EventRow]

function placeAt([task, event]: Found): readonly [number, number] {
  return [event.received, task ? task.id : event.number * TASKS]
}

function rowOf([task, event]: Found, full: boolean): FullRow {
  const { number, home, received, erased, eventId, topic, scope, provider, key } = event
  const { record, head, body } = full ? event.stored() : NO_TEXT
  // Members are copied one by one, since a task also has members and getters that a row must not have.
  const of: Record<string, unknown> = {}
  for (const name of TASK_MEMBERS) of[name] = (task ?? NO_TASK)[name]
  return {
    ...(of as unknown as typeof NO_TASK),
    event: number,
    receiver: home.name,
    received,
    erased,
    eventId,
    topic,
    tenant: scope,
    provider,
    key,
    record,
    head,
    body,
  }
}

const TASK_MEMBERS = Object.keys(NO_TASK) as (keyof typeof NO_TASK)[]
const NO_TEXT = { record: '', head: '', body: new Uint8Array() }
