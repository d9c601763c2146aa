import type { Delivery } from '../delivery.ts'
import type { ErrorCode, WebhookError } from '../errors.ts'
import type { Arrival } from '../inbox/journal.ts'
import type { Seal } from '../inbox/seal.ts'
import type { Provider } from '../provider/provider.ts'
import { sealKept } from '../inbox/sealed-kept.ts'
import type { Conclusion } from '../receive/exchange.ts'
import { masker } from '../receive/credentials/mask.ts'
import { claimedTopic } from './claimed-topic.ts'
import { createLikeness } from './likeness.ts'
import { createReservoir, type Reservoir } from './reservoir.ts'

/** Keeps head and body of refused deliveries. */
export interface Kept {
  /** A delivery was verified: refused ones that look like it have places of their own. */
  verified(delivery: Delivery, at: number): void
  /** The slot for a refusal, in which the next one to get it takes its place; undefined if it is not kept. */
  slot(at: number, error: WebhookError, delivery: Conclusion['delivery']): string | undefined
  /** Head and body, for the arrival with this id, and the topic that they claim; undefined if they cannot be kept. */
  of(id: string, delivery: Conclusion['delivery']): Pick<Arrival, 'kept' | 'claims'> | undefined
}

/** The argument of {@link createKept}. */
export interface KeptContext {
  readonly receiver: string
  readonly provider: Provider
  /** Refused deliveries whose head and body are kept, for each code; undefined for no journal at all. */
  readonly kept: number | undefined
  /** Seals what is kept of them. */
  readonly seal: Seal | undefined
}

const LARGEST = 256 * 1024
// Characters of URL and header lines. Hosts on node:http allow 16 KiB.
const LARGEST_HEAD = 64 * 1024
// Browsers and crawlers ask for any URL, and there is nothing to explain.
const UNUSED: ErrorCode = 'method_not_allowed'

/**
 * Makes a {@link Kept}: for each code half of the places of a minute for what looks like genuine deliveries, half for a uniform
 * sample of all, since a copied head cannot be told apart. Without credentials, and sealed if the receiver seals.
 */
export function createKept({ receiver, kept: most = 0, provider, seal }: KeptContext): Kept {
  const mask = masker(provider)
  const likeness = createLikeness(provider.claims)
  const halves = new Map<ErrorCode, Readonly<Record<Half, Reservoir>>>()

  return {
    verified: (delivery, at) => {
      if (most > 0) likeness.learn(delivery, at)
    },
    slot(at, { code }, delivery) {
      if (most === 0 || code === UNUSED || !isWhole(delivery)) return undefined
      const head = headOf(delivery)
      if (delivery.body.byteLength > LARGEST || head > LARGEST_HEAD) return undefined
      const bytes = delivery.body.byteLength + head
      const half = halvesOf(code)
      const like = likeness.matches(delivery) ? half.like.place(at, bytes) : undefined
      const any = half.any.place(at, like === undefined ? bytes : 0)
      if (like !== undefined) return `${receiver}\n${code}\nlike ${like}`
      return any === undefined ? undefined : `${receiver}\n${code}\nany ${any}`
    },
    of(id, delivery) {
      if (!isWhole(delivery)) return undefined
      try {
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

  function halvesOf(code: ErrorCode): Readonly<Record<Half, Reservoir>> {
    let found = halves.get(code)
    if (!found) {
      const size = Math.ceil(most / 2)
      halves.set(code, (found = { like: createReservoir(size), any: createReservoir(size) }))
    }
    return found
  }
}

type Half = 'like' | 'any'

function headOf(delivery: Delivery): number {
  let size = delivery.url.length
  for (const [name, value] of delivery.headerLines()) size += name.length + value.length
  return size
}

function isWhole(delivery: Conclusion['delivery']): delivery is Delivery {
  return delivery !== undefined && 'headerLines' in delivery
}
