import { LRUCache } from 'lru-cache'
import type { Delivery } from '../delivery.ts'

/** What genuine deliveries of a receiver look like: their user agent, the shape of their head, the form of their id. */
interface Likeness {
  /** A delivery that was verified. */
  learn(delivery: Delivery, at: number): void
  /** True if a refused delivery looks like one. A copied head does too. */
  matches(delivery: Delivery): boolean
}

// What is remembered of each feature: a sender has few forms, and tenants must not drive each other's out.
const FORMS = 64
// Milliseconds between two looks: they cost more than a small delivery's verification.
const EVERY = 100
const LONGEST = 256
// Headers of proxies, and those that differ from one delivery to the next.
const PASSING =
  /^(?:x-forwarded-|cf-|x-amz-cf-|x-real-ip$|x-request-id$|forwarded$|via$|traceparent$|tracestate$|content-length$|transfer-encoding$|connection$)/

/** Makes a {@link Likeness}. `claims` is the header that claims an event's id. */
export function createLikeness(claims: string | undefined): Likeness {
  const known = new LRUCache<string, true>({ max: 3 * FORMS })
  let next = 0

  return {
    learn(delivery, at) {
      if (at < next && at > next - 2 * EVERY) return
      next = at + EVERY
      for (const feature of featuresOf(delivery)) known.set(feature, true)
    },
    matches(delivery) {
      const features = featuresOf(delivery)
      // Nothing genuine was seen yet: a whole head is all that can be asked for.
      if (known.size === 0) return features.length === (claims === undefined ? 2 : 3)
      return features.filter((feature) => known.has(feature)).length >= 2
    },
  }

  function featuresOf(delivery: Delivery): readonly string[] {
    const names = new Set<string>()
    for (const [name] of delivery.headerLines()) if (!PASSING.test(name)) names.add(name)
    const agent = delivery.header('user-agent')
    const id = claims === undefined ? undefined : delivery.header(claims)
    return [
      `head ${[...names].sort().join()}`.slice(0, 4 * LONGEST),
      ...(agent === undefined ? [] : [`agent ${agent.slice(0, LONGEST)}`]),
      ...(id === undefined ? [] : [`id ${formOf(id.slice(0, LONGEST))}`]),
    ]
  }
}

/** The form of an id: its letters and digits as one sign each. */
function formOf(id: string): string {
  return id.replaceAll(/[\dA-Fa-f]+/g, '0').replaceAll(/[A-Za-z]+/g, 'a')
}
