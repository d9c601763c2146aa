import { settledBy } from '../../../basics/deadline.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import { WebhookError } from '../../../errors.ts'
import type { Side } from '../../attach/attachment.ts'
import type { BatchWork } from '../../batch/backlog.ts'
import type { Host, Intake, Taken } from '../../inbox.ts'
import type { SideParts } from '../parts.ts'
import { chain } from '../steps.ts'
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
    const known =
      store.opened &&
      numbers.ready(intake.items.length) &&
      intake.items.every(({ tasks }) =>
        tasks.every(({ subscription }) => lanes.find(subscription) !== undefined),
      )
    // Asked again, since others that waited too may have taken the numbers.
    return known
      ? addEncoded(intake, deadline)
      : prepareStore(parts, intake, deadline).then(() => accept(intake, deadline))
  }

  function addEncoded(intake: Intake, deadline: number): MaybePromise<readonly Taken[]> {
    const encoded = encodeIntake(consumer.receiver, intake, () => numbers.next(), !store.alone)
    const waiting = batch.waiting() + (store.alone?.held(consumer.receiver) ?? 0)
    if (waiting + encoded.bytes > settings.maxWaitingBytes)
      throw new WebhookError('inbox_full', {
        problem: 'full',
        option: 'maxWaitingBytes',
        limit: settings.maxWaitingBytes,
        got: waiting,
        expected: 'bytes',
      })
    return chain(capacity.reserve(encoded), () => addToBatch(encoded, deadline))
  }

  function addToBatch(encoded: EncodedIntake, deadline: number): Promise<readonly Taken[]> {
    return new Promise((resolve, reject) =>
      batch.add({
        encoded,
        bytes: encoded.bytes,
        rows: encoded.items.length,
        deadline,
        done(taken) {
          capacity.stored(encoded, taken)
          resolve(taken)
        },
        failed(error) {
          capacity.free(encoded.tasks)
          reject(error)
        },
      }),
    )
  }
}
