import { waitingRoom, weigh } from '../../../basics/room.ts'
import {
  decodeDelivery,
  decodeOutline,
  encodeDelivery,
  encodeOutline,
  isPlain,
  type Outline,
  withPayload,
} from '../../codec.ts'
import type { EventRecord, Guard, StoredDelivery } from '../../../event.ts'
import type { TaskDraft } from '../../inbox.ts'
import type { MemoryTask } from '../run/task.ts'

const HEAVY = 128 * 1024

/**
 * An event with tasks that are open, or dead and kept. A class, and its tasks a chain: if many objects or arrays of one
 * literal live long, V8 allocates all later ones of it in old space, with the objects they lead to.
 */
export class MemoryEvent {
  readonly receiver: string
  /** As in its record, which may be folded. */
  readonly key: string
  readonly dedupe: boolean
  readonly guards: readonly Guard[] | undefined
  /** In milliseconds since 1970. */
  readonly receivedAt: number
  /** Its share of the delivery's body. */
  readonly bytes: number
  /** Bytes of memory that its payload takes once it is decoded. */
  readonly weight: number
  /** Tasks pending or running. */
  open = 0
  /** Dead tasks that are kept for `replay`. */
  kept = 0
  /** Where the inbox holds it. */
  place = -1
  first: MemoryTask | undefined
  last: MemoryTask | undefined
  #event: EventRecord | undefined
  #delivery: StoredDelivery | undefined
  #folded: Folded | undefined
  #waits = false

  constructor(receiver: string, event: EventRecord, delivery: StoredDelivery, bytes: number) {
    this.receiver = receiver
    this.key = event.key
    this.dedupe = event.dedupe
    this.guards = event.guards
    this.receivedAt = delivery.receivedAt
    this.weight = bytes === 0 ? 0 : (weigh(delivery.body) * bytes) / delivery.body.length
    this.bytes = event.source === undefined ? Math.max(bytes, this.weight) : bytes
    this.first = undefined
    this.last = undefined
    this.#event = event
    this.#delivery = delivery
    this.#folded = undefined
  }

  /** True if a payload costs more memory than reading it again costs time. */
  get heavy(): boolean {
    return this.weight > HEAVY
  }

  /** True once its contents were erased. */
  get erased(): boolean {
    return this.#event?.erased === true
  }

  /** Takes room for its payload while its tasks wait. False if there is none: then it is to be folded. */
  waits(): boolean {
    if (this.#waits) return true
    if (waitingRoom.count(this.weight) === 0) return false
    waitingRoom.take(this.weight)
    return (this.#waits = true)
  }

  /** Gives the room of {@link waits} back: a task of it runs, or it is held no longer. */
  ends(): void {
    if (!this.#waits) return
    this.#waits = false
    waitingRoom.give(this.weight)
  }

  /** Replaces its contents by what is left of them. None of its tasks may be open. */
  erase(event: EventRecord, delivery: StoredDelivery): void {
    this.#event = event
    this.#delivery = delivery
    this.#folded = undefined
  }

  get event(): EventRecord {
    return this.#event ?? withPayload(decodeOutline(this.#folded!.outline), this.#folded!.body)
  }

  get delivery(): StoredDelivery {
    return this.#delivery ?? decodeDelivery(this.#folded!.head, this.#folded!.body)
  }

  /** The event without the payload, which costs most to read again. */
  outline(): Outline {
    return this.#event ?? decodeOutline(this.#folded!.outline)
  }

  *tasks(): Iterable<MemoryTask> {
    for (let task = this.first; task; task = task.sibling) yield task
  }

  /** True if it has such a task: a part is a child once, however often its parent runs. */
  has({ subscription, part }: TaskDraft): boolean {
    for (const { draft } of this.tasks())
      if (draft.subscription === subscription && (draft.part ?? '') === (part ?? '')) return true
    return false
  }

  /** True if none of its tasks runs. */
  rests(): boolean {
    for (const { state } of this.tasks()) if (state === 'running') return false
    return true
  }

  /**
   * Keeps strings in place of all objects, if the payload can be read from the body again: each full collection looks at
   * the events behind a backlog, and a payload alone is some hundred objects.
   */
  fold(): void {
    this.ends()
    const event = this.#event
    const delivery = this.#delivery
    if (event?.source === undefined || !delivery || !isPlain(delivery)) return
    this.#folded = { outline: encodeOutline(event), ...encodeDelivery(delivery) }
    this.#event = undefined
    this.#delivery = undefined
  }

  /** Undoes {@link fold}, before its tasks run. */
  unfold(): void {
    this.ends()
    if (!this.#folded) return
    this.#delivery = this.delivery
    this.#event = this.event
    this.#folded = undefined
  }
}

/** An event and its delivery as durable inboxes store them. */
interface Folded {
  readonly outline: string
  readonly head: string
  readonly body: Uint8Array
}
