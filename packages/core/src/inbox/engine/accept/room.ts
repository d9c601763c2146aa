import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import type { WebhookError } from '../../../errors.ts'
import type { Taken } from '../../inbox.ts'
import type { Store } from '../store.ts'
import type { Capacity } from './capacity.ts'
import type { EncodedIntake } from './encode.ts'

/** Takes room for the tasks of a delivery. Throws, or rejects, if there is none. */
export function takeRoom(
  store: Store,
  capacity: Capacity,
  encoded: EncodedIntake,
): MaybePromise<void> {
  let full = undefined as MaybePromise<WebhookError | undefined>
  try {
    full = capacity.reserve(encoded)
  } catch (error) {
    throw store.refusal(error)
  }
  const refuse = (error: WebhookError | undefined): void => {
    if (error) throw error
  }
  return isPromise(full)
    ? full.then(refuse, (error: unknown) => {
        throw store.refusal(error)
      })
    : refuse(full)
}

/** What was not stored takes no room. */
export function freeRoom(
  capacity: Capacity,
  { items }: EncodedIntake,
  taken: readonly Taken[],
): void {
  for (let at = 0; at < taken.length; at++)
    if (taken[at] !== 'new') capacity.free(items[at]!.drafts.length)
}
