import type { Delivery } from '../delivery.ts'
import type { ErrorCode, WebhookError } from '../errors.ts'
import type { CheckedOptions } from '../receiver/options.ts'
import type { Exchange } from './exchange.ts'

/**
 * The rejection codes whose cause `explain` can find: those of the signature, its headers and its time.
 *
 * @example
 * if (explainedCodes.has(error.code)) console.log(await explain(delivery, provider))
 */
export const explainedCodes: ReadonlySet<string> = /* @__PURE__ */ new Set<ErrorCode>([
  'missing_header',
  'malformed_header',
  'signature_mismatch',
  'timestamp_too_old',
  'timestamp_in_future',
  'unknown_sender',
])

/** Searches for the cause of a rejection, without delaying its reply. */
export type Explainer = (
  exchange: Exchange,
  delivery: Partial<Delivery>,
  error: WebhookError,
) => void

const EVERY = 1000
/**
 * Makes an explainer. It explains at most one rejection per second, since anybody can cause rejections, and only if an
 * observer listens. A request that is rejected before its body is read cannot be explained. In development, heads are
 * therefore judged with their body.
 */
export function createExplainer(
  { provider, observer, monotonic }: Pick<CheckedOptions, 'provider' | 'observer' | 'monotonic'>,
  ms: number,
): Explainer {
  let last = -Infinity

  return (exchange, delivery, { code }) => {
    if (
      !explainedCodes.has(code) ||
      !isWhole(delivery) ||
      !observer.explained ||
      monotonic() - last < EVERY
    )
      return
    last = monotonic()
    // One turn of the event loop later, the reply is on its way.
    setTimeout(() => {
      void tell(exchange, delivery).catch(() => undefined)
    })
  }

  async function tell(exchange: Exchange, delivery: Delivery): Promise<void> {
    const { explain } = await import('../explain/explain.ts')
    const explanation = await explain(delivery, provider, { now: () => exchange.at, ms })
    observer.explained?.(exchange.info, explanation)
  }
}

function isWhole(delivery: Partial<Delivery>): delivery is Delivery {
  return delivery.headerLines !== undefined && delivery.body !== undefined
}
