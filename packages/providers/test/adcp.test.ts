import { expect, test } from 'vitest'
import { adcp } from '../src/adcp.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const good = vectors('adcp').find(({ name }) => name === 'positive/001-basic-post')!
const [key] = (good.extra!['jwks'] as { keys: [Record<string, unknown> & { kty: string }] }).keys
const request = { ...good, body: Buffer.from(good.bodyBase64, 'base64') }

async function status(keys: readonly (typeof key)[], now: number): Promise<number> {
  return (await deliver(adcp({ jwks: { keys } }), [request], now * 1000)).statuses[0]!
}

test('keys must be meant for webhooks, to verify with', async () => {
  expect(await status([key], good.now!)).toBe(200)
  for (const member of [
    { adcp_use: 'tls' },
    { adcp_use: undefined },
    { key_ops: ['sign'] },
    { key_ops: undefined },
  ])
    expect(await status([{ ...key, ...member }], good.now!)).toBe(401)
  expect(await status([{ ...key, adcp_use: 'request-signing' }], good.now!)).toBe(200)
})

test('it is valid from a minute before it was made to a minute after it expires', async () => {
  const verdicts = [-61, -60, 360, 361].map((offset) => status([key], good.now! + offset))
  expect(await Promise.all(verdicts)).toEqual([401, 200, 200, 401])
})

test('keys are fetched from their URL, once', async () => {
  let fetches = 0
  const fetch = async () => {
    fetches++
    return Response.json({ keys: [key] })
  }
  const provider = adcp({ jwksUrl: 'https://agent.example/jwks.json', fetch })
  const { statuses, got } = await deliver(provider, [request, request], good.now! * 1000)
  expect([statuses, fetches]).toEqual([[200, 200], 1])
  expect(got).toEqual(['task.completed whk_01HW9D3H8FZP2N6R8T0V4X6Z9B'])
})
