import type { Delivery } from '../delivery.ts'
import type { ErrorCode, WebhookError } from '../errors.ts'
import type { Arrival } from '../inbox/journal.ts'
import { type Seal, sealKept } from '../inbox/seal.ts'
import type { Provider } from '../provider/provider.ts'
import type { Conclusion } from '../receive/exchange.ts'
import { masker } from '../receive/credentials/mask.ts'
import { claimedTopic } from './claimed-topic.ts'
import { LRUCache } from 'lru-cache'

/** Decides which rejected deliveries are kept with head and body, so that they can be explained later. */
export interface Kept {
  /** Learns what a verified delivery looks like. Rejected deliveries that look similar are kept separately. */
  verified(delivery: Delivery, at: number): void
  /**
   * Returns the slot for a rejected delivery: the journal key under which to store it. A later rejection may get the
   * same slot, and then replaces this delivery. Returns undefined if the delivery is not kept.
   */
  slot(at: number, error: WebhookError, delivery: Conclusion['delivery']): string | undefined
  /** Returns head, body and claimed topic to store with the arrival `id`. Returns undefined if they cannot be kept. */
  of(id: string, delivery: Conclusion['delivery']): Pick<Arrival, 'kept' | 'claims'> | undefined
}

export interface KeptContext {
  readonly receiver: string
  readonly provider: Provider
  /** Maximum number of rejections to keep per minute, size and error code; undefined if there is no journal. */
  readonly kept: number | undefined
  readonly seal: Seal | undefined
}

const KIB = 1024
/**
 * Pairs of a maximum request size (head and body, in bytes) and a number of slots per minute for requests that look
 * genuine. These slots hold 1 MiB in total for the smallest size, and 256 KiB for each larger size. With separate
 * slots, a few large requests neither block nor replace small ones.
 */
const SIZES: readonly (readonly [size: number, places: number])[] = [
  [2 * KIB, 512],
  ...[4, 8, 16, 32, 64, 128, 256].map((size) => [size * KIB, 256 / size] as const),
]
const LARGEST = 256 * KIB
// Maximum length of URL and header lines, in characters. Node's HTTP server allows 16 KiB.
const LARGEST_HEAD = 64 * KIB
const MINUTE = 60_000
/** Number of minutes whose samples stay during a flood. Without a flood, the latest requests stay longer. */
const MINUTES = 3
// Rejections with this code are not kept: browsers and crawlers request any URL, so there is nothing to explain.
const UNUSED: ErrorCode = 'method_not_allowed'

/**
 * Creates a {@link Kept}. For each code and size, some slots are only for requests that look genuine, and the other
 * slots are for all requests. If a minute has more requests than slots, a random sample is kept, since an attacker can
 * copy a genuine head. Credentials are removed, and requests are encrypted if the receiver encrypts.
 */
export function createKept({ receiver, kept: most = 0, provider, seal }: KeptContext): Kept {
  // The masker is made for the first rejection, since many receivers never reject.
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
        const place = reservoirOf(name, kind, size)(at)
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
        return undefined
      }
    },
  }

  function reservoirOf(name: string, kind: 'like' | 'any', size: number): Reservoir {
    let found = reservoirs.get(name)
    if (!found) {
      // There are half as many slots for all requests as for requests that look genuine.
      const places = Math.ceil(SIZES[size]![1] / (kind === 'like' ? 1 : 2))
      reservoirs.set(name, (found = createReservoir(Math.min(places, Math.ceil(most / 2)))))
    }
    return found
  }
}

/** Returns the number of the slot for an entry at `at` (milliseconds since 1970); undefined if it is not kept. */
type Reservoir = (at: number) => number | undefined

/**
 * Creates a reservoir. For each minute, it keeps a uniform random sample of `size` entries. Its slots are reused after
 * {@link MINUTES} minutes.
 */
function createReservoir(size: number): Reservoir {
  let minute = Number.NaN
  let first = 0
  let seen = 0

  return (at) => {
    const now = Math.floor(at / MINUTE)
    if (now !== minute) {
      first = (first + Math.min(seen, size)) % (size * MINUTES)
      minute = now
      seen = 0
    }
    seen++
    const chosen = seen <= size ? seen - 1 : Math.floor(Math.random() * seen)
    return chosen < size ? (first + chosen) % (size * MINUTES) : undefined
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

/** What genuine deliveries to a receiver look like: user agent, names of headers, and form of the id. */
interface Likeness {
  learn(delivery: Delivery, at: number): void
  /** Returns true if a rejected delivery looks genuine. An attacker can copy a head, so this proves nothing. */
  matches(delivery: Delivery): boolean
}

// Maximum number of remembered values per feature (user agent, names of headers, form of the id). A sender has few
// values; the limit leaves room for several tenants.
const FORMS = 64
// Minimum time between two calls of `learn` that have an effect, in milliseconds. One such call costs more than
// verifying a small delivery.
const EVERY = 100
const LONGEST = 256
// Headers that say nothing about the sender: proxies add them, or they differ between deliveries.
const PASSING =
  /^(?:x-forwarded-|cf-|x-amz-cf-|x-real-ip$|x-request-id$|forwarded$|via$|traceparent$|tracestate$|content-length$|transfer-encoding$|connection$)/

/** `claims` is the name of the header that contains the event's id. */
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
      // Before the first genuine delivery, no values are known. So a delivery looks genuine if it has all features.
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

/** Returns the form of an id: each run of hex digits becomes `0`, and each run of other letters `a`. */
function formOf(id: string): string {
  return id.replaceAll(/[\dA-Fa-f]+/g, '0').replaceAll(/[A-Za-z]+/g, 'a')
}
