import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import type { Intake, Taken } from '../../inbox.ts'
import { refuseIfShut } from '../version/version-watch.ts'
import type { SideParts } from '../parts.ts'
import { chain, steps, wait, type Steps } from '../steps.ts'
import type { GuestRows } from '../store.ts'
import { encodeIntake, type EncodedIntake } from './encode.ts'
import { flatten } from './flat.ts'
import { openStore } from './prepare.ts'
import { write } from './store-batch.ts'

/**
 * Takes a delivery in, in the application's transaction. It is not known here when that commits, so nothing is claimed.
 */
export function acceptAsGuest(
  parts: SideParts,
  transaction: unknown,
  intake: Intake,
): MaybePromise<readonly Taken[]> {
  const { store, numbers, capacity, consumer } = parts
  refuseIfShut(parts.versionWatch.refused())
  const rows = store.guest(transaction)
  const ready = !store.block || (store.opened && numbers.ready(intake.items.length))
  return chain(ready ? undefined : openStore(parts), () => {
    const encoded = encodeIntake(consumer.receiver, intake, numbers, true)
    return chain(capacity.reserve(encoded), () => within(parts, rows, encoded))
  })
}

function within(
  { store, consumer: { receiver }, lanes, capacity, look }: SideParts,
  rows: GuestRows,
  encoded: EncodedIntake,
): MaybePromise<readonly Taken[]> {
  const drafts = encoded.items.flatMap((item) => item.drafts)
  const failed = (error: unknown): never => {
    capacity.free(encoded.tasks)
    throw store.refusal(error)
  }
  try {
    const written = steps(function* (): Steps<readonly Taken[]> {
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
      // Tries until the transaction is over.
      look()
      return taken
    })
    return isPromise(told) ? told.catch(failed) : told
  } catch (error) {
    return failed(error)
  }
}
