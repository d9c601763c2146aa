import type { StoredDelivery } from '@postern/core/inbox'
import type { Draft, Provider } from '@postern/core/scheme'
import { requireProvider, senderOf, toRequest } from './signed.ts'

/** A stored delivery as JSON, as "copy as test" copies it. */
export interface ExportedDelivery {
  readonly provider: string
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The body, as a string if it is UTF-8. */
  readonly body: string
  /** How `body` is written. @default 'utf8' */
  readonly encoding?: 'utf8' | 'base64'
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number
}

// Headers of the transport, or those that signing makes again.
const DROPPED = new Set([
  'host',
  'connection',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'accept-encoding',
])

/** A stored delivery as JSON, for {@link fromDelivery}. */
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
 * A delivery that was received, as a `Request` that is signed again with your test secret, at the time of its arrival.
 * Freeze the clock of the receiver there: `frozen(exported.receivedAt)`.
 *
 * @throws {TypeError} if it is not an exported delivery, or the provider cannot sign.
 * @example
 * const now = frozen(exported.receivedAt)
 * const receiver = createReceiver({ provider, now, inbox: inlineInbox() })
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

/** The headers of a delivery that signing does not write again. */
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
 * The headers that signing writes again: signatures, and times, which some senders keep if they are given. They are those
 * that differ when two payloads are signed at two times.
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
    // A draft without a topic is none for this sender: signing overwrites its headers.
    return []
  }
}
