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
  RUNNING,
  TASKS,
  type Gate,
  type LaneRow,
  type NewEvent,
  type Newest,
  type NewTask,
  type State,
  type TaskRow,
} from '../engine/row.ts'
import type { Forgetful, Heap, Heaped } from '../forgetful.ts'
import type { Consumer } from '../inbox.ts'

/** The home of a receiver: its state in the inbox. */
export interface Home {
  readonly name: string
  /** The receiver that was attached last under this name. */
  consumer: Consumer
  /** Numbers of stored events by event key. */
  readonly keys: Map<string, number>
  /** Keys of events that are no longer stored, with their dropped dead tasks. */
  readonly known: Forgetful<readonly DeadTask[]>
  /** The event key that holds each guard (a key that only one event may hold). */
  readonly guards: Map<string, string>
  readonly knownGuards: Forgetful<string>
  /** The newest task of each `debounce` key, by root (a subscription under all its names) and key. */
  readonly newest: Forgetful<Newest>
  /** Number of pending and running tasks, and the total size of their bodies in bytes. */
  pending: number
  bytes: number
  /** Dead tasks by tenant, the number of all dead tasks, and the total size of their bodies in bytes. */
  readonly dead: Map<string, DeadTasks>
  deadTasks: number
  deadBytes: number
  /** When the next warning about a dropped dead task is allowed, in milliseconds since 1970. */
  warnAgain: number
}

/** The dead tasks of a tenant, in the order in which they became dead, and the total size of their bodies in bytes. */
export interface DeadTasks {
  readonly tasks: Set<StoredTask>
  bytes: number
}

/** The members of a dropped dead task that are kept, so that a redelivery can make the task again. */
type DeadTask = Pick<StoredTask, 'at' | 'part' | 'data' | 'line' | 'fair' | 'fold'>

/** A lane (a subscription) and its pending tasks, except tasks that are behind another task. */
export interface StoredLane extends LaneRow {
  readonly home: Home
  root: number
  turn: number
  /**
   * The last turn of each tenant (turns are numbers by which tenants are served in rotation). If there are more than
   * `sweepAt` tenants, tenants whose turn has passed are removed.
   */
  readonly tenants: Map<string, number>
  sweepAt: number
  readonly ready: Heap<StoredTask>
  /** Tasks that are due and wait for their tenant's turn. */
  readonly later: Heap<StoredTask>
  /** Tasks that are not due yet. */
  readonly waits: Heap<StoredTask>
  /** The difference between the receiver's clock and `performance.now()` at the last check, in milliseconds. */
  ahead: number
}

interface Contents {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/** An event and its delivery as text, in the form that durable inboxes store. */
interface Text {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

// An event with a higher `weight` is large.
const HEAVY = 128 * 1024
// If a receiver has more pending tasks, small events of waiting tasks are kept as text instead of objects.
const BACKLOG = 500

/**
 * An event in memory. It is a class, since V8 allocates objects of a literal in old space once many of them have lived
 * long.
 */
export class EventRow {
  readonly number: number
  readonly home: Home
  readonly key: string
  readonly dedupe: boolean
  readonly eventId: string | null
  readonly topic: string
  readonly scope: string | null
  /** The event's tenant, or else the `fairKey` (tenant) of one of its tasks. Each tenant gets a share of the limits. */
  tenant: string
  readonly provider: string
  readonly guards: readonly Guard[] | undefined
  /** When the event arrived, in milliseconds since 1970. */
  readonly received: number
  /**
   * The event's share of the delivery's body, in bytes. If the payload is not in the body, `bytes` is at least
   * `weight`.
   */
  readonly bytes: number
  /** Estimated memory of the event's decoded payload, in bytes. */
  readonly weight: number
  erased = false
  /** Number of pending and running tasks (`open`), of dead tasks, and of all tasks so far (`places`). */
  open = 0
  dead = 0
  places = 0
  first: StoredTask | undefined = undefined
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
    this.scope = event.tenant ?? null
    this.tenant = event.tenant ?? ''
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

  /** Returns event and delivery as objects. Called when a task runs, so the row keeps the objects from now on. */
  contents(): Contents {
    this.ends()
    if (this.#event && this.#delivery) return { event: this.#event, delivery: this.#delivery }
    const { record, head, body } = this.#text!
    const delivery = (this.#delivery = decodeDelivery(head, body))
    const event = (this.#event = withPayload(decodeOutline(record), body))
    this.#text = undefined
    return { event, delivery }
  }

  stored(): Text {
    if (this.#text) return this.#text
    const delivery = this.#delivery!
    return { record: encodeEvent(this.#event!, delivery), ...encodeDelivery(delivery) }
  }

  /** Replaces the event's contents. Must be called only if no task of the event is open. */
  erase({ event, delivery }: Contents): void {
    this.#event = event
    this.#delivery = delivery
    this.#text = undefined
    this.erased = true
  }

  /**
   * Saves memory while the event's tasks wait. A large event is kept as text if the memory budget is used up. A small
   * event is kept as text if many tasks are pending. Objects stay if their text cannot be decoded to the same event.
   */
  waits(): void {
    if (this.weight > HEAVY ? !this.#takesRoom() : this.home.pending > BACKLOG) this.#fold()
  }

  /** Releases the event's memory budget. */
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

  /** Replaces the objects by strings, since each full garbage collection must visit all objects of a payload. */
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

export class StoredTask implements TaskRow, Heaped<StoredTask> {
  readonly id: number
  readonly owner: EventRow
  readonly at: StoredLane
  readonly lane: number
  readonly part: string
  readonly data: string | null
  readonly line: number | null
  readonly fair: string | null
  fold: string | null
  turn: number
  token: number
  state: State
  gate: Gate
  behind: boolean
  attempt: number
  round = 0
  cut = 0
  charged = 0
  due: number
  /** When the task is due, as a time of `performance.now()`, which no change of the clock affects. 0 means now. */
  ripe = 0
  took: number | null = null
  error: string | null = null
  cause: string | null = null
  /** True while a run holds the task. */
  held: boolean
  runs: number
  past: readonly PastRun[] = NO_RUNS
  /** The next task of the same event. */
  sibling: StoredTask | undefined = undefined
  heap: Heap<StoredTask> | undefined = undefined
  spot = 0

  constructor(
    owner: EventRow,
    at: StoredLane,
    task: Omit<NewTask, 'event' | 'n' | 'lane'>,
    state: State,
  ) {
    const { line, fair, fold, wait } = task
    this.id = owner.number * TASKS + owner.places++
    if (owner.scope === null && fair !== null) owner.tenant = fair
    this.owner = owner
    this.at = at
    this.lane = at.lane
    this.part = task.part
    this.data = task.data
    this.line = line
    this.fair = fair
    this.fold = fold
    this.gate = task.gate
    this.turn = task.turn
    this.token = task.token
    this.state = state
    this.held = state === RUNNING
    this.attempt = this.runs = state === RUNNING ? 1 : 0
    this.behind = line !== null && state !== DEAD
    this.due = owner.received + wait
    if (fold !== null) this.ripe = performance.now() + wait
  }

  get root(): number {
    return this.at.root
  }

  /** The task's place in its line (the tasks of one ordering key), in order of arrival. */
  get seq(): number {
    return this.id
  }
}

interface PastRun extends AttemptRow {
  readonly seq: number
}

export const NO_TASKS: readonly DeadTask[] = []
const NO_RUNS: readonly PastRun[] = []
