import { unknownOptions, madeOf, mergeDeep } from '@postern/core/internal'
import type { EventMap } from '@postern/core'
import type { Draft, Provider, SignableRequest } from '@postern/core/scheme'
import { fill } from './fill.ts'
import { sample, type Sample } from './samples.ts'

/** Options of {@link signed}. */
export interface SignedOptions {
  /** Id of the event. @default the sample's id, or else an id that the provider creates */
  readonly id?: string
  /** URL of the request, which some senders sign. @default 'https://example.com/webhooks' */
  readonly url?: string
  /** Additional headers. */
  readonly headers?: Readonly<Record<string, string>>
  /** Time that the signature states, in milliseconds since 1970. @default now */
  readonly at?: number
  /** Secret that signs instead of the provider's first secret, to test that a receiver rejects the delivery. */
  readonly secret?: string
}

/**
 * Returns a delivery as the sender would create it, as a fetch `Request`. The delivery's payload is the topic's sample
 * with your payload merged in deeply. Ids, times and amounts of samples are new each time. If `payload` is a function,
 * the function gets the sample's payload and returns the whole payload. So a function can change lists and remove
 * members.
 *
 * @throws {TypeError} if the provider cannot sign, because only the sender has its key. Also if the topic is unknown
 * and no payload is given, or if an option is wrong.
 * @example
 * const request = await signed(stripe({ secret }), 'invoice.paid', { data: { object: { total: 999 } } })
 * const response = await receiver.fetch(request)
 */
export async function signed<Events extends EventMap>(
  provider: Provider<Events>,
  topic?: keyof Events & string,
  payload?: unknown,
  options: SignedOptions = {},
): Promise<Request> {
  return toRequest(await signedInit(provider, topic, payload, options))
}

/** Returns the same delivery as plain data: method, URL, headers and bytes. Throws what {@link signed} throws. */
export async function signedInit<Events extends EventMap>(
  provider: Provider<Events>,
  topic?: keyof Events & string,
  payload?: unknown,
  options: SignedOptions = {},
): Promise<SignableRequest> {
  requireProvider('signed', provider)
  unknownOptions('signed', options, ['id', 'url', 'headers', 'at', 'secret'])
  const { url, at } = options
  if (url !== undefined && !URL.canParse(url))
    throw new TypeError(
      `signed: url must be an absolute URL, such as https://example.com/hooks, got ${url}`,
    )
  if (at !== undefined && !Number.isFinite(at))
    throw new TypeError(
      `signed: at must be milliseconds since 1970, got ${String(at)}; give date.getTime()`,
    )
  if (!provider.sign)
    throw new TypeError(
      `signed: ${provider.name} cannot sign: only its sender has the key; test with a delivery that was recorded (fromDelivery)`,
    )
  const found = await sampleOf(provider, topic, payload !== undefined)
  const draft: Partial<Sample> =
    found === undefined ? {} : fill(found, at === undefined ? {} : { now: at })
  const { id = draft.id, ...rest } = options
  return provider.sign({
    ...rest,
    ...((topic ?? draft.topic) !== undefined && { topic: topic ?? draft.topic }),
    ...(id !== undefined && { id }),
    payload: laidOver(draft.payload, payload),
  } as Draft<Events>)
}

export function requireProvider(what: string, provider: unknown): void {
  if (typeof provider === 'function')
    throw new TypeError(
      `${what}: provider must be what a factory makes, got the factory; call it: ${provider.name || 'github'}({ secret })`,
    )
  if (typeof provider !== 'object' || provider === null || !('verify' in provider))
    throw new TypeError(
      `${what}: provider must be what a factory makes, as in github({ secret }), got ${String(provider)}`,
    )
}

/** Returns the provider's name. For a gateway, this is the name of the sender behind the gateway. */
export function senderOf(provider: Provider): string {
  const sender = provider.inner ?? provider
  return madeOf(sender)?.factory.about.name ?? sender.name
}

export function toRequest({ url, method, headers, body }: SignableRequest): Request {
  const empty = method === 'GET' || method === 'HEAD'
  return new Request(url, { method, headers, ...(!empty && { body }) })
}

async function sampleOf(
  provider: Provider,
  topic: string | undefined,
  hasPayload: boolean,
): Promise<Sample | undefined> {
  const name = senderOf(provider)
  try {
    return await sample(name, topic)
  } catch (error) {
    // Without a sample, the given payload is the whole payload.
    if (hasPayload) return undefined
    throw error
  }
}

function laidOver(base: unknown, payload: unknown): unknown {
  if (typeof payload === 'function') return (payload as (sample: unknown) => unknown)(base ?? {})
  if (payload === undefined || base === undefined) return payload ?? base ?? {}
  return typeof base === 'object' && base !== null ? mergeDeep(base, payload) : payload
}
