import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { plaid } from '../src/plaid.ts'
import { accepting } from './accepting.ts'

const NOW = 1_760_000_000_000
const body = '{\n  "webhook_type": "ITEM",\n  "webhook_code": "ERROR"\n}'

async function sender() {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(pair.publicKey)), kid: 'k1', expired_at: null as number | null }
  const token = (of: string, iat = NOW / 1000, kid = 'k1') =>
    new SignJWT({ iat, request_body_sha256: createHash('sha256').update(of).digest('hex') })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(pair.privateKey)
  return { key, token }
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
  const { receiver, topics } = accepting(provider, { clock: { now: () => NOW } })
  const send = async (jwt: string) =>
    (
      await receiver.receive({
        url: 'https://example.com/',
        body,
        headers: { 'plaid-verification': jwt },
      })
    ).status
  expect([await send(await token(body)), await send(await token(body))]).toEqual([200, 200])
  expect(await send(await token('another body'))).toBe(401)
  expect(await send(await token(body, NOW / 1000 - 301))).toBe(401)
  expect(await send(await token(body, NOW / 1000 + 301))).toBe(401)
  for (const kid of ['x', 'y', 'z']) expect(await send(await token(body, undefined, kid))).toBe(401)
  expect(topics).toEqual(['ITEM.ERROR', 'ITEM.ERROR'])
  const url = 'https://sandbox.plaid.com/webhook_verification_key/get'
  const credentials = { client_id: 'client', secret: 'api-secret' }
  expect(asked).toEqual([
    [url, { ...credentials, key_id: 'k1' }],
    ...['x', 'y', 'z'].map((key_id) => [url, { ...credentials, key_id }]),
  ])
})

test('a key that was rotated out no longer counts, and one that cannot be had is a 503', async () => {
  const { key, token } = await sender()
  const headers = { 'plaid-verification': await token(body) }
  const request = { url: 'https://example.com/', body, headers }
  const keys = [{ ...key, kty: 'EC', expired_at: 1_759_999_999 }]
  const rotated = accepting(plaid({ jwks: { keys } }), { clock: { now: () => NOW } })
  expect((await rotated.receiver.receive(request)).status).toBe(401)
  const fetch = async () => new Response('', { status: 500 })
  const down = accepting(plaid({ clientId: 'c', secret: 's', fetch }), {
    clock: { now: () => NOW },
  })
  expect((await down.receiver.receive(request)).status).toBe(503)
})

test('credentials or keys are needed', () => {
  expect(() => plaid({ clientId: 'c' })).toThrow('clientId and secret')
  expect(() => plaid({ jwks: { keys: [] } })).toThrow('plaid: jwks')
})
