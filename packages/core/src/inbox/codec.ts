import { textBytes, concat, toBuffer, utf8, decodeText } from '../body/bytes.ts'
import { parseJson } from '../body/json.ts'
import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { KeptRequest } from './journal.ts'

// Inboxes store opaque strings and bytes. JSON has neither BigInt nor bytes. Each such value is stored as an object
// with a single key, which starts with MARK. A payload key that starts with MARK gets a second MARK, so that no sender
// can forge such an object. MARK is a private-use character, which JSON writes without an escape. An escaped key would
// cause errors: PostgreSQL's jsonb rejects \u0000, and V8 13 confuses two escaped keys with the same start.
const MARK = '\ue000'
const BIGINT = '\ue000n'
const BYTES = '\ue000b'

/**
 * Returns an event as a string that keeps BigInt and bytes. If the body of `delivery` contains the payload, the string
 * leaves the payload out. In this case, store the delivery too, and pass both to {@link decodeEvent}.
 */
export function encodeEvent(event: EventRecord, delivery?: StoredDelivery): string {
  if (event.source === undefined || delivery === undefined || !isPlain(delivery))
    return JSON.stringify(mark({ ...event, source: undefined, guards: undefined }))
  return encodeOutline(event)
}

/** Returns the event that {@link encodeEvent} encoded. Throws a `TypeError` or `SyntaxError` for any other text. */
export function decodeEvent(text: string, delivery?: StoredDelivery): EventRecord {
  const decoded = decode(text) as Partial<EventRecord> | null
  if (typeof decoded?.key !== 'string' || typeof decoded.topic !== 'string')
    throw new TypeError('its event is not what Postern stored')
  const event = whole(decoded as EventRecord)
  if (event.source === undefined) return event
  if (delivery === undefined)
    throw new TypeError('decodeEvent: delivery must be given, since the event was encoded with it')
  return withPayload(event, delivery.body)
}

/** An empty event and an empty delivery, used if the stored contents cannot be read. */
export const NO_CONTENTS: { readonly event: EventRecord; readonly delivery: StoredDelivery } = {
  event: {
    key: '',
    dedupe: true,
    id: undefined,
    topic: '',
    aliases: [],
    payload: null,
    tenant: undefined,
    provider: '',
  },
  delivery: { method: 'POST', url: '/', headers: [], body: new Uint8Array(0), receivedAt: 0 },
}

/** An event without its payload, which is in the body of the delivery. */
type Outline = Omit<EventRecord, 'payload'>

export function encodeOutline(event: EventRecord): string {
  // JSON leaves out undefined members. A rest pattern that removes these members would cost twice as much.
  return JSON.stringify({ ...event, payload: undefined, guards: undefined })
}

export function decodeOutline(text: string): Outline {
  return whole(JSON.parse(text) as Outline)
}

/** Adds the payload to an outline. Parses the payload from `body`, so {@link isPlain} must be true for the delivery. */
export function withPayload(outline: Outline, body: Uint8Array): EventRecord {
  const exact = outline.source === 'exact'
  const text = decodeText(body, undefined)
  return { ...outline, payload: parseJson(text, { depth: Infinity, exact, bytes: body }) }
}

/** Adds the members that JSON leaves out when they are undefined. */
function whole<T extends Outline>(event: T): T {
  return { ...event, id: event.id, tenant: event.tenant }
}

/** Returns true if the body can be parsed as JSON without conversion: it is not compressed, and is UTF-8. */
export function isPlain({ body, headers }: StoredDelivery): boolean {
  return (
    body.length > 0 &&
    headers.every(
      ([name, value]) =>
        name !== 'content-encoding' &&
        (name !== 'content-type' || !/charset/i.test(value) || /charset="?utf-?8"?/i.test(value)),
    )
  )
}

/** Returns method, URL, headers, time and context of a delivery as a string, and its body as bytes. */
export function encodeDelivery(delivery: StoredDelivery): { head: string; body: Uint8Array } {
  const { method, url, headers, receivedAt, context } = delivery
  return {
    head: JSON.stringify({ method, url, headers, receivedAt, context }),
    body: delivery.body,
  }
}

/**
 * Returns the delivery that {@link encodeDelivery} encoded. Throws a `TypeError` or `SyntaxError` for any other text.
 */
export function decodeDelivery(head: string, body: Uint8Array): StoredDelivery {
  const decoded = JSON.parse(head) as Omit<StoredDelivery, 'body'> | null
  if (!Array.isArray(decoded?.headers))
    throw new TypeError('its delivery is not what Postern stored')
  return { ...decoded!, body }
}

export function encodeKept({ body, ...head }: KeptRequest): { head: string; body: Uint8Array } {
  return { head: JSON.stringify(head), body }
}

export function decodeKept(head: string, body: Uint8Array): KeptRequest {
  return { ...(JSON.parse(head) as Omit<KeptRequest, 'body'>), body }
}

export function packParts({ head, body }: { head: string; body: Uint8Array }): Uint8Array {
  const bytes = toBuffer(head)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return concat([length, bytes, body])
}

export function unpackParts(packed: Uint8Array): { head: string; body: Uint8Array } {
  const bytes = toBuffer(packed)
  const end = 4 + bytes.readUInt32BE(0)
  return { head: utf8(bytes.subarray(4, end)), body: bytes.subarray(end) }
}

function mark(value: unknown): unknown {
  if (typeof value === 'bigint') return { [BIGINT]: String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { [BYTES]: toBuffer(value).toString('base64') }
  if (Array.isArray(value)) return value.map(mark)
  if ('toJSON' in value && typeof value.toJSON === 'function') return mark(value.toJSON())
  const marked: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const name = key.startsWith(MARK) ? MARK + key : key
    // Assigning `__proto__` would set the prototype and lose the key.
    if (name === '__proto__')
      Object.defineProperty(marked, name, { value: mark(item), enumerable: true })
    else marked[name] = mark(item)
  }
  return marked
}

function decode(text: string): unknown {
  // Without MARK in the text, JSON.parse needs no reviver and is six times faster.
  return text.includes(MARK) ? JSON.parse(text, unmark) : JSON.parse(text)
}

function unmark(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const keys = Object.keys(value)
  const only = keys.length === 1 ? keys[0] : undefined
  const item = (value as Record<string, unknown>)[only ?? '']
  if (only === BIGINT) return BigInt(item as string)
  if (only === BYTES) return textBytes(item as string, 'base64')
  if (!keys.some((key) => key.startsWith(MARK))) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.startsWith(MARK) ? key.slice(1) : key, each]),
  )
}

/**
 * Returns a copy of a value that the app gave. Throws a `TypeError` if the value is not JSON, or if its JSON is longer
 * than 16,384 characters.
 */
export function checkJson(value: unknown, name: string): Json | undefined {
  if (value === undefined) return undefined
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new TypeError(`${name} must be a JSON value`, { cause: error })
  }
  if (text === undefined) throw new TypeError(`${name} must be a JSON value, got ${typeof value}`)
  if (text.length > 16_384)
    throw new TypeError(`${name} is ${text.length} characters of JSON, expected at most 16384`)
  return JSON.parse(text) as Json
}
