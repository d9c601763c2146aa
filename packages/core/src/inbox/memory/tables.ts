import { DEAD, eventOf, LATER, PENDING, RUNNING, type NewEvent } from '../engine/row.ts'
import { createForgetful, type Forgetful, Heap } from '../forgetful.ts'
import type { Consumer } from '../inbox.ts'
import { stopwatchOf } from '../engine/run/task.ts'
import {
  EventRow,
  NO_TASKS,
  StoredTask,
  type DeadTasks,
  type Home,
  type StoredLane,
} from './event.ts'
import { DEFAULT_WINDOW, type MemorySettings } from './settings.ts'

export interface Tables {
  readonly homes: ReadonlyMap<string, Home>
  readonly lanes: readonly StoredLane[]
  event(number: number): EventRow | undefined
  events(): Iterable<EventRow>
  /** The tasks of each line; a line is the number of an ordering key. */
  readonly lines: ReadonlyMap<number, ReadonlySet<StoredTask>>
  /** Returns a number that changes with each write. */
  version(): number
  /** Stores the consumer of a receiver: the inbox's access to the receiver. */
  join(consumer: Consumer): void
  home(receiver: string): Home
  /** Returns a receiver's lane (its entry for a subscription name). Makes the lane if it is missing. */
  lane(receiver: string, name: string): StoredLane
  task(id: number): StoredTask | undefined
  tasks(): Iterable<StoredTask>
  /** Stores an event. The event is removed together with its last task. */
  enter(one: NewEvent): EventRow
  /** Adds a task. `fresh` is true if the same transaction has stored the task's event. */
  add(task: StoredTask, fresh?: boolean): void
  /** Drops a task. If `known` is true, a redelivery can run the task again. */
  drop(task: StoredTask, known?: boolean): void
  change(task: StoredTask, fields: Partial<StoredTask>): void
  /** Moves tasks that have become due to the heaps of due tasks. */
  ripen(lane: StoredLane): void
  isDue(task: StoredTask): boolean
  /** Returns milliseconds until a task is due. */
  timeTo(task: StoredTask): number
  /** Calls `run` in a transaction, or as part of the open one. If `run` throws, all its writes are undone. */
  transaction<T>(run: () => T): T
  /** Registers a function that undoes a write of the open transaction. */
  undo(how: () => void): void
}

const HOUR = 3_600_000

export function createTables(settings: MemorySettings): Tables {
  const homes = new Map<string, Home>()
  const lanes: StoredLane[] = []
  // Events are in an array, since a Map keeps old internal tables whose values stay alive.
  const held: (EventRow | undefined)[] = []
  const places = new Map<number, number>()
  const free: number[] = []
  const lines = new Map<number, Set<StoredTask>>()
  let last = 0
  let version = 0
  let depth = 0
  // The writes of the open transaction, for undoing: stored events, dropped tasks, and functions that undo other
  // writes.
  const log: (EventRow | StoredTask | (() => void))[] = []
  // `left` are events whose last task may have been dropped. `died` are receivers that may have a new dead task.
  let left: EventRow[] = []
  const died = new Set<Home>()

  return {
    homes,
    lanes,
    event,
    events,
    lines,
    version: () => version,
    join(consumer) {
      const known = homes.get(consumer.receiver)
      if (known) known.consumer = consumer
      else homes.set(consumer.receiver, createHome(consumer, settings))
    },
    home: (receiver) => homes.get(receiver)!,
    lane(receiver, name) {
      const known = lanes.find((row) => row.name === name && row.receiver === receiver)
      if (known) return known
      const made = createLane(lanes.length + 1, homes.get(receiver)!, name)
      lanes.push(made)
      return made
    },
    task(id) {
      let row = event(eventOf(id))?.first
      while (row && row.id !== id) row = row.sibling
      return row
    },
    *tasks() {
      for (const owner of events()) yield* owner.tasks()
    },
    enter(one) {
      const home = homes.get(one.receiver)!
      const owner = new EventRow((one.number = ++last), home, one)
      const place = free.pop() ?? held.length
      held[place] = owner
      places.set(owner.number, place)
      if (owner.dedupe) home.keys.set(owner.key, owner.number)
      log.push(owner)
      return owner
    },
    add(row, fresh = false) {
      link(row)
      if (!fresh) log.push(() => unlink(row))
    },
    drop,
    change(row, fields) {
      const before: Partial<Record<keyof StoredTask, unknown>> = {}
      for (const name of Object.keys(fields) as (keyof StoredTask)[]) before[name] = row[name]
      assign(row, fields)
      log.push(() => assign(row, before as Partial<StoredTask>))
      const { owner } = row
      if (row.state === PENDING && !owner.runs()) owner.waits()
    },
    ripen,
    isDue,
    timeTo: ({ due, ripe, at }) =>
      Math.max(0, Math.min(ripe - performance.now(), due - at.home.consumer.now())),
    transaction,
    undo: (how) => void log.push(how),
  }

  function event(number: number): EventRow | undefined {
    const place = places.get(number)
    return place === undefined ? undefined : held[place]
  }

  function* events(): Iterable<EventRow> {
    for (const owner of held) if (owner) yield owner
  }

  function transaction<T>(run: () => T): T {
    const from = log.length
    depth++
    try {
      return run()
    } catch (error) {
      while (log.length > from) undo(log.pop()!)
      throw error
    } finally {
      if (--depth === 0) settle()
    }
  }

  function undo(one: (typeof log)[number]): void {
    if (one instanceof StoredTask) link(one)
    else if (one instanceof EventRow) {
      while (one.first) unlink(one.first)
      forget(one)
    } else one()
  }

  /** Drops excess dead tasks and events without tasks, once the transaction's writes cannot be undone any more. */
  function settle(): void {
    for (const home of died) trim(home)
    died.clear()
    for (const owner of left) if (!owner.first && places.has(owner.number)) leave(owner)
    left = []
    log.length = 0
  }

  /**
   * Drops dead tasks beyond the limits: the oldest dead task of the tenant with the most dead tasks. A redelivery still
   * runs a dropped task again.
   */
  function trim(home: Home): void {
    const { maxDead, maxWaitingBytes } = settings
    while (home.deadTasks > 1 && home.deadBytes > maxWaitingBytes)
      dropDead(home, 'maxWaitingBytes', ({ bytes }) => bytes)
    while (home.deadTasks > maxDead) dropDead(home, 'maxDead', ({ tasks }) => tasks.size)
  }

  function dropDead(
    home: Home,
    option: 'maxDead' | 'maxWaitingBytes',
    measure: (dead: DeadTasks) => number,
  ): void {
    let most: DeadTasks | undefined
    for (const dead of home.dead.values()) if (!most || measure(dead) > measure(most)) most = dead
    const row: StoredTask = most!.tasks.values().next().value!
    drop(row, true)
    const now = home.consumer.now()
    if (now < home.warnAgain) return
    home.warnAgain = now + HOUR
    home.consumer.warn(
      `memoryInbox: dead task ${row.id} of ${row.at.name} was dropped, since ${option} is ${settings[option]}: only a redelivery can run it again; raise ${option}, or use a durable inbox`,
    )
  }

  /** Removes an event. Its id and guards are still remembered for the deduplication window. */
  function leave(owner: EventRow): void {
    const { home, key, guards } = owner
    forget(owner)
    // For an erased event, no dropped tasks are remembered, since a redelivery that runs them would bring the erased
    // contents back.
    if (owner.dedupe) home.known.set(key, owner.erased ? NO_TASKS : owner.dropped, owner.tenant)
    for (const { key: guard } of guards ?? []) {
      if (home.guards.get(guard) !== key) continue
      home.guards.delete(guard)
      home.knownGuards.set(guard, key, owner.tenant)
    }
  }

  function forget(owner: EventRow): void {
    owner.ends()
    const place = places.get(owner.number)!
    places.delete(owner.number)
    held[place] = undefined
    free.push(place)
    if (owner.dedupe) owner.home.keys.delete(owner.key)
  }

  function drop(row: StoredTask, known = false): void {
    const { owner } = row
    if (known) {
      const { at, part, data, line, fair, fold } = row
      const { dropped } = owner
      owner.dropped = [...dropped, { at, part, data, line, fair, fold }]
      log.push(() => void (owner.dropped = dropped))
    }
    unlink(row)
    log.push(row)
    if (!owner.first) left.push(owner)
  }

  function link(row: StoredTask): void {
    const { owner, line } = row
    version++
    owner.link(row)
    count(row, 1)
    if (line !== null) {
      const its = lines.get(line)
      if (its) its.add(row)
      else lines.set(line, new Set([row]))
    }
    place(row)
  }

  function unlink(row: StoredTask): void {
    const { owner, line, heap } = row
    version++
    owner.unlink(row)
    count(row, -1)
    heap?.remove(row)
    if (line === null) return
    const its = lines.get(line)!
    its.delete(row)
    if (its.size === 0) lines.delete(line)
  }

  function assign(row: StoredTask, fields: Partial<StoredTask>): void {
    version++
    const moves = fields.state !== undefined && fields.state !== row.state
    if (moves) count(row, -1)
    Object.assign(row, fields)
    if (moves) count(row, 1)
    place(row)
  }

  function count(row: StoredTask, by: 1 | -1): void {
    const { owner, state } = row
    const { home, bytes } = owner
    if (state <= RUNNING) {
      home.pending += by
      if (owner.open === (by === 1 ? 0 : 1)) home.bytes += by * bytes
      owner.open += by
    } else if (state === DEAD) {
      let dead = home.dead.get(owner.tenant)
      if (!dead) home.dead.set(owner.tenant, (dead = { tasks: new Set(), bytes: 0 }))
      home.deadTasks += by
      if (by === 1) dead.tasks.add(row)
      else dead.tasks.delete(row)
      if (owner.dead === (by === 1 ? 0 : 1)) {
        home.deadBytes += by * bytes
        dead.bytes += by * bytes
      }
      owner.dead += by
      if (dead.tasks.size === 0) home.dead.delete(owner.tenant)
      died.add(home)
    }
  }

  /** Puts a task into the right heap of its lane, if the task is pending and not behind another task. */
  function place(row: StoredTask): void {
    row.heap?.remove(row)
    if (row.state !== PENDING || row.behind) return
    const { ready, later, waits } = row.at
    if (!isDue(row)) waits.push(row)
    else if (row.gate === LATER) later.push(row)
    else ready.push(row)
  }

  function ripen(lane: StoredLane): void {
    const { waits, home } = lane
    if (waits.items.length === 0) return
    const time = performance.now()
    for (let [row] = waits.items; row && row.ripe <= time; [row] = waits.items) place(row)
    // If the receiver's clock was set ahead, waiting tasks may already be due on that clock.
    const ahead = home.consumer.now() - time
    if (ahead > lane.ahead + 1) for (const row of waits.items.slice()) place(row)
    lane.ahead = ahead
  }

  function isDue({ due, ripe, at }: StoredTask): boolean {
    return ripe === 0 || ripe <= performance.now() || due <= at.home.consumer.now()
  }
}

function createHome(consumer: Consumer, settings: MemorySettings): Home {
  const { max, windowed } = settings
  const window = windowed ? settings.dedupeWindow : Math.max(DEFAULT_WINDOW, consumer.retrySpan)
  const home: Home = {
    name: consumer.receiver,
    consumer,
    keys: new Map(),
    known: remembering('an id'),
    guards: new Map(),
    knownGuards: remembering('a guard key'),
    newest: remembering('the newest event of a key'),
    pending: 0,
    bytes: 0,
    dead: new Map(),
    deadTasks: 0,
    deadBytes: 0,
    warnAgain: 0,
  }
  return home

  function remembering<Value extends object | string>(what: string): Forgetful<Value> {
    // The clock is monotonic, so that a jump of the wall clock does not end the deduplication window early.
    return createForgetful(
      { max, dedupeWindow: window },
      () => stopwatchOf(home.consumer)(),
      (left, tenants) =>
        home.consumer.warn(
          `memoryInbox: ${what} was forgotten ${Math.round(left / 1000)} s before its dedupeWindow of ${window / 1000} s was over, since max is ${max}${tenants > 1 ? `, shared by ${tenants} tenants` : ''}: raise max, or use a durable inbox`,
        ),
    )
  }
}

function createLane(lane: number, home: Home, name: string): StoredLane {
  const byDue = (a: StoredTask, b: StoredTask): number => a.due - b.due || a.id - b.id
  return {
    lane,
    receiver: home.name,
    name,
    home,
    root: lane,
    turn: 0,
    tenants: new Map(),
    sweepAt: 1000,
    ready: new Heap((a, b) => a.turn - b.turn || byDue(a, b)),
    later: new Heap(byDue),
    waits: new Heap((a, b) => a.ripe - b.ripe || a.id - b.id),
    ahead: -Infinity,
  }
}
