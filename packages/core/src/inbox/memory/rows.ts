import { grouped } from '../../basics/maybe.ts'
import { passes, type Fence, type Patch } from '../engine/patch.ts'
import {
  DEAD,
  DONE,
  GONE,
  PENDING,
  READY,
  RUNNING,
  type FoldRow,
  type HeadRow,
  type NewEvent,
} from '../engine/row.ts'
import { FORGOTTEN } from '../engine/rules.ts'
import { foldKey } from '../engine/run/fold.ts'
import type { Rows } from '../engine/store.ts'
import { StoredTask, type EventRow, type StoredLane } from './event.ts'
import type { Tables } from './tables.ts'

// Maximum number of past runs of a task that are kept, in addition to the first.
const KEPT = 19
const { process } = globalThis as { process?: { pid?: number } }
/** The name of this process in the history of attempts. */
export const OWN_PROCESS: string = `process ${process?.pid ?? 'of this inbox'}`

export function createRows(tables: Tables): Omit<Rows, 'note'> {
  const { lanes, lines } = tables

  return {
    insert({ events, tasks }) {
      const fresh = new Set<NewEvent>()
      for (const one of events)
        if (!isKnown(one)) {
          tables.enter(one)
          fresh.add(one)
        }
      let owner: EventRow | undefined
      let waits = true
      for (const task of tasks) {
        if (!fresh.has(task.event!)) continue
        const { number } = task.event!
        if (owner?.number !== number) {
          if (waits) owner?.waits()
          owner = tables.event(number)!
          waits = true
        }
        const state = task.token === 0 ? PENDING : RUNNING
        if (state === RUNNING) waits = false
        tables.add(new StoredTask(owner, lanes[task.lane - 1]!, task, state), true)
      }
      if (waits) owner?.waits()
      return fresh
    },
    known(events) {
      const found = new Map<NewEvent, readonly StoredTask[]>()
      for (const one of events) {
        const owner = knownOf(one)
        if (owner)
          found.set(
            one,
            [...owner.tasks()].filter((row) => holds(row, row, 'failed')),
          )
      }
      return found
    },
    guard: (wanted) =>
      new Set(
        wanted.filter(({ key, event: { receiver, event } }) => {
          const { guards, knownGuards } = tables.home(receiver)
          const holder = guards.get(key) ?? knownGuards.peek(key)
          if (holder !== undefined) return holder === event.key
          guards.set(key, event.key)
          tables.undo(() => guards.delete(key))
          return true
        }),
      ),
    unguard(taken) {
      for (const { key, event } of taken) {
        const { guards } = tables.home(event.receiver)
        guards.delete(key)
        tables.undo(() => guards.set(key, event.event.key))
      }
    },
    finish(ended) {
      const counted = new Set<number>()
      for (const { id, token } of ended) {
        const row = tables.task(id)
        if (row?.token !== token || row.state !== RUNNING) continue
        tables.drop(row)
        counted.add(id)
      }
      return counted
    },
    patch(patches, fence) {
      const counted = new Set<number>()
      // All patches use the same time, so that the due times of a replay with a `rate` keep their distances.
      const times = new Map<StoredTask['at']['home'], number>()
      for (const patch of patches) {
        const row = tables.task(patch.id)
        if (!row || row.round !== patch.round || !holds(row, patch, fence)) continue
        const { home } = row.at
        const now = times.get(home) ?? home.consumer.now()
        times.set(home, now)
        change(row, patch, fence, now)
        counted.add(patch.id)
      }
      return counted
    },
    spawn(event, children) {
      const owner = tables.event(event)
      if (!owner) return
      for (const child of children) {
        const { lane, part } = child
        if ([...owner.tasks()].some((row) => row.lane === lane && row.part === part)) continue
        tables.add(new StoredTask(owner, lanes[lane - 1]!, child, PENDING))
      }
      owner.waits()
    },
    heads: (wanted) =>
      wanted.flatMap((line) => {
        const open = [...(lines.get(line) ?? [])].filter(isOpen)
        return [...grouped(open, ({ root }) => root).values()].flatMap((group): HeadRow[] => {
          const behind = group.filter((row) => row.behind).toSorted((a, b) => a.seq - b.seq)
          return [...group.filter((row) => !row.behind), ...behind.slice(0, 1)]
        })
      }),
    queue(changes) {
      const rows = changes.map(({ id, behind }) => ({ row: tables.task(id), behind }))
      const pending = rows.filter(({ row }) => row?.state === PENDING)
      for (const { row, behind } of pending) tables.change(row!, { behind })
      return pending.length
    },
    foldable: (wanted) =>
      wanted.flatMap((line) =>
        [...(lines.get(line) ?? [])]
          .filter(({ state, fold }) => state === PENDING && fold !== null)
          .toSorted((a, b) => a.seq - b.seq)
          .map((row): FoldRow => {
            const { root, seq, owner } = row
            const known = owner.home.newest.peek(`${root} ${foldKey(row.fold!)}`)
            const now = performance.now()
            // `due` is a time of `performance.now()` here, which no change of the clock affects.
            const due = row.ripe === 0 ? now : row.ripe
            return Object.assign({}, row, {
              root,
              seq,
              held: false,
              due,
              now,
              newest: known?.task ?? null,
              highest: known?.highest ?? null,
              passing: null,
            })
          }),
      ),
    remember(all) {
      for (const one of all) {
        const { newest } = lanes[one.root - 1]!.home
        const place = `${one.root} ${one.key}`
        const before = newest.peek(place)
        newest.set(place, one)
        tables.undo(() => (before ? newest.set(place, before) : newest.delete(place)))
      }
    },
    newest: (ids) =>
      new Map(
        ids.flatMap((id) => {
          const row = tables.task(id)
          const known = row?.owner.home.newest.peek(`${row.root} ${foldKey(row.fold!)}`)
          if (!known) return []
          const newest = tables.task(known.task)
          return [[id, { id: known.task, row: newest?.owner.erased ? undefined : newest }]]
        }),
      ),
    turns: (wanted) =>
      wanted.map(({ lane: number, fair, step }) => {
        const lane = lanes[number - 1]!
        const turn = Math.max(lane.turn, lane.tenants.get(fair) ?? 0) + step
        lane.tenants.set(fair, turn)
        sweep(lane)
        return { lane: number, fair, turn, tasks: turn - lane.turn }
      }),
    later(wanted, most) {
      const found: StoredTask[] = []
      for (const number of wanted) {
        const lane = lanes[number - 1]!
        tables.ripen(lane)
        found.push(...lane.later.items)
      }
      return found.toSorted((a, b) => a.due - b.due).slice(0, most)
    },
    enter(turns) {
      for (const { id, turn } of turns) {
        const row = tables.task(id)
        if (row?.state !== PENDING) continue
        tables.change(row, { gate: READY, ...(turn !== 0 && { turn }) })
      }
    },
    lost: (own) =>
      own.flatMap(({ id, token }) => {
        const row = tables.task(id)
        if (!row) return []
        const held = row.token === token && row.state >= DONE && row.held
        const lost = Object.assign({}, row, { held })
        if (held && row.state === DONE) tables.drop(row)
        else if (held) tables.change(row, { held: false })
        return lost
      }),
  }

  function isKnown({ receiver, event: { dedupe, key } }: NewEvent): boolean {
    if (!dedupe) return false
    const { keys, known } = tables.home(receiver)
    return keys.has(key) || known.peek(key) !== undefined
  }

  /**
   * Returns the stored event with the same key, and restores its dropped dead tasks. Returns undefined if the event is
   * erased, or if neither the event nor a dropped task of it is kept.
   */
  function knownOf(one: NewEvent): EventRow | undefined {
    const { keys, known } = tables.home(one.receiver)
    const { key } = one.event
    const number = keys.get(key)
    const held = number === undefined ? undefined : tables.event(number)!
    if (held?.erased) return undefined
    const dropped = held?.dropped ?? known.peek(key) ?? []
    if (dropped.length === 0) return held
    const owner = held ?? tables.enter(one)
    if (held) {
      held.dropped = []
      tables.undo(() => void (held.dropped = dropped))
    }
    for (const { at, ...task } of dropped)
      tables.add(
        new StoredTask(owner, at, { ...task, turn: 0, token: 0, wait: 0, gate: READY }, DEAD),
      )
    return owner
  }

  function change(row: StoredTask, patch: Patch, fence: Fence, now: number): void {
    const { state, wait, open, attempted } = patch
    const ended = state >= DONE
    // If another run has claimed the task, its claim stays on the settled row until that run ends.
    const theirs = ended && row.held && row.token !== patch.token
    if (state === GONE || (state === DONE && !theirs))
      return tables.drop(row, fence === FORGOTTEN.fence && row.state === DEAD)
    const runs = row.runs - (fence === 'held' ? 1 : 0)
    const fields: Partial<StoredTask> = {
      state,
      runs,
      held: theirs,
      token: theirs || open ? row.token : ended ? patch.token : 0,
      round: row.round + (patch.anew ? 1 : 0),
    }
    if (wait !== undefined) {
      fields.due = Math.floor(now + wait)
      fields.ripe = wait === 0 || ended ? 0 : performance.now() + wait
    }
    for (const name of CHANGED)
      if (patch[name] !== undefined) (fields as Record<string, unknown>)[name] = patch[name]
    if (attempted) {
      const { ended: at = now, ...rest } = attempted
      const before = row.past.filter(({ seq }) => seq !== runs)
      const [first, ...others] = [
        ...before,
        { ...rest, ended: at, process: OWN_PROCESS, seq: runs },
      ]
      fields.past = [first!, ...others.slice(-KEPT)]
    }
    tables.change(row, fields)
  }

  function holds(row: StoredTask, patch: Pick<Patch, 'token' | 'event'>, fence: Fence): boolean {
    return passes(fence, patch, row, {
      event: () => ({ receiver: row.owner.home.name, key: row.owner.key }),
      due: () => tables.isDue(row),
      // In memory, leases do not end.
      over: () => false,
      whole: () => !row.owner.erased,
    })
  }
}

const CHANGED = [
  'gate',
  'behind',
  'attempt',
  'cut',
  'charged',
  'took',
  'error',
  'cause',
  'fold',
] as const

function isOpen({ state, held }: StoredTask): boolean {
  return state < DONE || held
}

/** Removes tenants whose last turn (in their rotation) has passed. Later, such a tenant is treated as a new one. */
function sweep(lane: StoredLane): void {
  if (lane.tenants.size <= lane.sweepAt) return
  for (const [fair, turn] of lane.tenants) if (turn <= lane.turn) lane.tenants.delete(fair)
  lane.sweepAt = Math.max(1000, lane.tenants.size * 2)
}
