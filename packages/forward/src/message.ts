import { type WebhookEvent } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import type { SignableRequest } from '@postern/core/scheme'
import type { Signer } from './signer.ts'

/** Body that replaces the original bytes: a value to serialize as JSON, or bytes with their content type. */
export type Content =
  | { readonly json: unknown }
  | { readonly body: string | Uint8Array; readonly contentType: string }

interface MessageParts {
  readonly event: WebhookEvent
  readonly url: URL
  /** Id of the message, the same in all attempts. */
  readonly id: string
  readonly content: Content | undefined
  readonly passes: (name: string) => boolean
  readonly signer: Signer | undefined
  readonly now: number
}

// Headers that are never forwarded: they describe the incoming connection or body (RFC 9110, section 7.6.1).
const HOP = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export function compose(parts: MessageParts): SignableRequest {
  const { event, url, id, signer, now } = parts
  const { headers: content, body } = contentOf(event, parts.content)
  const own = { ...content, 'user-agent': 'Postern', 'webhook-id': id }
  const passed = headersOf(event, parts.passes)
  // Postern's signature covers the `webhook-id` of Postern, so this id replaces a received one. Without a signature,
  // the received `webhook-id` may be forwarded.
  const headers = signer ? { ...passed, ...own } : { ...own, ...passed }
  if (!signer)
    return { method: 'POST', url: url.href, headers, body: body as Uint8Array<ArrayBuffer> }
  return signer.sign!({ id, url: url.href, headers, body, topic: event.topic, at: now })
}

/** Returns a test for header names: exact names in any case, or prefixes that end in `*`. */
export function headerTest(names: readonly string[]): (name: string) => boolean {
  const exact = new Set<string>()
  const starts: string[] = []
  for (const name of names) {
    if (typeof name !== 'string' || !/^[!#$%&'*+\-.^_`|~\w]+$/.test(name))
      throw new TypeError(`headers: ${JSON.stringify(name)} is not the name of a header`)
    if (name.endsWith('*')) starts.push(name.slice(0, -1).toLowerCase())
    else exact.add(name.toLowerCase())
  }
  return (name) =>
    !HOP.has(name) && (exact.has(name) || starts.some((start) => name.startsWith(start)))
}

function headersOf(
  { delivery }: WebhookEvent,
  passes: (name: string) => boolean,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of delivery.headers)
    if (passes(name))
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  return headers
}

function contentOf(
  event: WebhookEvent,
  content: Content | undefined,
): { headers: Record<string, string>; body: Uint8Array } {
  if (content && 'body' in content)
    return {
      headers: { 'content-type': content.contentType },
      body: typeof content.body === 'string' ? Buffer.from(content.body) : content.body,
    }
  const { body, headers } = event.delivery
  // Sends JSON if the app gives `content`, or if the original bytes contain several events or are missing. The bytes
  // are missing for a GET. They are also missing for a body with a credential, because such a body is not stored.
  if (content || event.batch || body.length === 0)
    return {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(stringifyJson(content ? content.json : event.payload)),
    }
  const kept: Record<string, string> = {}
  for (const name of ['content-type', 'content-encoding']) {
    const line = headers.find(([each]) => each === name)
    if (line) kept[name] = line[1]
  }
  return { headers: kept, body }
}
