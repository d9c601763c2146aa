import { errorText } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import { encodeEvent } from '../inbox/codec.ts'
import { opened, sealEvent } from '../inbox/seal.ts'
import type { EraseOptions } from '../inbox/view.ts'
import { isPromise } from '../basics/maybe.ts'
import { keepNothing, type ErasureContext } from '../receive/erasure.ts'

/**
 * Creates the function for `InboxView.erase` that returns the part of a payload to keep. An encrypted payload is
 * decrypted for the app's function, and the result is encrypted again. If an error occurs, nothing is kept, since
 * keeping too much would violate the app's setting.
 */
export function keepOf({
  keepBody,
  seal,
  warn,
}: Pick<ErasureContext, 'keepBody' | 'seal' | 'warn'>): NonNullable<EraseOptions['keep']> {
  if (keepBody === keepNothing) return () => null
  return (event, delivery) => {
    try {
      if (!seal) return left(event).payload
      return sealEvent(seal, left(opened(seal, { event, delivery }).event)).payload
    } catch (error) {
      warn(`storage.content failed, so nothing was kept of event ${event.key}: ${errorText(error)}`)
      return null
    }
  }

  function left(event: EventRecord): EventRecord {
    const payload = keepBody(event.payload)
    if (isPromise(payload))
      throw new TypeError(
        'it returned a promise; expected the content to keep, returned synchronously',
      )
    const { source: _, passing: __, ...rest } = event
    const kept: EventRecord = { ...rest, payload: payload ?? null, erased: true }
    // Checks that the event can be stored: `encodeEvent` throws if not.
    encodeEvent(kept)
    return kept
  }
}
