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

/** What is kept of one receiver. */
export interface Home {
  readonly name: string
  /** The one that came last by this name. */
  consumer: Consumer
  /** Numbers of the events that are held. */
  readonly keys: Map<string, number>
  /** Events that are no longer held, with their dead tasks. */
  readonly known: Forgetful<readonly DeadTask[]>
  /** Keys of the events that hold guards. */
  readonly guards: Map<string, string>
  readonly knownGuards: Forgetful<string>
  /** The newest task of each key that is folded, by root and key. */
  readonly newest: Forgetful<Newest>
  /** Tasks pending or running, and the bytes of their bodies. */
  pending: number
  bytes: number
  /** Dead tasks that are kept, by tenant; how many, and the bytes of their bodies. */
  readonly dead: Map<string, DeadTasks>
  deadTasks: number
  deadBytes: number
  /** When a dropped dead task is warned of again. */
  warnAgain: number
}

/** The dead tasks of a tenant, the oldest death first, and the bytes of their bodies. */
export interface DeadTasks {
  readonly tasks: Set<StoredTask>
  bytes: number
}

/** What is left of a dead task that is not kept. */
type DeadTask = Pick<StoredTask, 'at' | 'part' | 'data' | 'line' | 'fair' | 'fold'>

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
  /** How far the receiver's clock was ahead of the process's when they were last looked at. */
  ahead: number
}

/** An event and its delivery. */
interface Contents {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/** The same as durable inboxes store them. */
interface Text {
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
  /** The scope, or the fair key of an event without one: what a bound drops is shared out by it. */
  tenant: string
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
  stored(): Text {
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

/** A run of a task, and which of its runs it was. */
interface PastRun extends AttemptRow {
  readonly seq: number
}

export const NO_TASKS: readonly DeadTask[] = []
const NO_RUNS: readonly PastRun[] = []
