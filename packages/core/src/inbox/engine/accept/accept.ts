import { settledBy, within } from '../../../basics/deadline.ts'
import {
  isPromise,
  type MaybePromise,
  chain,
  steps,
  wait,
  type Steps,
} from '../../../basics/maybe.ts'
import { WebhookError } from '../../../errors.ts'
import type { BatchWrite, Undo } from '../write/batch.ts'
import type { Host, Intake, Accepted } from '../../inbox.ts'
import type { EngineSide, Side } from '../parts.ts'
import type { Capacity } from './capacity.ts'
import { encodeIntake, type EncodedIntake } from './encode.ts'
import { rejectIfShut } from '../version.ts'
import type { GuestRows } from '../store.ts'
import { flatten, idOf, type Flat, write, takenOf, revive } from './store-batch.ts'
import type { NewEvent } from '../row.ts'
import type { Task } from '../run/task.ts'

export function createAccept(side: EngineSide): Side['accept'] {
  const { store, settings, consumer, lanes, capacity, numbers } = side
  const batch = side.writer.batch<DeliveryWrite>({
    rows: 128,
    bytes: 8 * 1024 * 1024,
    // With two batches, one is encoded while the other is being stored.
    atOnce: 2,
    share: 24,
    put: (writes, until, undo) => put(side, writes, until, undo),
    fault(error) {
      const fault = store.fault(error)
      return fault === 'again' ? 'again' : fault === 'data' ? 'one' : 'all'
    },
  })

  return (intake, host) => {
    const transaction = side.transactions.of(host)
    // The app's transaction may hold the store's only lock, so the engine opens no other transaction.
    if (transaction !== undefined) return acceptAsGuest(side, transaction, intake)
    const taken = accept(intake, performance.now())
    const { waitUntil } = host
    return waitUntil ? chain(taken, (all) => (hold(waitUntil, all), all)) : taken
  }

  /**
   * If the platform freezes the process after the response, keeps the process awake for the first attempts, but not for
   * retries.
   */
  function hold(waitUntil: NonNullable<Host['waitUntil']>, taken: readonly Accepted[]): void {
    if (side.hold === undefined || !taken.includes('new') || !side.runner().active()) return
    side.runner().wake()
    waitUntil(settledBy(side.runner().idle(), performance.now() + side.hold))
  }

  function accept(intake: Intake, began: number): MaybePromise<readonly Accepted[]> {
    // `prepared` calls `accept` again, since other deliveries may have used up the event numbers meanwhile.
    return isPrepared(intake) ? addEncoded(intake, began) : prepared(intake, began)
  }

  async function prepared(intake: Intake, began: number): Promise<readonly Accepted[]> {
    await prepareStore(side, intake, began + settings.deadline)
    return accept(intake, began)
  }

  function isPrepared({ items }: Intake): boolean {
    if (!store.opened || !numbers.ready(items.length)) return false
    for (const { tasks } of items)
      for (const { subscription } of tasks) if (lanes.find(subscription) === undefined) return false
    return true
  }

  function addEncoded(intake: Intake, began: number): MaybePromise<readonly Accepted[]> {
    const encoded = encodeIntake(consumer.receiver, intake, numbers, !store.alone)
    const waiting = batch.waiting() + (store.alone?.held(consumer.receiver) ?? 0)
    if (waiting + encoded.bytes > settings.maxWaitingBytes)
      throw new WebhookError('inbox_full', {
        problem: 'full',
        option: 'maxWaitingBytes',
        limit: settings.maxWaitingBytes,
        got: waiting,
        expected: 'bytes',
      })
    const room = capacity.reserve(encoded, began)
    const deadline = began + settings.deadline
    return isPromise(room) ? behind(room, encoded, deadline) : addToBatch(encoded, deadline)
  }

  // `behind` and `addToBatch` are separate functions, so that V8 does not allocate a closure context for each delivery.
  async function behind(
    room: Promise<void>,
    encoded: EncodedIntake,
    deadline: number,
  ): Promise<readonly Accepted[]> {
    await room
    return addToBatch(encoded, deadline)
  }

  function addToBatch(encoded: EncodedIntake, deadline: number): Promise<readonly Accepted[]> {
    return new Promise((resolve, reject) =>
      batch.add(new DeliveryWrite(encoded, deadline, capacity, resolve, reject)),
    )
  }
}

/**
 * The write of one delivery. It is a class, since closures for each delivery would use more memory than all other
 * members of the write.
 */
class DeliveryWrite implements BatchWrite {
  readonly encoded: EncodedIntake
  readonly bytes: number
  readonly rows: number
  readonly deadline: number
  readonly #capacity: Capacity
  readonly #resolve: (taken: readonly Accepted[]) => void
  readonly #reject: (error: Error) => void

  constructor(
    encoded: EncodedIntake,
    deadline: number,
    capacity: Capacity,
    resolve: (taken: readonly Accepted[]) => void,
    reject: (error: Error) => void,
  ) {
    this.encoded = encoded
    this.bytes = encoded.bytes
    this.rows = encoded.items.length
    this.deadline = deadline
    this.#capacity = capacity
    this.#resolve = resolve
    this.#reject = reject
  }

  done(taken: readonly Accepted[]): void {
    this.#capacity.stored(this.encoded, taken)
    this.#resolve(taken)
  }

  failed(error: Error): void {
    this.#capacity.free(this.encoded.tasks)
    this.#reject(error)
  }
}

/**
 * Stores a delivery in a transaction of the app. The insert claims no tasks, since the engine does not learn when that
 * transaction commits.
 */
function acceptAsGuest(
  side: EngineSide,
  transaction: unknown,
  intake: Intake,
): MaybePromise<readonly Accepted[]> {
  const { store, numbers, capacity, consumer } = side
  rejectIfShut(side.versionWatch.rejected())
  const rows = store.guest(transaction)
  const ready = !store.block || (store.opened && numbers.ready(intake.items.length))
  return chain(ready ? undefined : openStore(side), () => {
    const encoded = encodeIntake(consumer.receiver, intake, numbers, true)
    return chain(capacity.reserve(encoded), () => storeAsGuest(side, rows, encoded))
  })
}

function storeAsGuest(
  { store, consumer: { receiver }, lanes, capacity, look }: EngineSide,
  rows: GuestRows,
  encoded: EncodedIntake,
): MaybePromise<readonly Accepted[]> {
  const drafts = encoded.items.flatMap((item) => item.drafts)
  const failed = (error: unknown): never => {
    capacity.free(encoded.tasks)
    throw store.rejection(error)
  }
  try {
    const written = steps(function* (): Steps<readonly Accepted[]> {
      rows.begin?.()
      const found = yield* wait(
        lanes.within(
          rows,
          drafts.map((one) => one.subscription),
        ),
      )
      const flat = flatten([encoded], { receiver, lanes: found })
      return (yield* write(rows, flat, capacity))[0]!
    })
    const told = chain(written, (taken) => {
      capacity.stored(encoded, taken)
      // If the app's transaction has not committed yet, `look` does not find the tasks, but a later claim does.
      look()
      return taken
    })
    return isPromise(told) ? told.catch(failed) : told
  } catch (error) {
    return failed(error)
  }
}

/** Stores all deliveries of a batch or none. Tasks that this process can run immediately are stored as claimed. */
function put(
  side: EngineSide,
  writes: readonly DeliveryWrite[],
  until: number,
  undo: Undo,
): MaybePromise<() => void> {
  const { store, settings, lanes, capacity } = side
  rejectIfShut(side.versionWatch.rejected())
  const token = side.token()
  const flat = flatten(
    writes.map(({ encoded }) => encoded),
    {
      receiver: side.consumer.receiver,
      lanes,
      take: side.runner().take,
      token,
    },
  )
  side.flying.add(token)
  undo(() => {
    side.flying.delete(token)
    freeSlots(side, flat.claimed)
  })
  const written = flat.intakes.every(({ plain }) => plain)
    ? chain(store.insert(flat), (fresh) => reviveKnown(side, flat, fresh))
    : store.atomic(Math.min(until - performance.now(), settings.deadline), (rows) =>
        steps(() => write(rows, flat, capacity)),
      )
  const look = (): void => {
    if (flat.revived) side.look()
    else for (const name of flat.ready) side.runner().ready(name)
  }
  if (isPromise(written))
    return written.then((taken) => () => {
      afterStored(side, flat, writes, taken)
      side.flying.delete(token)
      look()
    })
  // The store is synchronous, so `look` claims all ready tasks in this transaction. A ready task that stays unclaimed
  // would be older than the tasks of the next delivery. Older tasks go first, so the new tasks could not be claimed
  // when they are stored.
  look()
  return () => {
    afterStored(side, flat, writes, written)
    side.flying.delete(token)
  }
}

function afterStored(
  side: EngineSide,
  { fresh, events, claimed }: Flat,
  writes: readonly DeliveryWrite[],
  taken: readonly (readonly Accepted[])[],
): void {
  const whole = fresh.size === events.length
  const started = whole ? claimed : claimed.filter(({ row }) => fresh.has(row.event!))
  if (!whole)
    freeSlots(
      side,
      claimed.filter(({ row }) => !fresh.has(row.event!)),
    )
  for (let at = 0; at < writes.length; at++) writes[at]!.done(taken[at]!)
  side.runner().start(started.map(toTask))
}

/** Makes failed tasks of known events pending again, after one statement has stored the `fresh` events. */
function reviveKnown(
  { store, settings }: EngineSide,
  flat: Flat,
  fresh: ReadonlySet<NewEvent>,
): MaybePromise<readonly (readonly Accepted[])[]> {
  flat.fresh = fresh
  if (fresh.size === flat.events.length) return takenOf(flat, NONE)
  const known = flat.events.filter((event) => !fresh.has(event))
  return chain(revive(store, settings.deadline, known), (revived) => takenOf(flat, revived))
}

function freeSlots(side: EngineSide, claimed: Flat['claimed']): void {
  for (const { task } of claimed) side.runner().reserve(task.slot, -1)
}

function toTask({ row, task }: Flat['claimed'][number]): Task {
  task.id = idOf(row)
  return task
}

const NONE: ReadonlySet<NewEvent> = new Set()

// Wait between two attempts to prepare the store after a conflict with another writer, in milliseconds.
const BUSY = 8

/** Opens the store, fetches event numbers, and makes missing lanes. A lane is the number of a subscription. */
async function prepareStore(side: EngineSide, { items }: Intake, deadline: number): Promise<void> {
  const { store, settings, lanes } = side
  const names = items.flatMap(({ tasks }) => tasks.map(({ subscription }) => subscription))
  let held: unknown
  const late = (): Error =>
    held !== undefined
      ? store.rejection(held)
      : new WebhookError(
          'inbox_unavailable',
          `${store.name}: no answer from the store within the deadline of ${settings.deadline} ms; check the store, or raise deadline`,
        )
  const made = async (): Promise<void> => {
    await openStore(side)
    await lanes.ensure(names)
  }
  const patient = async (): Promise<void> => {
    try {
      await made()
    } catch (error) {
      if (store.fault(error) !== 'again') throw error
      held = error
      if (performance.now() >= deadline) throw late()
      await new Promise((resolve) => setTimeout(resolve, BUSY))
      await patient()
    }
  }
  try {
    await within(patient(), deadline, late)
  } catch (error) {
    throw store.rejection(error)
  }
}

async function openStore({ store, numbers }: EngineSide): Promise<void> {
  if (!store.opened) await store.open()
  await numbers.fill()
}
