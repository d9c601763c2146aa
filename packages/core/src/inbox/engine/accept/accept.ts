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
import type { BatchWork, Undo } from '../write/batch.ts'
import type { Host, Intake, Accepted } from '../../inbox.ts'
import type { EngineSide, Side } from '../parts.ts'
import type { Capacity } from './capacity.ts'
import { encodeIntake, type EncodedIntake } from './encode.ts'
import { rejectIfShut } from '../version.ts'
import type { GuestRows } from '../store.ts'
import { flatten, idOf, type Flat, write, takenOf, revive } from './store-batch.ts'
import { type NewEvent, eventOf, GONE } from '../row.ts'
import type { Task } from '../run/task.ts'
import { randomUUID } from 'node:crypto'
import { patchOf } from '../patch.ts'

/** Accepts deliveries; many share one transaction. */
export function createAccept(side: EngineSide): Side['accept'] {
  const { store, settings, consumer, lanes, capacity, numbers } = side
  const batch = side.writer.batch<DeliveryWork>({
    rows: 128,
    bytes: 8 * 1024 * 1024,
    // One batch is encoded while the other is being stored.
    atOnce: 2,
    share: 24,
    put: (works, until, undo) => put(side, works, until, undo),
    fault(error) {
      const fault = store.fault(error)
      return fault === 'again' ? 'again' : fault === 'data' ? 'one' : 'all'
    },
  })

  return (intake, host) => {
    const transaction = side.transactions.of(host)
    // The transaction of the app may hold the only lock: the engine prepares nothing outside it.
    if (transaction !== undefined) return acceptAsGuest(side, transaction, intake)
    const taken = accept(intake, performance.now() + settings.deadline)
    const { waitUntil } = host
    return waitUntil ? chain(taken, (all) => (hold(waitUntil, all), all)) : taken
  }

  /** Keeps a host that freezes after the response awake for the first attempts, but not for retries. */
  function hold(waitUntil: NonNullable<Host['waitUntil']>, taken: readonly Accepted[]): void {
    if (side.hold === undefined || !taken.includes('new') || !side.runner().active()) return
    side.runner().wake()
    waitUntil(settledBy(side.runner().idle(), performance.now() + side.hold))
  }

  function accept(intake: Intake, deadline: number): MaybePromise<readonly Accepted[]> {
    // Other deliveries that waited too may have used up the numbers.
    return isPrepared(intake) ? addEncoded(intake, deadline) : prepared(intake, deadline)
  }

  async function prepared(intake: Intake, deadline: number): Promise<readonly Accepted[]> {
    await prepareStore(side, intake, deadline)
    return accept(intake, deadline)
  }

  function isPrepared({ items }: Intake): boolean {
    if (!store.opened || !numbers.ready(items.length)) return false
    for (const { tasks } of items)
      for (const { subscription } of tasks) if (lanes.find(subscription) === undefined) return false
    return true
  }

  function addEncoded(intake: Intake, deadline: number): MaybePromise<readonly Accepted[]> {
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
    const room = capacity.reserve(encoded)
    return isPromise(room) ? behind(room, encoded, deadline) : addToBatch(encoded, deadline)
  }

  // Functions of their own: otherwise V8 would allocate a context for their closures at each delivery.
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
      batch.add(new DeliveryWork(encoded, deadline, capacity, resolve, reject)),
    )
  }
}

/** A delivery that waits to be stored. A class, since closures for each would use more memory than the rest. */
class DeliveryWork implements BatchWork {
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

/** Accepts a delivery in the transaction of the app. The engine does not see its commit, so it claims nothing. */
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
      // Looks until the transaction of the app is over.
      look()
      return taken
    })
    return isPromise(told) ? told.catch(failed) : told
  } catch (error) {
    return failed(error)
  }
}

/** Stores all deliveries of a batch or none. Tasks that can run here at once are stored as claimed. */
function put(
  side: EngineSide,
  works: readonly DeliveryWork[],
  until: number,
  undo: Undo,
): MaybePromise<() => void> {
  const { store, settings, lanes, capacity } = side
  rejectIfShut(side.versionWatch.rejected())
  const token = side.token()
  const flat = flatten(
    works.map(({ encoded }) => encoded),
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
      afterStored(side, flat, works, taken)
      side.flying.delete(token)
      look()
    })
  // The claim runs in this transaction, so no ready task remains. A claim after it would make the next delivery wait
  // for a claim too, and so on.
  look()
  return () => {
    afterStored(side, flat, works, written)
    side.flying.delete(token)
  }
}

/** Once the batch is stored: replies to its deliveries, and starts its claimed tasks. */
function afterStored(
  side: EngineSide,
  { fresh, events, claimed }: Flat,
  works: readonly DeliveryWork[],
  taken: readonly (readonly Accepted[])[],
): void {
  const whole = fresh.size === events.length
  const started = whole ? claimed : claimed.filter(({ row }) => fresh.has(row.event!))
  if (!whole)
    freeSlots(
      side,
      claimed.filter(({ row }) => !fresh.has(row.event!)),
    )
  for (let at = 0; at < works.length; at++) works[at]!.done(taken[at]!)
  side.runner().start(started.map(toTask))
}

/** One statement stores the new events. A second one looks for failed tasks only if some events were known. */
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

// Milliseconds before preparing is tried again after a conflict with another writer.
const BUSY = 8

/** Opens the store, fetches numbers and makes lanes for the first delivery that needs them. */
async function prepareStore(side: EngineSide, { items }: Intake, deadline: number): Promise<void> {
  const { store, settings, lanes } = side
  const names = items.flatMap(({ tasks }) => tasks.map(({ subscription }) => subscription))
  let held: unknown
  const late = (): Error =>
    held !== undefined
      ? store.rejection(held)
      : new WebhookError(
          'inbox_unavailable',
          `${store.name}: no answer within its deadline of ${settings.deadline} ms; raise deadline, or check the store`,
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

interface Work extends BatchWork {
  readonly done: () => void
}

/** The subscription of probes. No receiver has a subscription of this name, so no process runs their tasks. */
export const PROBE = 'postern: a probe of health'

// Maximum number of probes that one probe removes: its own, and those of processes that died halfway.
const MOST = 100

/** Makes `Port.probe`: accepts a delivery like any other, then claims and deletes its task in a second transaction. */
export function createProbe(side: EngineSide, accept: Side['accept']): () => Promise<void> {
  const { store, writer, lanes, capacity, settings } = side
  // Memory cannot be unreachable.
  if (store.alone) return () => Promise.resolve()
  const batch = writer.batch<Work>({
    rows: 1,
    bytes: Infinity,
    put: (works) => chain(steps(forget), () => () => works.forEach(({ done }) => done())),
    fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
  })
  return async () => {
    await accept(probeIntake(), {})
    await new Promise<void>((done, failed) => {
      batch.add({ bytes: 0, deadline: performance.now() + settings.deadline, done, failed })
    })
  }

  function* forget(): Steps<void> {
    const lane = lanes.find(PROBE)
    if (lane === undefined) return
    const token = side.token()
    const rows = yield* wait(store.claim([{ lane, room: MOST, now: MOST }], MOST, false, token))
    if (rows.length === 0) return
    const gone = rows.map((row) => patchOf({ ...row, token }, { state: GONE }))
    yield* wait(store.atomic(settings.deadline, (within) => within.patch(gone, 'held')))
    capacity.free(rows.length)
    yield* wait(store.drop?.(rows.map(({ id }) => eventOf(id))))
  }
}

function probeIntake(): Intake {
  const event = {
    key: `probe ${randomUUID()}`,
    id: undefined,
    topic: '',
    aliases: [],
    tenant: undefined,
    provider: '',
    payload: null,
    dedupe: true,
  }
  const receivedAt = Date.now()
  const delivery = { method: 'POST', url: '/', headers: [], body: new Uint8Array(0), receivedAt }
  return { delivery, items: [{ event, tasks: [{ subscription: PROBE }] }] }
}
