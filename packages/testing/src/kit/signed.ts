import type { EventMap } from '@postern/core'
import {
  madeOf,
  mergeDeep,
  type Draft,
  type Provider,
  type SignableRequest,
} from '@postern/core/scheme'
import { fill } from '../samples/fill.ts'
import { sample, type Sample } from '../samples/samples.ts'

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
  /** Signs with this secret in place of the provider's first one: for a delivery that must be refused. */
  readonly secret?: string
}

/**
 * A delivery as the sender would make it, as a fetch `Request`. Its payload is the sample of the topic with yours merged
 * into it, deeply; ids, times and amounts of samples are fresh each time.
 *
 * @throws TypeError if the provider cannot sign, since only the sender has its key, or the topic is unknown and no payload
 * is given.
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
  if (!provider.sign)
    throw new TypeError(
      `signed: ${provider.name} cannot sign: only its sender has the key; test with a delivery that was recorded (fromDelivery)`,
    )
  const found = await sampleOf(provider, topic, payload !== undefined)
  const draft: Partial<Sample> =
    found === undefined ? {} : fill(found, options.at === undefined ? {} : { now: options.at })
  const { id = draft.id, ...rest } = options
  return provider.sign({
    ...rest,
    ...((topic ?? draft.topic) !== undefined && { topic: topic ?? draft.topic }),
    ...(id !== undefined && { id }),
    payload: laidOver(draft.payload, payload),
  } as Draft<Events>)
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
  const name = madeOf(provider)?.factory.about.name ?? provider.name
  try {
    return await sample(name, topic)
  } catch (error) {
    // Senders without samples, and topics without one, have the payload that is given.
    if (hasPayload) return undefined
    throw error
  }
}

function laidOver(base: unknown, payload: unknown): unknown {
  if (payload === undefined || base === undefined) return payload ?? base ?? {}
  return typeof base === 'object' && base !== null ? mergeDeep(base, payload) : payload
}
