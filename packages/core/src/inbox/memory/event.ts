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
import type { Forgetful } from '../forgetful.ts'
import type { Consumer } from '../inbox.ts'
import type { Heap, Heaped } from '../../basics/heap.ts'

/** The state of one receiver. */
export interface Home {
  readonly name: string
  /** The last consumer of this name. */
  consumer: Consumer
  /** Numbers of stored events by key. */
  readonly keys: Map<string, number>
  /** Events that are no longer stored, with their dead tasks. */
  readonly known: Forgetful<readonly DeadTask[]>
  /** Keys of events by guard. */
  readonly guards: Map<string, string>
  readonly knownGuards: Forgetful<string>
  /** The newest task of each folded key, by root and key. */
  readonly newest: Forgetful<Newest>
  /** Number of pending and running tasks, and the bytes of their bodies. */
  pending: number
  bytes: number
  /** Dead tasks by tenant, their number, and the bytes of their bodies. */
  readonly dead: Map<string, DeadTasks>
  deadTasks: number
  deadBytes: number
  /** When the next warning about a dropped dead task is allowed. */
  warnAgain: number
}

/** The dead tasks of a tenant, oldest death first, and the bytes of their bodies. */
export interface DeadTasks {
  readonly tasks: Set<StoredTask>
  bytes: number
}

/** The rest of a dropped dead task, from which a redelivery makes it again. */
type DeadTask = Pick<StoredTask, 'at' | 'part' | 'data' | 'line' | 'fair' | 'fold'>

/** A subscription, and its pending tasks that may run. */
export interface StoredLane extends LaneRow {
  readonly home: Home
  root: number
  turn: number
  /** The last turn of each tenant. Past turns are removed once there are `sweepAt` of them. */
  readonly tenants: Map<string, number>
  sweepAt: number
  readonly ready: Heap<StoredTask>
  /** Tasks that are due and wait for a turn. */
  readonly later: Heap<StoredTask>
  /** Tasks that are not due. */
  readonly waits: Heap<StoredTask>
  /** How far the receiver's clock was ahead of `performance.now()` at the last look. */
  ahead: number
}

interface Contents {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/** An event and its delivery as text, as durable inboxes store them. */
interface Text {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

const HEAVY = 128 * 1024
// With more pending tasks than this, events wait as text.
const BACKLOG = 500

/** A stored event. A class: if many objects of one literal live long, V8 allocates later ones in old space. */
export class EventRow {
  readonly number: number
  readonly home: Home
  readonly key: string
  readonly dedupe: boolean
  readonly eventId: string | null
  readonly topic: string
  readonly scope: string | null
  /** The tenant, or the fair key of an event without one. Bounds are shared among tenants by it. */
  tenant: string
  readonly provider: string
  readonly guards: readonly Guard[] | undefined
  /** Milliseconds since 1970. */
  readonly received: number
  /** Its share of the delivery's body, or the weight of its payload if that is not in the body. */
  readonly bytes: number
  /** Bytes of memory of its decoded payload. */
  readonly weight: number
  erased = false
  /** Number of pending and running tasks, of dead tasks, and of all tasks so far. */
  open = 0
  dead = 0
  places = 0
  first: StoredTask | undefined = undefined
  /** Its dead tasks that were dropped. */
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

  /** Returns true if one of its tasks runs. */
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

  /** Returns its objects, which it keeps from now on, since its tasks run. */
  contents(): Contents {
    this.ends()
    if (this.#event && this.#delivery) return { event: this.#event, delivery: this.#delivery }
    const { record, head, body } = this.#text!
    const delivery = (this.#delivery = decodeDelivery(head, body))
    const event = (this.#event = withPayload(decodeOutline(record), body))
    this.#text = undefined
    return { event, delivery }
  }

  /** Returns the event and its delivery as text. */
  stored(): Text {
    if (this.#text) return this.#text
    const delivery = this.#delivery!
    return { record: encodeEvent(this.#event!, delivery), ...encodeDelivery(delivery) }
  }

  /** Replaces its contents. None of its tasks is open. */
  erase({ event, delivery }: Contents): void {
    this.#event = event
    this.#delivery = delivery
    this.#text = undefined
    this.erased = true
  }

  /** Called when its tasks wait. Beyond a bound the event is kept as text, if it can be decoded again. */
  waits(): void {
    if (this.weight > HEAVY ? !this.#takesRoom() : this.home.pending > BACKLOG) this.#fold()
  }

  /** Called when a task runs or the event is dropped: frees the memory budget of waiting events. */
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

  /** Replaces objects by strings, since each full garbage collection visits objects: hundreds in a payload. */
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
  /** When the task is due by `performance.now()`, which nobody can set; 0 is at once. */
  ripe = 0
  took: number | null = null
  error: string | null = null
  cause: string | null = null
  /** True while a run has the task. */
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

  /** Its place in its line: the order of arrival. */
  get seq(): number {
    return this.id
  }
}

/** A run of a task with its number. */
interface PastRun extends AttemptRow {
  readonly seq: number
}

export const NO_TASKS: readonly DeadTask[] = []
const NO_RUNS: readonly PastRun[] = []
