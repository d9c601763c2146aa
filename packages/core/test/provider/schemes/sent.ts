import { createDelivery, isWebhookError } from '../../../src/index.ts'
import type { DeliveryInit } from '../../../src/index.ts'
import type { Scheme, SignableRequest } from '../../../src/provider/index.ts'

/** The current time in all tests of schemes, in milliseconds since 1970. */
export const NOW = 1_700_000_000_000

export const request = (body: string | Uint8Array = '{"a":1}'): SignableRequest => ({
  method: 'POST',
  url: 'https://example.com/hook?x=1',
  headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
  body: Buffer.from(body),
})

/** Returns the index of the key that verifies the request, or the code of the rejection. */
export function verdict<Key>(
  scheme: Scheme<Key>,
  secrets: string | readonly string[],
  sent: DeliveryInit,
  now: number = NOW,
): unknown {
  const keys = [secrets].flat().map((secret) => scheme.key(secret))
  try {
    return scheme.verify(createDelivery(sent), keys, now)
  } catch (error) {
    if (isWebhookError(error)) return error.code
    throw error
  }
}

export function withHeader(
  sent: SignableRequest,
  name: string,
  other: HeaderValue | ((value: string) => HeaderValue),
): DeliveryInit {
  const value = typeof other === 'function' ? other(sent.headers[name] ?? '') : other
  return { ...sent, headers: { ...sent.headers, [name]: value } }
}

type HeaderValue = string | readonly string[] | undefined

/** Returns a copy with one bit changed. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at % copy.length]! ^= 1 << (at % 8)
  return copy
}

/** Returns other spellings of a base64 signature, which lenient decoders read as the same bytes. */
export function lenientBase64(value: string): string[] {
  return [
    value.replace(/=+$/, ''),
    `${value}=`,
    `${value.slice(0, 4)}\n${value.slice(4)}`,
    `${value.slice(0, 4)}!${value.slice(4)}`,
    `${value}AAAA`,
    value.slice(0, -4),
    value.replaceAll('+', '-').replaceAll('/', '_') === value
      ? `${value}\u0000`
      : value.replaceAll('+', '-').replaceAll('/', '_'),
    stray(value),
  ]
}

/** Changes the last character in bits that decoders ignore. */
function stray(value: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const end = value.indexOf('=')
  if (end < 0) return `${value}====`
  const last = alphabet.indexOf(value[end - 1]!)
  return value.slice(0, end - 1) + alphabet[last ^ 1] + value.slice(end)
}
