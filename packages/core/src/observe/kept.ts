import type { Delivery } from '../delivery.ts'
import type { ErrorCode, WebhookError } from '../errors.ts'
import type { Arrival } from '../inbox/journal.ts'
import { type Seal, sealKept } from '../inbox/seal.ts'
import type { Provider } from '../provider/provider.ts'
import type { Conclusion } from '../receive/exchange.ts'
import { masker } from '../receive/credentials/mask.ts'
import { claimedTopic } from './claimed-topic.ts'
import { LRUCache } from 'lru-cache'

/** Keeps head and body of rejected deliveries. */
export interface Kept {
  /** A delivery was verified: rejected ones that look like it have places of their own. */
  verified(delivery: Delivery, at: number): void
  /** The slot for a rejection, in which the next one to get it takes its place; undefined if it is not kept. */
  slot(at: number, error: WebhookError, delivery: Conclusion['delivery']): string | undefined
  /** Head and body, for the arrival with this id, and the topic that they claim; undefined if they cannot be kept. */
  of(id: string, delivery: Conclusion['delivery']): Pick<Arrival, 'kept' | 'claims'> | undefined
}

/** The argument of {@link createKept}. */
export interface KeptContext {
  readonly receiver: string
  readonly provider: Provider
  /** Most rejected deliveries of one size whose head and body are kept, for each code; undefined for no journal at all. */
  readonly kept: number | undefined
  /** Seals what is kept of them. */
  readonly seal: Seal | undefined
}

const KIB = 1024
/**
 * Sizes of a request, head and body, in bytes, each with its places of a minute: 1 MiB for small ones, a quarter for each other
 * size. A request takes a place of its own size alone, so that a few large ones neither block nor displace small ones.
 */
const SIZES: readonly (readonly [size: number, places: number])[] = [
  [2 * KIB, 512],
  ...[4, 8, 16, 32, 64, 128, 256].map((size) => [size * KIB, 256 / size] as const),
]
const LARGEST = 256 * KIB
// Characters of URL and header lines. Hosts on node:http allow 16 KiB.
const LARGEST_HEAD = 64 * KIB
const MINUTE = 60_000
/** Minutes whose samples are kept under a flood; without one, the last requests stay. */
const MINUTES = 3
// Browsers and crawlers ask for any URL, and there is nothing to explain.
const UNUSED: ErrorCode = 'method_not_allowed'

/**
 * Makes a {@link Kept}: for each code and size, places for requests that look like genuine deliveries, and others for the rest.
 * If more come in a minute, each kind of place holds a uniform sample, since a copied head cannot be told apart. Without
 * credentials, and sealed if the receiver seals.
 */
export function createKept({ receiver, kept: most = 0, provider, seal }: KeptContext): Kept {
  // Made for the first rejection: many receivers have none.
  let mask: ReturnType<typeof masker> | undefined
  const likeness = createLikeness(provider.claims)
  const reservoirs = new Map<string, Reservoir>()

  return {
    verified: (delivery, at) => {
      if (most > 0) likeness.learn(delivery, at)
    },
    slot(at, { code }, delivery) {
      if (most === 0 || code === UNUSED || !isWhole(delivery)) return undefined
      const head = headOf(delivery)
      const { byteLength } = delivery.body
      if (byteLength > LARGEST || head > LARGEST_HEAD) return undefined
      const found = SIZES.findIndex(([largest]) => head + byteLength <= largest)
      const size = found < 0 ? SIZES.length - 1 : found
      const kinds = likeness.matches(delivery) ? (['like', 'any'] as const) : (['any'] as const)
      for (const kind of kinds) {
        const name = `${code}\n${kind} ${size}`
        const place = reservoirOf(name, kind, size).place(at)
        if (place !== undefined) return `${receiver}\n${name} ${place}`
      }
      return undefined
    },
    of(id, delivery) {
      if (!isWhole(delivery)) return undefined
      try {
        mask ??= masker(provider)
        const request = mask(delivery)
        if (seal) return { kept: sealKept(seal, id, request) }
        const claims = claimedTopic({ method: delivery.method, ...request }, provider)
        return { kept: request, ...(claims !== undefined && { claims }) }
      } catch {
        // What cannot be judged is not kept.
        return undefined
      }
    },
  }

  function reservoirOf(name: string, kind: 'like' | 'any', size: number): Reservoir {
    let found = reservoirs.get(name)
    if (!found) {
      // Nobody misses most of what looks like nothing that was ever verified.
      const places = Math.ceil(SIZES[size]![1] / (kind === 'like' ? 1 : 2))
      reservoirs.set(name, (found = createReservoir(Math.min(places, Math.ceil(most / 2)))))
    }
    return found
  }
}

/** Chooses which of many are kept: a uniform sample of each minute, in places that are used again. */
interface Reservoir {
  /** The place for one more, at a time in milliseconds since 1970; undefined if it is not kept. */
  place(at: number): number | undefined
}

/** Makes one of `size` places a minute. */
function createReservoir(size: number): Reservoir {
  let minute = Number.NaN
  let first = 0
  let seen = 0

  return {
    place(at) {
      const now = Math.floor(at / MINUTE)
      if (now !== minute) {
        first = (first + Math.min(seen, size)) % (size * MINUTES)
        minute = now
        seen = 0
      }
      seen++
      const chosen = seen <= size ? seen - 1 : Math.floor(Math.random() * seen)
      return chosen < size ? (first + chosen) % (size * MINUTES) : undefined
    },
  }
}

function headOf(delivery: Delivery): number {
  let size = delivery.url.length
  for (const [name, value] of delivery.headerLines()) size += name.length + value.length
  return size
}

function isWhole(delivery: Conclusion['delivery']): delivery is Delivery {
  return delivery !== undefined && 'headerLines' in delivery
}

/** What genuine deliveries of a receiver look like: their user agent, the shape of their head, the form of their id. */
interface Likeness {
  /** A delivery that was verified. */
  learn(delivery: Delivery, at: number): void
  /** True if a rejected delivery looks like a genuine one. A copied head does too. */
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
function createLikeness(claims: string | undefined): Likeness {
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
