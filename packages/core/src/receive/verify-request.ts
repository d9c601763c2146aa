import { kindOf, unknownOptions } from '../basics/unknown-options.ts'
import { parseBody, readsXml } from '../body/formats.ts'
import { loadXml } from '../body/xml/xml.ts'
import { toWebhookError } from '../errors.ts'
import { toEvent, type EventMap, type WebhookEvent } from '../event.ts'
import { resolveLimits, type LimitOptions, type Limits } from '../limits.ts'
import type { Provider } from '../provider/provider.ts'
import type { EventOf } from '../subscribe/topic-types.ts'
import { createAdmit, type Admission, type Head } from './admit.ts'
import { Exchange } from './exchange.ts'
import { identify, type IdentifyContext } from './identify.ts'
import { createAnswers } from './reply/answer.ts'
import type { Reply } from './reply/reply.ts'
import { stripper } from './strip.ts'
import { createDelivery, markVerified, ownDelivery } from './http-delivery.ts'

/** Options of {@link verifyRequest}. */
export interface VerifyRequestOptions {
  /** Limits for one request. @default the default limits of a receiver */
  readonly limits?: LimitOptions
}

/** The result of {@link verifyRequest} for a request whose signature matched. */
export interface VerifiedRequest<Events extends EventMap = EventMap> {
  /** The events, in order; empty if the request was a challenge. */
  readonly events: readonly EventOf<Events, keyof Events & string>[]
  /** The reply to a challenge, or the provider's own reply to events. If `reply` is absent, reply with an empty 200. */
  readonly reply?: Reply
}

/**
 * Verifies one request and returns its events. Stores and deduplicates nothing, and runs no handlers. Reads the body
 * within the limits. Works in every runtime that has `Request`.
 *
 * @throws WebhookError with the `code` and `status` that a receiver would reply. The error message is for your log, not
 * for the sender.
 * @example
 * const { events, reply } = await verifyRequest(github({ secret }), request)
 * for (const event of events) console.log(event.topic, event.payload)
 * return new Response(reply?.body, { status: reply?.status ?? 200 })
 */
export async function verifyRequest<Events extends EventMap>(
  provider: Provider<Events>,
  request: Request,
  options: VerifyRequestOptions = {},
): Promise<VerifiedRequest<Events>> {
  const { admit, limits, context } = verifierOf(provider, options)
  if (typeof Object(request).headers?.get !== 'function')
    throw new TypeError(`verifyRequest: request must be a Request, got ${kindOf(request)}`)
  const { FetchHeaders, readRequest } = await import('../fetch.ts')
  const { method, url } = request
  const head = { method, url, headers: new FetchHeaders(request.headers) }
  let admission: Admission | undefined
  try {
    admission = admit(head)
    const read = await readRequest(request, limits, admission)
    admission.complete()
    const delivery = ownDelivery({ ...head, ...(read && { body: read }) }, limits, provider)
    if (readsXml(provider)) await loadXml()

    const greeting = await provider.greet?.(delivery, Date.now)
    if (greeting) {
      const { keep, ...reply } = greeting
      await keep?.()
      return { events: [], reply }
    }
    const verified = (await provider.verify(delivery, Date.now)) ?? {}
    if (!provider.unauthenticated) markVerified(delivery)
    const body = await parseBody(delivery, false)
    const challenge = await provider.handshake?.(delivery, body, verified)
    if (challenge) return { events: [], reply: challenge }

    const exchange = new Exchange(context, delivery, admission.at, admission.started)
    const { events, intake } = identify(context, delivery, body, verified, exchange)
    const reply = provider.reply?.({ kind: 'accepted', events }, delivery)
    return {
      events: events.map(
        (event) =>
          toEvent(provider.name, event, intake.delivery, event.payload) as WebhookEvent &
            EventOf<Events, keyof Events & string>,
      ),
      ...(reply && { reply }),
    }
  } catch (error) {
    throw toWebhookError(error)
  } finally {
    admission?.release()
  }
}

interface Verifier {
  readonly admit: (head: Head) => Admission
  readonly limits: Limits
  readonly context: IdentifyContext & { readonly monotonic: () => number }
}

const verifiers = new WeakMap<Provider, { given: LimitOptions | undefined; made: Verifier }>()

function verifierOf(provider: Provider, options: VerifyRequestOptions): Verifier {
  unknownOptions('verifyRequest', options, ['limits'])
  if (typeof Object(provider).verify !== 'function')
    throw new TypeError(
      `verifyRequest: provider must be what a factory such as github({ secret }) returns, got ${kindOf(provider)}`,
    )
  const known = verifiers.get(provider)
  if (known && known.given === options.limits) return known.made
  const limits = resolveLimits(options.limits, provider.limits)
  const monotonic = (): number => performance.now()
  const admit = createAdmit({
    provider,
    limits,
    now: Date.now,
    monotonic,
    ensureOpen: () => undefined,
    lenient: false,
  })
  const made: Verifier = {
    admit: (head) => admit(createDelivery(head, limits, provider)),
    limits,
    context: {
      receiver: provider.name,
      provider,
      answers: createAnswers(),
      observer: {},
      monotonic,
      exact: false,
      dedupe: 'none',
      onUnhandled: 'acknowledge',
      keepBody: undefined,
      tenantKey: undefined,
      subscriptionsOf: () => [],
      strip: stripper(provider.credentials),
      isDeaf: () => false,
    },
  }
  verifiers.set(provider, { given: options.limits, made })
  return made
}
