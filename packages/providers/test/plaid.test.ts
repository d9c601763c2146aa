import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { plaid } from '../src/plaid.ts'
import { deliver } from './deliver.ts'
import { jwtKey } from './jwt.ts'

const NOW = 1_760_000_000_000
const body = '{\n  "webhook_type": "ITEM",\n  "webhook_code": "ERROR"\n}'

async function sender() {
  const { key, token } = await jwtKey('ES256')
  return {
    key: { ...key, expired_at: null as number | null },
    token: (of: string, iat = NOW / 1000, kid = 'k1') =>
      token({ iat, request_body_sha256: createHash('sha256').update(of).digest('hex') }, kid),
  }
}

function carrying(token: string) {
  return { url: 'https://example.com/', body, headers: { 'plaid-verification': token } }
}

test('keys are asked for by their id with the credentials, and kept', async () => {
  const { key, token } = await sender()
  const asked: unknown[] = []
  const provider = plaid({
    clientId: 'client',
    secret: 'api-secret',
    environment: 'sandbox',
    fetch: async (url, init) => {
      const sent = JSON.parse(init.body as string) as { key_id: string }
      asked.push([url, sent])
      return sent.key_id === 'k1' ? Response.json({ key }) : new Response('{}', { status: 400 })
    },
  })
  const tokens = await Promise.all([
    token(body),
    token(body),
    token('another body'),
    token(body, NOW / 1000 - 301),
    token(body, NOW / 1000 + 301),
    ...['x', 'y', 'z'].map((kid) => token(body, undefined, kid)),
  ])
  const { statuses, got } = await deliver(provider, tokens.map(carrying), NOW)
  expect(statuses).toEqual([200, 200, 401, 401, 401, 401, 401, 401])
  expect(got).toEqual(['ITEM.ERROR', 'ITEM.ERROR'])
  const url = 'https://sandbox.plaid.com/webhook_verification_key/get'
  const credentials = { client_id: 'client', secret: 'api-secret' }
  expect(asked).toEqual([
    [url, { ...credentials, key_id: 'k1' }],
    ...['x', 'y', 'z'].map((key_id) => [url, { ...credentials, key_id }]),
  ])
})

test('a key that was rotated out no longer counts, and one that cannot be had is a 503', async () => {
  const { key, token } = await sender()
  const request = carrying(await token(body))
  const keys = [{ ...key, kty: 'EC', expired_at: 1_759_999_999 }]
  const rotated = plaid({ jwks: { keys } })
  expect((await deliver(rotated, [request], NOW)).statuses).toEqual([401])
  const fetch = async () => new Response('', { status: 500 })
  const down = plaid({ clientId: 'c', secret: 's', fetch })
  expect((await deliver(down, [request], NOW)).statuses).toEqual([503])
})
