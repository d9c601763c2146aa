import { isPlain, payloadOf } from '../codec.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { TaskDraft } from './inbox.ts'
import type { MemoryTask } from './memory-task.ts'

/**
 * An event with tasks that are not settled, or dead ones that are kept. A class, and its tasks a chain: where many
 * objects or arrays of one literal live long, V8 allocates all that follow in old space, with what they lead to.
 */
export class MemoryEvent {
  readonly receiver: string
  /** Its share of the delivery's body. */
  readonly bytes: number
  /** Tasks pending or running. */
  open = 0
  /** Where the inbox keeps it while any of them is, or -1, and where it keeps its key. */
  seat = -1
  place = -1
  first: MemoryTask | undefined
  last: MemoryTask | undefined
  #event: EventRecord | undefined
  #delivery: StoredDelivery | undefined
  #folded: Folded | undefined

  constructor(receiver: string, event: EventRecord, delivery: StoredDelivery, bytes: number) {
    this.receiver = receiver
    this.bytes = bytes
    this.first = undefined
    this.last = undefined
    this.#event = event
    this.#delivery = delivery
    this.#folded = undefined
  }

  get event(): EventRecord {
    return this.#event ?? unfolded(this.#folded!).event
  }

  get delivery(): StoredDelivery {
    return this.#delivery ?? unfolded(this.#folded!).delivery
  }

  /** Both without the payload, which costs most to read again. */
  outline(): { readonly event: Outline; readonly delivery: Pick<StoredDelivery, 'receivedAt'> } {
    return this.#folded ? outlineOf(this.#folded) : this
  }

  *tasks(): Iterable<MemoryTask> {
    for (let task = this.first; task; task = task.sibling) yield task
  }

  /** True where it has such a task: a part is a child once, however often its parent runs. */
  has({ subscription, part }: TaskDraft): boolean {
    for (const { draft } of this.tasks())
      if (draft.subscription === subscription && (draft.part ?? '') === (part ?? '')) return true
    return false
  }

  /** True where none of its tasks runs. */
  rests(): boolean {
    for (const { state } of this.tasks()) if (state === 'running') return false
    return true
  }

  /**
   * Keeps a text in place of all objects, where the payload can be read from the body again: what waits behind a
   * backlog is looked at by each full collection, and a payload alone is some hundred objects.
   */
  fold(): void {
    const event = this.#event
    const delivery = this.#delivery
    if (event?.source === undefined || !delivery || !isPlain(delivery)) return
    const { body, method, url, headers, receivedAt, context } = delivery
    const head = { method, url, headers, receivedAt, context }
    this.#folded = { text: JSON.stringify([{ ...event, payload: undefined }, head]), body }
    this.#event = undefined
    this.#delivery = undefined
  }

  /** Undoes {@link fold}, before its tasks run. */
  unfold(): void {
    if (!this.#folded) return
    const { event, delivery } = unfolded(this.#folded)
    this.#event = event
    this.#delivery = delivery
    this.#folded = undefined
  }
}

type Outline = Omit<EventRecord, 'payload'>

interface Folded {
  readonly text: string
  readonly body: Uint8Array
}

function outlineOf({ text }: Folded): { event: Outline; delivery: Omit<StoredDelivery, 'body'> } {
  const [event, delivery] = JSON.parse(text) as [Outline, StoredDelivery]
  // JSON has left out what was undefined.
  return { event: { ...event, id: event.id, scope: event.scope }, delivery }
}

function unfolded(folded: Folded): { event: EventRecord; delivery: StoredDelivery } {
  const { event, delivery } = outlineOf(folded)
  const { body } = folded
  return {
    event: { ...event, payload: payloadOf(event.source!, body) },
    delivery: { ...delivery, body },
  }
}
