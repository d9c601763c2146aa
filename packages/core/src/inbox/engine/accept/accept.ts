import { settledBy } from '../../../basics/deadline.ts'
import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import { WebhookError } from '../../../errors.ts'
import type { Side } from '../attach/attachment.ts'
import type { BatchWork } from '../write/backlog.ts'
import type { Host, Intake, Taken } from '../../inbox.ts'
import type { SideParts } from '../parts.ts'
import { chain } from '../steps.ts'
import type { Capacity } from './capacity.ts'
import { encodeIntake, type EncodedIntake } from './encode.ts'
import { acceptAsGuest } from './guest.ts'
import { prepareStore } from './prepare.ts'
import { put, type PutWork } from './put.ts'

/** Takes deliveries in, many in one transaction. */
export function createAccept(parts: SideParts): Side['accept'] {
  const { store, settings, consumer, lanes, capacity, numbers } = parts
  const batch = parts.writer.batch<PutWork & BatchWork>({
    rows: 128,
    bytes: 8 * 1024 * 1024,
    // Two at once, so that one batch is encoded while another is on its way.
    atOnce: 2,
    share: 24,
    put: (works, until, undo) => put(parts, works, until, undo),
    fault(error) {
      const fault = store.fault(error)
      return fault === 'again' ? 'again' : fault === 'data' ? 'one' : 'all'
    },
  })

  return (intake, host) => {
    const transaction = parts.transactionOf(host)
    // It may hold the only lock: nothing is made beside it.
    if (transaction !== undefined) return acceptAsGuest(parts, transaction, intake)
    const taken = accept(intake, performance.now() + settings.deadline)
    const { waitUntil } = host
    return waitUntil ? chain(taken, (all) => (hold(waitUntil, all), all)) : taken
  }

  /** A host that freezes after the response is held for what runs, and not for retries. */
  function hold(waitUntil: NonNullable<Host['waitUntil']>, taken: readonly Taken[]): void {
    if (parts.hold === undefined || !taken.includes('new') || !parts.runner().active()) return
    parts.runner().wake()
    waitUntil(settledBy(parts.runner().idle(), performance.now() + parts.hold))
  }

  function accept(intake: Intake, deadline: number): MaybePromise<readonly Taken[]> {
    // Asked again, since others that waited too may have taken the numbers.
    return isPrepared(intake) ? addEncoded(intake, deadline) : prepared(intake, deadline)
  }

  async function prepared(intake: Intake, deadline: number): Promise<readonly Taken[]> {
    await prepareStore(parts, intake, deadline)
    return accept(intake, deadline)
  }

  function isPrepared({ items }: Intake): boolean {
    if (!store.opened || !numbers.ready(items.length)) return false
    for (const { tasks } of items)
      for (const { subscription } of tasks) if (lanes.find(subscription) === undefined) return false
    return true
  }

  function addEncoded(intake: Intake, deadline: number): MaybePromise<readonly Taken[]> {
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

  // Functions of their own: V8 would make room for what their closures see at each delivery.
  async function behind(
    room: Promise<void>,
    encoded: EncodedIntake,
    deadline: number,
  ): Promise<readonly Taken[]> {
    await room
    return addToBatch(encoded, deadline)
  }

  function addToBatch(encoded: EncodedIntake, deadline: number): Promise<readonly Taken[]> {
    return new Promise((resolve, reject) =>
      batch.add(new DeliveryWork(encoded, deadline, capacity, resolve, reject)),
    )
  }
}

/** A delivery that waits to be stored. A class: closures of each would take more memory than the rest. */
class DeliveryWork implements PutWork, BatchWork {
  readonly encoded: EncodedIntake
  readonly bytes: number
  readonly rows: number
  readonly deadline: number
  readonly #capacity: Capacity
  readonly #resolve: (taken: readonly Taken[]) => void
  readonly #reject: (error: Error) => void

  constructor(
    encoded: EncodedIntake,
    deadline: number,
    capacity: Capacity,
    resolve: (taken: readonly Taken[]) => void,
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

  done(taken: readonly Taken[]): void {
    this.#capacity.stored(this.encoded, taken)
    this.#resolve(taken)
  }

  failed(error: Error): void {
    this.#capacity.free(this.encoded.tasks)
    this.#reject(error)
  }
}
