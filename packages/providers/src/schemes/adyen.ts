import { WebhookError, type Delivery } from '@postern/core'
import { hmacAlgorithm, mismatch, parseJson, stringifyJson } from '@postern/core/internal'
import type { Scheme } from '@postern/core/scheme'
import { field, readsAsForm, text } from '../common/read.ts'

/** One item of a delivery. `live`, which is not signed, is `'true'`, or `'false'` in the test environment. */
interface AdyenItem {
  readonly item: unknown
  readonly live?: unknown
}

const ALGORITHM = hmacAlgorithm({ encoding: 'base64', keyEncoding: 'hex' })
const SIGNATURE = 'hmacSignature'

export function adyenScheme(): Scheme<Uint8Array> {
  return {
    covers: { body: 'fields', id: true },
    key: (secret) => ALGORITHM.key(secret),
    verify(delivery, keys) {
      const claims = adyenItems(delivery).map(({ item }) => ({
        message: signedFields(item),
        signature: signatureOf(item),
      }))
      // One key must match all items of a delivery. Otherwise a tenant could put another tenant's signed item into a
      // delivery.
      const found = keys.findIndex((key) =>
        claims.every(({ message, signature }) => ALGORITHM.matches(key, message, [signature])),
      )
      if (found < 0) throw mismatch({ field: SIGNATURE }, keys.length, { delivery })
      return found
    },
    sign(request, key) {
      const body = parseJson(new TextDecoder().decode(request.body), { depth: 100 })
      const signed = requestItems(body).map((item) => ({
        NotificationRequestItem: {
          ...(item as object),
          additionalData: {
            ...(field(item, 'additionalData') as object | undefined),
            [SIGNATURE]: ALGORITHM.sign!(key, signedFields(item)),
          },
        },
      }))
      const text = stringifyJson({ ...(body as object), notificationItems: signed })
      return { ...request, body: new TextEncoder().encode(text) }
    },
  }
}

/** Returns the items of a delivery. Throws `missing_header` if there are no items, because nothing is signed then. */
export function adyenItems(delivery: Delivery): readonly AdyenItem[] {
  if (readsAsForm(delivery)) return [formItem(delivery.form())]
  const body = delivery.json('exact')
  const live = field(body, 'live')
  return requestItems(body).map((item) => ({ item, live }))
}

/** Returns eight fields joined by `:`, without escaping. A missing field is an empty text. */
export function signedFields(item: unknown): string {
  const amount = field(item, 'amount')
  return [
    field(item, 'pspReference'),
    field(item, 'originalReference'),
    field(item, 'merchantAccountCode'),
    field(item, 'merchantReference'),
    field(amount, 'value'),
    field(amount, 'currency'),
    field(item, 'eventCode'),
    field(item, 'success'),
  ]
    .map(plain)
    .join(':')
}

function requestItems(body: unknown): readonly unknown[] {
  const list = field(body, 'notificationItems')
  if (!Array.isArray(list) || list.length === 0)
    throw new WebhookError('missing_header', { problem: 'missing', field: 'notificationItems' })
  return list.map((one) => field(one, 'NotificationRequestItem'))
}

function signatureOf(item: unknown): string {
  const found = text(field(item, 'additionalData'), SIGNATURE)
  if (found === undefined)
    throw new WebhookError('missing_header', {
      problem: 'missing',
      field: `additionalData.${SIGNATURE}`,
    })
  return found
}

function plain(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  throw new WebhookError('malformed_body', {
    problem: 'malformed',
    field: 'NotificationRequestItem',
    expected: 'of plain values',
  })
}

// Converts a form to an item as in JSON. In a form, `additionalData` is several fields, and `value` and `currency` are
// not inside `amount`.
function formItem(form: URLSearchParams): AdyenItem {
  const item: Record<string, unknown> = {}
  const additionalData: Record<string, string> = {}
  for (const [name, value] of form) {
    if (name.startsWith('additionalData.')) additionalData[name.slice(15)] = value
    else if (name !== 'value' && name !== 'currency' && name !== 'live') item[name] = value
  }
  const amount = { value: form.get('value'), currency: form.get('currency') }
  return { item: { ...item, amount, additionalData }, live: form.get('live') ?? undefined }
}
