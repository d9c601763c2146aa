import { isPromise } from '../basics/maybe.ts'
import { parseBody } from '../body/formats.ts'
import type { ParsedBody, Delivery, DeliveryInit } from '../delivery.ts'
import type { Provider } from '../provider/provider.ts'
import { createDelivery } from '../receive/http-delivery.ts'

const LONGEST = 200

/**
 * Returns the topic that a rejected delivery claims to have, as its provider would read it; at most 200 characters.
 * Anybody can have sent the delivery, so only display the topic, and mark it as unverified. The delivery is read within
 * the limits for unverified deliveries. Returns undefined if no topic can be read.
 */
export function claimedTopic(delivery: DeliveryInit, provider: Provider): string | undefined {
  try {
    const given = createDelivery(delivery, undefined, provider)
    const topic: unknown = provider.events(given, bodyOf(given))[0]?.topic
    return typeof topic === 'string' && topic !== '' ? topic.slice(0, LONGEST) : undefined
  } catch {
    return undefined
  }
}

/** Returns the parsed body. If parsing needs a promise, returns an empty body: the topic may still be in a header. */
function bodyOf(delivery: Delivery): ParsedBody {
  const body = parseBody(delivery, false)
  if (!isPromise(body)) return body
  body.catch(() => undefined)
  return { kind: 'empty', value: undefined }
}
