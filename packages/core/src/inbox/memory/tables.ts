import { waitingRoom, weigh } from '../../basics/room.ts'
import type { EventRecord, Guard, StoredDelivery } from '../../event.ts'
import {
  decodeDelivery,
  decodeOutline,
  encodeDelivery,
  encodeEvent,
  encodeOutline,
  isPlain,
  withPayload,
} from '../codec.ts'
import type { AttemptRow } from '../engine/operate/store.ts'
import {
  DEAD,
  eventOf,
  LATER,
  PENDING,
  READY,
  RUNNING,
  TASKS,
  type Gate,
  type LaneRow,
  type NewEvent,
  type NewTask,
  type State,
  type TaskRow,
} from '../engine/row.ts'
import { createForgetful, type Forgetful } from '../forgetful.ts'
import type { Consumer } from '../inbox.ts'
import { stopwatchOf } from '../tasks/stopwatch.ts'
import { Heap, type Heaped } from './heap.ts'
import { DEFAULT_WINDOW, type MemorySettings } from './settings.ts'

/** What is kept of one receiver. */
export interface Home {
  readonly name: string
  /** The one that came last by this name. */
  consumer: Consumer
  /** Numbers of the events that are held. */
  readonly keys: Map<string, number>
  /** Events that are held no longer, with their dead tasks. */
  readonly known: Forgetful<readonly DeadTask[]>
  /** Keys of the events that hold guards. */
  readonly guards: Map<string, string>
  readonly knownGuards: Forgetful<string>
  /** Tasks pending or running, and the bytes of their bodies. */
  pending: number
  bytes: number
  /** Dead tasks that are kept, the oldest death first, and the bytes of their bodies. */
  readonly dead: Set<StoredTask>
  deadBytes: number
  /** How far the receiver's clock was ahead of the process's when its waiting tasks were last looked at. */
  ahead: number
  /** When a dropped dead task is warned of again. */
  warnAgain: number
}

/** What is left of a dead task that is not kept. */
export type DeadTask = Pick<StoredTask, 'at' | 'part' | 'data' | 'line' | 'fair'>

/** A subscription, and its pending tasks of which none is behind another of its line. */
export interface StoredLane extends LaneRow {
  readonly home: Home
  root: number
  turn: number
  /** The last turn of each tenant; those that the lane is past are swept once there are `sweepAt` of them. */
  readonly tenants: Map<string, number>
  sweepAt: number
  readonly ready: Heap<StoredTask>
  /** Those that are due and wait for a turn. */
  readonly later: Heap<StoredTask>
  /** Those that are not due. */
  readonly waits: Heap<StoredTask>
}

/** An event and its delivery. */
interface Contents {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/** The same as durable inboxes store them. */
export interface Text {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

const HEAVY = 128 * 1024
// More pending tasks than this are a backlog.
const BACKLOG = 500

/**
 * An event with tasks that are open, or dead and kept. A class, and its tasks a chain: if many objects or arrays of one
 * literal live long, V8 allocates all later ones of it in old space, with the objects they lead to.
 */
export class EventRow {
  readonly number: number
  readonly home: Home
  readonly key: string
  readonly dedupe: boolean
  readonly eventId: string | null
  readonly topic: string
  readonly scope: string | null
  readonly provider: string
  readonly guards: readonly Guard[] | undefined
  /** In milliseconds since 1970. */
  readonly received: number
  /** Its share of the delivery's body, or what its payload takes if that cannot be read from the body again. */
  readonly bytes: number
  /** Bytes of memory that its payload takes once it is decoded. */
  readonly weight: number
  erased = false
  /** Tasks pending or running; dead ones; places of tasks that were given. */
  open = 0
  dead = 0
  places = 0
  first: StoredTask | undefined = undefined
  /** Its dead tasks that are kept no longer. */
  dropped: readonly DeadTask[] = NO_TASKS
  #event: EventRecord | undefined
  #delivery: StoredDelivery | undefined
  #text: Text | undefined = undefined
  #waits = false

  constructor(number: number, home: Home, { event, delivery }: NewEvent) {
    const { body } = delivery
    const bytes = body.byteLength / delivery.events
    this.number = number
    this.home = home
    this.key = event.key
    this.dedupe = event.dedupe
    this.eventId = event.id ?? null
    this.topic = event.topic
    this.scope = event.scope ?? null
    this.provider = event.provider
    this.guards = event.guards
    this.received = delivery.received
    this.weight = weigh(body) / delivery.events
    this.bytes = event.source === undefined ? Math.max(bytes, this.weight) : bytes
    this.#event = event
    this.#delivery = delivery.whole
  }

  *tasks(): Iterable<StoredTask> {
    for (let task = this.first; task; task = task.sibling) yield task
  }

  /** True if a task of it runs. */
  runs(): boolean {
    for (let task = this.first; task; task = task.sibling) if (task.state === RUNNING) return true
    return false
  }

  link(task: StoredTask): void {
    let last = this.first
    if (!last) return void (this.first = task)
    while (last.sibling) last = last.sibling
    last.sibling = task
  }

  unlink(task: StoredTask): void {
    const { sibling } = task
    task.sibling = undefined
    if (this.first === task) return void (this.first = sibling)
    let before = this.first!
    while (before.sibling !== task) before = before.sibling!
    before.sibling = sibling
  }

  /** As it came. It is kept as that from now on: its tasks run. */
  contents(): Contents {
    this.ends()
    if (this.#event && this.#delivery) return { event: this.#event, delivery: this.#delivery }
    const { record, head, body } = this.#text!
    const delivery = (this.#delivery = decodeDelivery(head, body))
    const event = (this.#event = withPayload(decodeOutline(record), body))
    this.#text = undefined
    return { event, delivery }
  }

  /** As durable inboxes store it. */
  text(): Text {
    if (this.#text) return this.#text
    const delivery = this.#delivery!
    return { record: encodeEvent(this.#event!, delivery), ...encodeDelivery(delivery) }
  }

  /** Replaces its contents by what is left of them. None of its tasks is open. */
  erase({ event, delivery }: Contents): void {
    this.#event = event
    this.#delivery = delivery
    this.#text = undefined
    this.erased = true
  }

  /** Its tasks wait: beyond a bound it is kept as text, if that can be read again. */
  waits(): void {
    if (this.weight > HEAVY ? !this.#takesRoom() : this.home.pending > BACKLOG) this.#fold()
  }

  /** A task of it runs, or it is held no longer: gives the room back in which it waited. */
  ends(): void {
    if (!this.#waits) return
    this.#waits = false
    waitingRoom.give(this.weight)
  }

  #takesRoom(): boolean {
    if (this.#waits) return true
    if (waitingRoom.count(this.weight) === 0) return false
    waitingRoom.take(this.weight)
    return (this.#waits = true)
  }

  /** Strings in place of all objects: each full collection looks at what waits, and a payload alone is some hundred. */
  #fold(): void {
    this.ends()
    const event = this.#event
    const delivery = this.#delivery
    if (event?.source === undefined || !delivery || !isPlain(delivery)) return
    this.#text = { record: encodeOutline(event), ...encodeDelivery(delivery) }
    this.#event = undefined
    this.#delivery = undefined
  }
}

/** A task. */
export class StoredTask implements TaskRow, Heaped<StoredTask> {
  readonly id: number
  readonly owner: EventRow
  readonly at: StoredLane
  readonly lane: number
  readonly part: string
  readonly data: string | null
  readonly line: number | null
  readonly fair: string | null
  turn: number
  token: number
  state: State
  gate: Gate = READY
  behind: boolean
  attempt: number
  round = 0
  cut = 0
  charged = 0
  due: number
  /** When it is due on the clock of the process, which nobody sets; 0 is at once. */
  ripe = 0
  took: number | null = null
  error: string | null = null
  cause: string | null = null
  /** A run has it. */
  held: boolean
  runs: number
  past: readonly PastRun[] = NO_RUNS
  /** The next task of its owner. */
  sibling: StoredTask | undefined = undefined
  heap: Heap<StoredTask> | undefined = undefined
  spot = 0

  constructor(
    owner: EventRow,
    at: StoredLane,
    { part, data, line, fair, turn, token }: Omit<NewTask, 'event' | 'n' | 'lane'>,
    state: State,
  ) {
    this.id = owner.number * TASKS + owner.places++
    this.owner = owner
    this.at = at
    this.lane = at.lane
    this.part = part
    this.data = data
    this.line = line
    this.fair = fair
    this.turn = turn
    this.token = token
    this.state = state
    this.held = state === RUNNING
    this.attempt = this.runs = state === RUNNING ? 1 : 0
    this.behind = line !== null && state !== DEAD
    this.due = owner.received
  }

  get root(): number {
    return this.at.root
  }

  /** Its place in its line: the order of arrival. */
  get seq(): number {
    return this.id
  }
}

/** A run of a task, and which of its runs it was. */
export interface PastRun extends AttemptRow {
  readonly seq: number
}

const NO_TASKS: readonly DeadTask[] = []
const NO_RUNS: readonly PastRun[] = []

/** All that the store keeps. */
export interface Tables {
  readonly homes: ReadonlyMap<string, Home>
  readonly lanes: readonly StoredLane[]
  readonly events: ReadonlyMap<number, EventRow>
  /** Tasks of each line. */
  readonly lines: ReadonlyMap<number, ReadonlySet<StoredTask>>
  /** Changes with each write. */
  version(): number
  /** A receiver came by this name. */
  join(consumer: Consumer): void
  home(receiver: string): Home
  /** The lane of a receiver by name; makes it if it is missing. */
  lane(receiver: string, name: string): StoredLane
  task(id: number): StoredTask | undefined
  /** All tasks, in the order of their events. */
  tasks(): Iterable<StoredTask>
  /** Holds an event and its first tasks. It is let go with the last one. */
  enter(one: NewEvent): EventRow
  /** Adds a task; `fresh` if its event is of the same transaction. */
  add(task: StoredTask, fresh?: boolean): void
  /** Drops a task; with `known` a redelivery runs it all the same. */
  drop(task: StoredTask, known?: boolean): void
  change(task: StoredTask, fields: Partial<StoredTask>): void
  /** Moves what is due by now to where it is claimed from. */
  ripen(lane: StoredLane): void
  /** True if the time has come for which a task waits, or waited. */
  isDue(task: StoredTask): boolean
  /** Milliseconds until that time. */
  timeTo(task: StoredTask): number
  /** Runs in one transaction, or as a part of the open one: if it throws, all that it wrote is undone. */
  transaction<T>(run: () => T): T
  /** Undoes a write of the open transaction. */
  undo(how: () => void): void
}

const HOUR = 3_600_000

/** Makes empty tables. */
export function createTables(settings: MemorySettings): Tables {
  const homes = new Map<string, Home>()
  const lanes: StoredLane[] = []
  const events = new Map<number, EventRow>()
  const lines = new Map<number, Set<StoredTask>>()
  let last = 0
  let version = 0
  let depth = 0
  // What was written: an event that was entered, a task that was dropped, or what undoes something else.
  const log: (EventRow | StoredTask | (() => void))[] = []
  // Events whose last task may be gone, and receivers with one more dead task.
  let left: EventRow[] = []
  const died = new Set<Home>()

  return {
    homes,
    lanes,
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
      let row = events.get(eventOf(id))?.first
      while (row && row.id !== id) row = row.sibling
      return row
    },
    *tasks() {
      for (const owner of events.values()) yield* owner.tasks()
    },
    enter(one) {
      const home = homes.get(one.receiver)!
      const owner = new EventRow((one.number = ++last), home, one)
      events.set(owner.number, owner)
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
      for (const row of [...one.tasks()]) unlink(row)
      forget(one)
    } else one()
  }

  /** What is done once a transaction cannot be undone any more. */
  function settle(): void {
    for (const home of died) trim(home)
    died.clear()
    for (const owner of left) if (!owner.first && events.has(owner.number)) leave(owner)
    left = []
    log.length = 0
  }

  /** Beyond its bounds the oldest dead task is dropped. Its event stays known, and a redelivery runs it. */
  function trim(home: Home): void {
    const { maxDead, maxWaitingBytes } = settings
    while (home.dead.size > 1 && home.deadBytes > maxWaitingBytes) dropDead(home, 'maxWaitingBytes')
    while (home.dead.size > maxDead) dropDead(home, 'maxDead')
  }

  function dropDead(home: Home, option: 'maxDead' | 'maxWaitingBytes'): void {
    const row: StoredTask = home.dead.values().next().value!
    drop(row, true)
    const now = home.consumer.now()
    if (now < home.warnAgain) return
    home.warnAgain = now + HOUR
    home.consumer.warn(
      `memoryInbox: dead task ${row.id} of ${row.at.name} was dropped, since ${option} is ${settings[option]}: only a redelivery can run it again; raise ${option}, or use a durable inbox`,
    )
  }

  /** It is held no longer: its id and guards are known for the window from now on. */
  function leave(owner: EventRow): void {
    const { home, key, guards } = owner
    forget(owner)
    // A redelivery of what was erased would bring the contents back.
    if (owner.dedupe) home.known.set(key, owner.erased ? NO_TASKS : owner.dropped)
    for (const { key: guard } of guards ?? []) {
      if (home.guards.get(guard) !== key) continue
      home.guards.delete(guard)
      home.knownGuards.set(guard, key)
    }
  }

  function forget(owner: EventRow): void {
    owner.ends()
    events.delete(owner.number)
    if (owner.dedupe) owner.home.keys.delete(owner.key)
  }

  function drop(row: StoredTask, known = false): void {
    const { owner } = row
    if (known) {
      const { at, part, data, line, fair } = row
      const { dropped } = owner
      owner.dropped = [...dropped, { at, part, data, line, fair }]
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
      if (owner.dead === (by === 1 ? 0 : 1)) home.deadBytes += by * bytes
      owner.dead += by
      if (by === 1) home.dead.add(row)
      else home.dead.delete(row)
      died.add(home)
    }
  }

  /** Puts a task where it is claimed from, if it may be claimed. */
  function place(row: StoredTask): void {
    row.heap?.remove(row)
    if (row.state !== PENDING || row.behind) return
    const { ready, later, waits } = row.at
    if (!isDue(row)) waits.push(row)
    else if (row.gate === LATER) later.push(row)
    else ready.push(row)
  }

  function ripen({ waits, home }: StoredLane): void {
    if (waits.items.length === 0) return
    const time = performance.now()
    for (let [row] = waits.items; row && row.ripe <= time; [row] = waits.items) place(row)
    // The receiver's clock was set ahead: what waits by that clock is due.
    const ahead = home.consumer.now() - time
    if (ahead > home.ahead + 1) for (const row of [...waits.items]) place(row)
    home.ahead = ahead
  }

  function isDue({ due, ripe, at }: StoredTask): boolean {
    return ripe === 0 || ripe <= performance.now() || due <= at.home.consumer.now()
  }
}

function createHome(consumer: Consumer, settings: MemorySettings): Home {
  const { max, windowed } = settings
  const window = windowed ? settings.window : Math.max(DEFAULT_WINDOW, consumer.retrySpan)
  const home: Home = {
    name: consumer.receiver,
    consumer,
    keys: new Map(),
    known: remembering('an id'),
    guards: new Map(),
    knownGuards: remembering('a guard key'),
    pending: 0,
    bytes: 0,
    dead: new Set(),
    deadBytes: 0,
    ahead: -Infinity,
    warnAgain: 0,
  }
  return home

  function remembering<Value extends object | string>(what: string): Forgetful<Value> {
    // No step of the wall clock ends the window.
    return createForgetful(
      { max, window },
      () => stopwatchOf(home.consumer)(),
      (left) =>
        home.consumer.warn(
          `memoryInbox: ${what} was forgotten ${Math.round(left / 1000)} s before its window of ${window / 1000} s was over, since max is ${max}: raise max, or use a durable inbox`,
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
  }
}
