import type { Delivery } from '../delivery.ts'
import type { ErrorCode, WebhookError } from '../errors.ts'
import type { CheckedOptions } from '../receiver/options.ts'
import type { Exchange } from './exchange.ts'

/**
 * The codes of rejections whose cause `explain` can find: those of the signature, its headers and its time.
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

/** Looks for the cause of a rejection, off the path of its reply. */
export type Explainer = (
  exchange: Exchange,
  delivery: Partial<Delivery>,
  error: WebhookError,
) => void

const EVERY = 1000
/**
 * Makes an explainer that looks at one rejection a second, since anybody can make a receiver reject. It does nothing
 * while no observer listens. Requests that were rejected before their body was read
 * cannot be explained: in development, heads are judged with their body.
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
    // A turn of the event loop later: the reply is on its way by then.
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
