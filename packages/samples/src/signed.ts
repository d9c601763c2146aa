import { unknownOptions, madeOf, mergeDeep } from '@postern/core/internal'
import type { EventMap } from '@postern/core'
import type { Draft, Provider, SignableRequest } from '@postern/core/scheme'
import { fill } from './fill.ts'
import { sample, type Sample } from './samples.ts'

/** Options of {@link signed}. */
export interface SignedOptions {
  /** The event's id. @default that of the sample, else one that the provider makes */
  readonly id?: string
  /** URL of the request: senders that sign the URL sign this one. @default 'https://example.com/webhooks' */
  readonly url?: string
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>
  /** When it was signed, in milliseconds since 1970. @default now */
  readonly at?: number
  /** Signs with this secret in place of the provider's first one: for a delivery that must be rejected. */
  readonly secret?: string
}

/**
 * A delivery as the sender would make it, as a fetch `Request`. Its payload is the sample of the topic with yours merged
 * into it, deeply; ids, times and amounts of samples are fresh each time. A function makes the whole payload of the
 * sample's: it can change lists, and take members away.
 *
 * @throws {TypeError} if the provider cannot sign, since only the sender has its key, if the topic is unknown and no payload
 * is given, or an option is wrong.
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

/** The same as plain data: method, URL, headers and bytes. */
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
      `signed: url must be a whole URL, as in https://example.com/hooks, got ${url}`,
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

/** Throws if it is not a provider, as when the factory was not called. */
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

/** Whose samples a provider has: of a gateway, those of the sender behind it. */
export function senderOf(provider: Provider): string {
  const sender = provider.inner ?? provider
  return madeOf(sender)?.factory.about.name ?? sender.name
}

/** A fetch `Request` of what a provider signed. */
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
    // Senders without samples, and topics without one, have the payload that is given.
    if (hasPayload) return undefined
    throw error
  }
}

function laidOver(base: unknown, payload: unknown): unknown {
  if (typeof payload === 'function') return (payload as (sample: unknown) => unknown)(base ?? {})
  if (payload === undefined || base === undefined) return payload ?? base ?? {}
  return typeof base === 'object' && base !== null ? mergeDeep(base, payload) : payload
}
