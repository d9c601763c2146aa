import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { WebhookError, type Delivery, type DeliveryInit } from '../../../src/index.ts'
import { firstOf, hmac, type Scheme } from '../../../src/provider/index.ts'
import { acme, setup } from '../../acme.ts'

const url = 'https://example.com/hook'
const SECRET = 'a secret to sign with'
const BODY = '[{"event":"document_state_changed"}]'

function signed(body: string): string {
  return createHmac('sha256', SECRET).update(body).digest('hex')
}

/** Returns a `read` option that gets its only signature from `find`. */
function reader(find: (delivery: Delivery) => string | null | undefined) {
  return (delivery: Delivery) => {
    const signature = find(delivery)
    if (signature == null) throw new WebhookError('missing_header', 'there is no signature')
    return { signatures: [signature] }
  }
}

type Sent = Omit<DeliveryInit, 'url'> & { readonly url?: string }

interface Place {
  readonly scheme: () => Scheme<Uint8Array>
  readonly sent: (signature: string) => Sent
}

const inQuery: Place = {
  scheme: () =>
    hmac({
      header: 'signature (of the query)',
      read: reader((delivery) => delivery.query().get('signature')),
    }),
  sent: (signature) => ({ url: `${url}?signature=${signature}`, body: BODY }),
}

const PLACES: Readonly<Record<string, Place>> = {
  'the query': inQuery,
  'a field of a form': {
    scheme: () =>
      hmac({
        header: 'signature',
        read: reader((delivery) => delivery.form().get('signature')),
        message: (delivery) => delivery.form().get('payload') ?? '',
      }),
    sent: (signature) => ({ body: new URLSearchParams({ payload: BODY, signature }).toString() }),
  },
  'a member of JSON': {
    scheme: () =>
      hmac({
        header: 'signature',
        read: reader((delivery) => (delivery.json() as { signature?: string }).signature),
        message: (delivery) => (delivery.json() as { payload: string }).payload,
      }),
    sent: (signature) => ({ body: JSON.stringify({ payload: BODY, signature }) }),
  },
  'another header': {
    scheme: () => hmac({ header: 'x-first', read: reader((one) => one.header('x-second')) }),
    sent: (signature) => ({ headers: { 'x-second': signature }, body: BODY }),
  },
  'the second of two places': {
    scheme: () => firstOf(hmac({ header: 'x-first' }), inQuery.scheme()),
    sent: inQuery.sent,
  },
  'a header, where the query is asked first': {
    scheme: () => firstOf(inQuery.scheme(), hmac({ header: 'x-first' })),
    sent: (signature) => ({ headers: { 'x-first': signature }, body: BODY }),
  },
  'the first of two places': {
    scheme: () => firstOf(inQuery.scheme(), hmac({ header: 'x-first' })),
    sent: inQuery.sent,
  },
}

/** Returns the status and the rejection's code. Headers are checked before the body, as on every platform. */
async function ends(place: Place, { body, ...sent }: Sent): Promise<readonly [number, string]> {
  const { receiver, heard } = setup({
    provider: acme({ secret: SECRET, scheme: place.scheme() as never, formats: ['json', 'form'] }),
  })
  receiver.onAny(() => undefined)
  const { headers } = sent
  const reply = await receiver.fetch(
    new Request(sent.url ?? url, {
      method: 'POST',
      body: body as string,
      headers: { 'x-acme-topic': 'ping', ...(headers as Record<string, string>) },
    }),
  )
  await receiver.close()
  return [reply.status, heard.all('rejected')[0]?.[1].code ?? '']
}

describe.each(Object.entries(PLACES))('a signature in %s', (_, place) => {
  test('is read and decides', async () => {
    expect(await ends(place, place.sent(signed(BODY)))).toEqual([200, ''])
    expect(await ends(place, place.sent(signed(`${BODY} `)))).toEqual([401, 'signature_mismatch'])
  })

  test('rejects a delivery that has none', async () => {
    const { url: _url, headers: _headers, ...bare } = place.sent('')
    const body = String(bare.body).replace(/&?signature=|,"signature":""/, '')
    expect(await ends(place, { body })).toEqual([401, 'missing_header'])
  })
})

test('a reader that says what it needs, or when it is present, is asked by the head alone', () => {
  const asked: string[] = []
  const read = (): never => {
    asked.push('read')
    throw new WebhookError('missing_header', 'none')
  }
  const head = {
    method: 'POST',
    url,
    headers: { get: () => undefined, all: () => [], lines: () => [] },
  }
  const admits = (options: Partial<Parameters<typeof hmac>[0]>): (() => unknown) => {
    const scheme = hmac({ header: 'x-sig', read, ...options })
    const { receiver } = setup({ provider: acme({ scheme: scheme as never }) })
    return () => receiver.admit(head)
  }
  expect(admits({ needs: ['x-sig'] })).toThrow(
    expect.objectContaining({ problem: 'missing', header: 'x-sig' }),
  )
  expect(asked).toEqual([])
  expect(admits({ present: () => false })).toThrow('none')
  expect(admits({ present: () => true })).not.toThrow()
  expect(admits({})).not.toThrow()
})
