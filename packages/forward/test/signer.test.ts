import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createReceiver, type Receiver } from '@postern/core'
import { standardWebhooks } from '@postern/providers/standard-webhooks'
import { stripe } from '@postern/providers/stripe'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { expect, test } from 'vitest'
import { signer, type SignOption } from '../src/index.ts'
import { createScene, startSite } from './scene.ts'
import type { Got } from './site.ts'
import { verifiedV1a } from './v1a.ts'

const [first, second] = [1, 2].map(() => `whsec_${randomBytes(24).toString('base64')}`) as [
  string,
  string,
]
const pair = generateKeyPairSync('ed25519')
const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
const point = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const secretKey = `whsk_${seed.toString('base64')}`
const publicKey = `whpk_${point.toString('base64')}`

test.each<[string, SignOption]>([
  ['signer', signer({ secret: [second, first] })],
  ['our provider', standardWebhooks({ secret: [second, first] })],
  ['a function', async ({ id }) => signer({ secret: id === 'one' ? [second, first] : first })],
])(
  'what %s signs is accepted by standardwebhooks, svix and our receiver, with either secret',
  async (_, sign) => {
    const got = await sent(sign)
    const text = got.body.toString()
    for (const secret of [first, second]) {
      expect(new Webhook(secret).verify(text, got.headers)).toEqual({ type: 'thing', n: 1 })
      expect(new SvixWebhook(secret).verify(text, got.headers)).toEqual({ type: 'thing', n: 1 })
      expect(await received(got, secret)).toBe(`200 ${got.headers['webhook-id']} thing`)
    }
    const other = `whsec_${randomBytes(24).toString('base64')}`
    expect(() => new Webhook(other).verify(text, got.headers)).toThrow()
    expect(await received(got, other)).toBe('401')
    expect(await received({ ...got, body: Buffer.from(`${text} `) }, first)).toBe('401')
  },
)

test('v1a is as the specification has it, is accepted by our receiver, and stands beside v1 in a rotation', async () => {
  const alone = await sent(signer({ secret: secretKey }))
  expect(alone.headers['webhook-signature']).toMatch(/^v1a,\S+$/)
  expect(verifiedV1a(alone, publicKey)).toBe(true)
  expect(verifiedV1a({ ...alone, body: Buffer.from('{}') }, publicKey)).toBe(false)
  expect(await received(alone, publicKey)).toMatch(/^200/)
  const both = await sent(signer({ secret: [secretKey, first] }))
  expect(verifiedV1a(both, publicKey)).toBe(true)
  expect(await received(both, publicKey)).toMatch(/^200/)
  expect(await received(both, first)).toMatch(/^200/)
})

test('any provider that can sign does', async () => {
  const provider = stripe({ secret: first })
  const got = await sent(provider, '{"id":"evt_1","object":"event","type":"invoice.paid"}')
  const receiver = createReceiver({ provider, log: false })
  receiver.onAny(() => {})
  const { headers, body } = got
  expect((await receiver.receive({ url: 'http://us/', headers, body })).status).toBe(200)
  expect(got.headers['webhook-id']).toMatch(/^[\w-]{32}$/)
  await receiver.close()
})

test('a key that cannot sign, or none, is rejected', () => {
  expect(() => signer({ secret: publicKey })).toThrow('whsk_')
  expect(() => signer({ secret: [] })).toThrow('secret')
  expect(() => signer({ secret: '' })).toThrow('secret')
  expect(() => signer({ secret: 'whsec_...' })).toThrow('secret')
})

async function sent(sign: SignOption, body = '{"type":"thing",  "n":1}'): Promise<Got> {
  const site = await startSite()
  const scene = createScene({ to: { id: 'one', url: site.url }, sign })
  await scene.send({ body })
  await scene.until('done', 2)
  return site.got[0]!
}

async function received({ headers, body }: Got, secret: string): Promise<string> {
  const receiver: Receiver = createReceiver({ provider: standardWebhooks({ secret }), log: false })
  const event = new Promise<string>((resolve) => {
    receiver.onAny(({ id, topic }) => resolve(`${id} ${topic}`))
  })
  const { status } = await receiver.receive({ url: 'http://us/in', headers, body })
  const told = status === 200 ? `200 ${await event}` : String(status)
  await receiver.close()
  return told
}
