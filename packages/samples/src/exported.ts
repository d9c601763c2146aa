import type { StoredDelivery } from '@postern/core/inbox'
import type { Draft, Provider } from '@postern/core/scheme'
import { requireProvider, senderOf, toRequest } from './signed.ts'

/** Stored delivery as JSON, in the format of the button "copy as test". */
export interface ExportedDelivery {
  readonly provider: string
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The body, encoded as `encoding` says. */
  readonly body: string
  /** Encoding of `body`. @default 'utf8' */
  readonly encoding?: 'utf8' | 'base64'
  /** Time at which the delivery arrived, in milliseconds since 1970. */
  readonly receivedAt: number
}

// Signing or sending the request sets these headers again.
const DROPPED = new Set([
  'host',
  'connection',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'accept-encoding',
])

/** Returns a stored delivery as JSON, for {@link fromDelivery}. */
export function exportDelivery(provider: string, delivery: StoredDelivery): ExportedDelivery {
  const { method, url, headers, body, receivedAt } = delivery
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  const isText = !text.includes('\uFFFD')
  return {
    provider,
    method,
    url,
    headers,
    body: isText ? text : Buffer.from(body).toString('base64'),
    ...(!isText && { encoding: 'base64' as const }),
    receivedAt,
  }
}

/**
 * Returns a received delivery as a `Request`, signed again with your test secret. The signed time is the time of
 * arrival, so freeze the receiver's clock at that time: `frozen(exported.receivedAt)`.
 *
 * @throws {TypeError} if the value is not an exported delivery, or the provider cannot sign.
 * @example
 * const now = frozen(exported.receivedAt)
 * const receiver = createReceiver({ provider, clock: { now }, inbox: inlineInbox() })
 * expect((await deliver(receiver, fromDelivery(exported, provider))).status).toBe(200)
 */
export function fromDelivery(exported: ExportedDelivery, provider: Provider): Request {
  if (!isExported(exported))
    throw new TypeError(
      'fromDelivery: exported must be what exportDelivery or "copy as test" made; copy it whole',
    )
  requireProvider('fromDelivery', provider)
  const { method, url, headers, body, encoding = 'utf8', receivedAt } = exported
  const sender = senderOf(provider)
  if (![sender, provider.name].includes(exported.provider))
    throw new TypeError(
      `fromDelivery: exported is a delivery of ${exported.provider}, got a provider of ${sender}; give that sender's`,
    )
  if (!provider.sign)
    throw new TypeError(
      `fromDelivery: ${provider.name} cannot sign, since only its sender has the key; test its handlers with receiver.ingest`,
    )
  const draft: Draft = {
    method,
    url,
    headers: Object.fromEntries(keptHeaders(headers, provider)),
    body: Uint8Array.from(Buffer.from(body, encoding)),
    at: receivedAt,
  }
  return toRequest(provider.sign(draft))
}

function isExported(exported: ExportedDelivery | undefined): exported is ExportedDelivery {
  return (
    typeof exported?.body === 'string' &&
    typeof exported.url === 'string' &&
    Array.isArray(exported.headers) &&
    Number.isFinite(exported.receivedAt) &&
    [undefined, 'utf8', 'base64'].includes(exported.encoding)
  )
}

export function keptHeaders(
  headers: ExportedDelivery['headers'],
  provider: Provider,
): ExportedDelivery['headers'] {
  const dropped = new Set([
    ...DROPPED,
    ...(provider.credentials?.headers ?? []).map((name) => name.toLowerCase()),
    ...timedBy(provider),
  ])
  return headers.filter(([name]) => !dropped.has(name))
}

/**
 * Returns the names of the headers that signing sets: the headers that differ between two deliveries signed at two
 * times.
 */
function timedBy(provider: Provider): readonly string[] {
  const signedAt = (at: number): Readonly<Record<string, string>> =>
    provider.sign!({ id: 'evt_1', payload: { at }, at }).headers
  try {
    const later = signedAt(1_700_000_000_000)
    return Object.entries(signedAt(1_600_000_000_000)).flatMap(([name, value]) =>
      later[name] === value ? [] : [name],
    )
  } catch {
    // This provider cannot sign without a topic. No header is dropped here, because `sign` overwrites the old headers.
    return []
  }
}
