import type { Delivery } from '../delivery.ts'
import type { ErrorCode, WebhookError } from '../errors.ts'
import type { CheckedOptions } from '../receiver/options.ts'
import type { Exchange } from './exchange.ts'

/**
 * Error codes of rejections that `explain` can find the cause of: wrong signatures, signature headers and times.
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

export type Explainer = (
  exchange: Exchange,
  delivery: Partial<Delivery>,
  error: WebhookError,
) => void

const EVERY = 1000
/**
 * Creates an explainer. It explains at most one rejection per second, since anybody can cause rejections, and only if
 * the observer has a method `explained`. A request that is rejected before its body is read cannot be explained. In
 * development, the receiver therefore reads the body of such a request too.
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
    // Waits for the next turn of the event loop, so that the reply is sent first.
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
  return delivery.headerLines !== undefined
}
