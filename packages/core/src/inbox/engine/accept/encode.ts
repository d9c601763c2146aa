import { encodeDelivery, encodeEvent } from '../../codec.ts'
import type { Intake, TaskDraft } from '../../inbox.ts'
import { LATER, READY, type NewEvent, type NewTask } from '../row.ts'
import { newFold, linePlace } from '../run/fold.ts'
import type { Store } from '../store.ts'

export interface EncodedItem {
  readonly event: NewEvent
  /** The tasks to be stored, at most one for each subscription and `part` (the name of a child task). */
  readonly drafts: readonly TaskDraft[]
  /** True if an earlier item of the batch has the same event. Set by `flatten`. */
  again: boolean
}

export interface EncodedIntake {
  readonly intake: Intake
  readonly items: readonly EncodedItem[]
  readonly bytes: number
  readonly tasks: number
  /**
   * True if the delivery has no guards (keys that only one event may hold), ordering keys or tenants. Then one
   * statement can store the delivery.
   */
  readonly plain: boolean
}

// Memory that a row needs in addition to its text, in bytes.
const ROW = 100

/** Encodes a delivery with its events and tasks. If `texts` is false, the store keeps objects, so no text is made. */
export function encodeIntake(
  receiver: string,
  intake: Intake,
  numbers: Pick<Numbers, 'next'>,
  texts: boolean,
): EncodedIntake {
  const { delivery: whole } = intake
  const { head, body } = texts ? encodeDelivery(whole) : { head: '', body: whole.body }
  const received = Math.floor(whole.receivedAt)
  const delivery = { head, body, received, events: intake.items.length, whole }
  let bytes = head.length + body.length
  let tasks = 0
  let plain = true
  const items: EncodedItem[] = []
  for (const { event, tasks: given } of intake.items) {
    const record = texts ? encodeEvent(event, whole) : ''
    const drafts = given.length < 2 ? given : onceEach(given)
    bytes += record.length + ROW * (1 + drafts.length)
    tasks += drafts.length
    if (event.guards !== undefined || drafts.some(isBound)) plain = false
    const number = numbers.next()
    items.push({ drafts, event: { number, receiver, event, record, delivery }, again: false })
  }
  return { intake, items, bytes, tasks, plain }
}

export function newTask(
  draft: TaskDraft,
  place: {
    readonly receiver: string
    readonly lane: number
    readonly event?: NewEvent
    readonly n?: number
    readonly token?: number
  },
): NewTask {
  const { receiver, lane, event, n = 0, token = 0 } = place
  const { orderKey, debounce, fairKey } = draft
  const at = orderKey === undefined ? undefined : linePlace(receiver, orderKey)
  const later = debounce !== undefined && (debounce.wait > 0 || fairKey !== undefined)
  return {
    event,
    n,
    lane,
    part: draft.part ?? '',
    data: draft.data === undefined ? null : JSON.stringify(draft.data),
    line: at?.line ?? null,
    fair: fairKey ?? null,
    turn: 0,
    token,
    fold: debounce && at ? newFold(at.key, debounce) : null,
    wait: debounce?.wait ?? 0,
    gate: later ? LATER : READY,
  }
}

/** If several drafts have the same subscription and part, keeps only the last of them. */
export function onceEach(drafts: readonly TaskDraft[]): readonly TaskDraft[] {
  const unique = new Map(drafts.map((one) => [`${one.subscription}\n${one.part ?? ''}`, one]))
  return unique.size === drafts.length ? drafts : [...unique.values()]
}

function isBound({ orderKey, fairKey }: TaskDraft): boolean {
  return orderKey !== undefined || fairKey !== undefined
}

/** A stock of event numbers, fetched ahead in blocks. So one statement can store events together with their tasks. */
export interface Numbers {
  /** Returns true if the stock has `count` numbers and a reserve. */
  ready(count: number): boolean
  fill(): Promise<void>
  next(): number
  /**
   * Empties the stock. Called after a restore of the store, which may then give the same numbers to another process.
   */
  forget(): void
}

const BLOCK = 1000
// If fewer than LOW numbers are left, blocks are fetched until the stock has FULL. LOW is large because a delivery may
// have several hundred events. SPARE is the reserve.
const LOW = 1500
const FULL = 2000
const SPARE = 200

/** Makes the {@link Numbers} of a store. If the store numbers events itself, `next` returns 0. */
export function createNumbers(store: Store): Numbers {
  if (!store.block)
    return { ready: () => true, fill: async () => {}, next: () => 0, forget: () => {} }
  let blocks: { next: number; end: number }[] = []
  let left = 0
  let filling: Promise<void> | undefined
  return {
    ready: (count) => left >= count + SPARE,
    fill,
    next() {
      while (blocks[0]!.next >= blocks[0]!.end) blocks.shift()
      // If this fetch fails, the next delivery that needs numbers reports the error.
      if (--left < LOW) fill().catch(() => {})
      return blocks[0]!.next++
    },
    forget() {
      blocks = []
      left = 0
    },
  }

  function fill(): Promise<void> {
    return (filling ??= fetch().finally(() => (filling = undefined)))
  }

  async function fetch(): Promise<void> {
    while (left < FULL) {
      const first = await store.block!()
      blocks.push({ next: first, end: first + BLOCK })
      left += BLOCK
    }
  }
}
