import { createReceiver } from '@postern/core'
import { expect, test } from 'vitest'
import { supabaseAuthHooks } from '../src/supabase-auth-hooks.ts'
import { deliver } from './deliver.ts'

const secret = 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

test('without an answer the reply rejects nothing; what is wrong is told as Supabase reads it', async () => {
  const provider = supabaseAuthHooks({ secret })
  const signed = provider.sign!({ payload: { user: {}, sms: { otp: '1' } } })
  const { replies } = await deliver(provider, [signed, { ...signed, body: '{}' }])
  expect(replies[0]).toMatchObject({ status: 200, body: '{}' })
  expect(replies[1]!.status).toBe(401)
  expect(replies[1]!.headers).toMatchObject({ 'content-type': 'application/json' })
  expect(JSON.parse(replies[1]!.body as string)).toEqual({
    error: { http_code: 401, message: 'signature mismatch' },
  })
})

test('an answer decides, and one that fails rejects', async () => {
  const provider = supabaseAuthHooks({ secret, hook: 'before_user_created' })
  const receiver = createReceiver({ provider, log: false })
  receiver.answer('before_user_created', (event) => {
    if ((event.payload as { fail?: boolean }).fail) throw new Error('down')
    return { error: { http_code: 403, message: 'no' } }
  })
  const decided = await receiver.receive(provider.sign!({ payload: {} }))
  const failed = await receiver.receive(provider.sign!({ payload: { fail: true } }))
  await receiver.close()
  expect([decided.status, JSON.parse(decided.body as string)]).toEqual([
    200,
    { error: { http_code: 403, message: 'no' } },
  ])
  expect(failed.status).toBe(500)
  expect(failed.body).toContain('http_code')
})

test.each([
  ['send_email', { email_data: {} }],
  ['custom_access_token', { claims: {}, user_id: 'u' }],
  ['mfa_verification_attempt', { factor_id: 'f', valid: true }],
  ['password_verification_attempt', { user_id: 'u', valid: false }],
  ['before_user_created', { metadata: { name: 'before-user-created' }, user: {} }],
  ['hook', { user: {} }],
])('a payload tells its hook: %s', async (topic, payload) => {
  const provider = supabaseAuthHooks({ secret: `v1,whsec_AAAA|${secret}` })
  const { events } = await deliver(provider, [provider.sign!({ payload, secret })])
  expect(events.map((event) => event.topic)).toEqual([topic])
})

test('a retry is a duplicate, although Supabase gives it a new id and a new time', async () => {
  const provider = supabaseAuthHooks({ secret })
  const body = '{"sms":{"otp":"1"}}'
  const at = 1_790_000_004_000
  const tries = [0, 1, 4].map((later) => provider.sign!({ body, at: at + later * 1000 }))
  const again = provider.sign!({ body, at: at + 12_000 })
  const { statuses, events } = await deliver(provider, [...tries, again], at)
  expect(statuses).toEqual([200, 200, 200, 200])
  expect(events.map(({ id }) => id)).toEqual(
    [tries[0]!, again].map((one) => one.headers['webhook-id']),
  )
})
