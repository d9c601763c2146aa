import {
  DONE,
  GONE,
  LATER,
  PENDING,
  READY,
  RUNNING,
  TASKS,
  eventOf,
  foldKey,
  type HeadRow,
  type NewEvent,
  type NewTask,
  type Rows,
} from '@postern/core/engine'
import { holds, patched } from './fences.ts'
import { noteRows } from './journaled.ts'
import type { StoredTask, Tables } from './tables.ts'
import { now } from './clock.ts'

/** Number of runs that a task keeps, in addition to the first run. */
const KEPT = 19

/** Creates the write operations of a transaction. `lease` is in milliseconds. */
export function createRows(tables: Tables, lease: number): Rows {
  const { events, keys, guards, tasks, lanes, tenants, attempts, newest } = tables

  return {
    insert(batch) {
      const fresh = new Set<NewEvent>()
      for (const one of batch.events) if (add(one)) fresh.add(one)
      for (const one of batch.tasks)
        if (fresh.has(one.event!)) addTask(one, one.event!.number * TASKS + one.n)
      return fresh
    },
    known(wanted) {
      const found = new Map<NewEvent, readonly StoredTask[]>()
      for (const event of wanted) {
        const number = keys.get(keyOf(event))
        if (number === undefined || events.get(number)!.contents === 'erased') continue
        const its = tasksOf(number)
        found.set(
          event,
          its.filter((row) => holds(tables, row, row, 'failed')),
        )
      }
      return found
    },
    guard: (wanted) =>
      new Set(
        wanted.filter(({ key, event }) => {
          const name = guardOf(event, key)
          if (!guards.get(name)) guards.set(name, { event: event.event.key, taken: now() })
          return guards.get(name)!.event === event.event.key
        }),
      ),
    unguard(taken) {
      for (const { key, event } of taken) guards.delete(guardOf(event, key))
    },
    finish(ended) {
      const counted = ended.filter(({ id, token, took }) => {
        const row = tasks.get(id)
        if (!row || row.token !== token || row.state !== RUNNING) return false
        tasks.set(id, { ...row, state: DONE, due: now(), lease: null, took })
        return true
      })
      return new Set(counted.map(({ id }) => id))
    },
    patch(patches, fence) {
      const counted = patches.filter((patch) => {
        const row = tasks.get(patch.id)
        if (!row || row.round !== patch.round || !holds(tables, row, patch, fence)) return false
        if (patch.state === GONE) {
          tasks.delete(row.id)
          attempts.delete(row.id)
          return true
        }
        const next = patched(row, patch, fence)
        tasks.set(row.id, next)
        if (patch.attempted) {
          const { ended = now(), ...rest } = patch.attempted
          const all = (attempts.get(row.id) ?? []).filter(({ seq }) => seq !== next.runs)
          const process = String(Math.floor(patch.token / 2 ** 32))
          const [first, ...others] = [...all, { ...rest, ended, process, seq: next.runs }]
          attempts.set(row.id, [first!, ...others.slice(-KEPT)])
        }
        return true
      })
      return new Set(counted.map(({ id }) => id))
    },
    spawn(event, children) {
      const its = tasksOf(event)
      let id = Math.max(event * TASKS - 1, ...its.map((row) => row.id))
      for (const child of children)
        if (!its.some(({ lane, part }) => lane === child.lane && part === child.part))
          addTask(child, ++id)
    },
    heads: (lines) =>
      lines.flatMap((line) => {
        const open = tasks.rows().filter((row) => row.line === line && isOpen(row))
        const groups = Map.groupBy(open, ({ root }) => root)
        return [...groups.values()].flatMap((group) => {
          const behind = group.filter((row) => row.behind).sort((a, b) => a.id - b.id)
          return [...group.filter((row) => !row.behind), ...behind.slice(0, 1)].map(headOf)
        })
      }),
    queue(changes) {
      const pending = changes.filter(({ id }) => tasks.get(id)?.state === PENDING)
      for (const { id, behind } of pending) tasks.set(id, { ...tasks.get(id)!, behind })
      return pending.length
    },
    foldable: (lines) =>
      tasks
        .rows()
        .filter(
          ({ line, state, fold }) => fold !== null && state === PENDING && lines.includes(line!),
        )
        .sort((a, b) => a.id - b.id)
        .map((row) => {
          const known = newest.get(`${row.root} ${foldKey(row.fold!)}`)
          const event = events.get(eventOf(row.id))
          return {
            ...headOf(row),
            now: now(),
            newest: known?.task ?? null,
            highest: known?.highest ?? null,
            passing: event?.contents === 'passing' ? event.key : null,
          }
        }),
    remember(all) {
      for (const one of all) newest.set(`${one.root} ${one.key}`, { ...one, at: now() })
    },
    newest: (ids) =>
      new Map(
        ids.flatMap((id) => {
          const { fold, lane } = tasks.get(id)!
          const known = newest.get(`${lanes.get(lane)!.root} ${foldKey(fold!)}`)
          if (!known) return []
          const row = tasks.get(known.task)
          const erased = events.get(eventOf(known.task))?.contents === 'erased'
          return [[id, { id: known.task, row: erased ? undefined : row }]]
        }),
      ),
    turns: (wanted) =>
      wanted.map(({ lane, fair, step }) => {
        const now = lanes.get(lane)!.turn
        const key = `${lane} ${fair}`
        const turn = Math.max(now, tenants.get(key) ?? 0) + step
        tenants.set(key, turn)
        return { lane, fair, turn, tasks: turn - now }
      }),
    later: (wanted, most) =>
      tasks
        .rows()
        .filter((row) => wanted.includes(row.lane) && isDue(row) && row.gate === LATER)
        .sort((a, b) => a.due - b.due)
        .slice(0, most),
    enter(turns) {
      for (const { id, turn } of turns) {
        const row = tasks.get(id)
        if (row?.state === PENDING)
          tasks.set(id, { ...row, gate: READY, turn: turn === 0 ? row.turn : turn })
      }
    },
    note: (rows) => noteRows(tables, rows),
    lost: (own) =>
      own.flatMap(({ id, token }) => {
        const row = tasks.get(id)
        if (!row) return []
        const held = row.token === token && row.state >= DONE && row.lease !== null
        if (held) tasks.set(id, { ...row, lease: null })
        return { ...row, held }
      }),
  }

  function add(one: NewEvent): boolean {
    const { receiver, record, delivery, event } = one
    const { key, dedupe, id = null, topic, tenant = null, provider, passing } = event
    if (dedupe && keys.get(keyOf(one)) !== undefined) return false
    one.number = tables.next()
    keys.set(keyOf(one), one.number)
    const { head, body, received } = delivery
    const contents = passing ? 'passing' : 'kept'
    const row = { receiver, key, id, topic, tenant, provider, received, contents } as const
    events.set(one.number, { event: one.number, record, head, body, ...row })
    return true
  }

  function addTask(task: NewTask, id: number): void {
    const { lane, part, data, line, fair, turn, token, fold, wait, gate } = task
    const claimed = token !== 0
    const runs = claimed ? 1 : 0
    tasks.set(id, {
      id,
      lane,
      part,
      data,
      line,
      fair,
      turn,
      token,
      runs,
      state: claimed ? RUNNING : PENDING,
      lease: claimed ? now() + lease : null,
      root: lanes.get(lane)!.root,
      behind: line !== null,
      due: now() + wait,
      gate,
      attempt: runs,
      round: 0,
      cut: 0,
      charged: 0,
      took: null,
      error: null,
      cause: null,
      fold,
    })
  }

  function tasksOf(event: number): readonly StoredTask[] {
    return tasks.rows().filter(({ id }) => eventOf(id) === event)
  }
}

/** Returns true for a pending or running task, or an ended task that a run still holds. */
export function isOpen({ state, lease }: StoredTask): boolean {
  return state < DONE || lease !== null
}

/** Returns true if a task only waits for a claim. */
export function isDue({ state, behind, due }: StoredTask): boolean {
  return state === PENDING && !behind && due <= now()
}

function headOf(row: StoredTask): HeadRow {
  return { ...row, seq: row.id, held: row.state >= DONE && row.lease !== null }
}

function keyOf({ receiver, event }: NewEvent): string {
  return `${receiver}\n${event.key}`
}

function guardOf({ receiver }: NewEvent, key: string): string {
  return `${receiver}\n${key}`
}
