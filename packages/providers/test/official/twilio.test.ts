import twilioSdk from 'twilio'
import { describe, expect, test } from 'vitest'
import { twilio } from '../../src/twilio.ts'
import { bodyText, deliver } from '../deliver.ts'

const authToken = '12345'
const urls = [
  'https://example.com/hook',
  'https://example.com/hook?foo=1&bar=2',
  'https://example.com:8443/hook?x=a%2Bb',
  'http://example.com:8080/hook',
  "https://example.com/hook?name=It's+me",
  'https://user:pass@example.com/hook',
  'https://[2001:db8::1]/hook',
]
const forms: readonly Record<string, string>[] = [
  { CallSid: 'CA1', From: '+12349013030', Digits: '1234' },
  { MessageSid: 'SM1', Body: ' $$ $& $` ☃ \r\n', Empty: '', b: '1', B: '2', 'a.b': 'x' },
  {},
]

describe('twilio', () => {
  test.each(urls)('signs what the receiver accepts at %s', async (url) => {
    for (const form of forms) {
      const signature = twilioSdk.getExpectedTwilioSignature(authToken, url, form)
      const headers = {
        'x-twilio-signature': signature,
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      }
      const delivery = { url, headers, body: new URLSearchParams(form).toString() }
      expect((await deliver(twilio({ authToken }), [delivery])).statuses).toEqual([200])
    }
  })

  test.each(urls)('verifies what sign makes for %s', (url) => {
    for (const form of forms) {
      const signed = twilio({ authToken }).sign!({ url, payload: form })
      const fields = Object.fromEntries(new URLSearchParams(bodyText(signed)))
      const signature = signed.headers['x-twilio-signature']!
      expect(twilioSdk.validateRequest(authToken, signature, signed.url, fields)).toBe(true)
      expect(twilioSdk.validateRequest('other', signature, signed.url, fields)).toBe(false)
    }
  })

  test('a repeated field is signed once for each value, in their order', async () => {
    const url = urls[0]!
    const signature = twilioSdk.getExpectedTwilioSignature(authToken, url, { a: ['2', '1', '2'] })
    const headers = {
      'x-twilio-signature': signature,
      'content-type': 'application/x-www-form-urlencoded',
    }
    const result = await deliver(twilio({ authToken }), [{ url, headers, body: 'a=1&a=2&a=2' }])
    expect(result.statuses).toEqual([200])
  })

  test('JSON is bound to the URL by bodySHA256', async () => {
    const payload = [{ specversion: '1.0', id: 'EZ1', type: 'com.twilio.x', data: { a: 1 } }]
    const provider = twilio({ authToken })
    const signed = provider.sign!({ topic: 'com.twilio.x', payload })
    const signature = signed.headers['x-twilio-signature']!
    expect(
      twilioSdk.validateRequestWithBody(authToken, signature, signed.url, bodyText(signed)),
    ).toBe(true)
    const result = await deliver(provider, [signed, { ...signed, body: '[]' }])
    expect(result.statuses).toEqual([200, 401])
    expect(result.events).toMatchObject([{ id: 'EZ1', topic: 'com.twilio.x' }])
  })

  test('behind a proxy the public URL counts, with the query of the request', async () => {
    const seen = 'http://10.0.0.1:3000/hook?foo=1'
    const signature = twilioSdk.getExpectedTwilioSignature(
      authToken,
      'https://example.com/public/hook?foo=1',
      {},
    )
    const delivery = { method: 'GET', url: seen, headers: { 'x-twilio-signature': signature } }
    for (const publicUrl of [
      'https://example.com/public/hook',
      'https://example.com/public/hook?foo=1',
      () => 'https://example.com/public/hook',
    ]) {
      const provider = twilio({ authToken, publicUrl })
      expect((await deliver(provider, [delivery])).statuses).toEqual([200])
      const forged = { ...delivery, url: `${seen}&CallStatus=completed` }
      expect((await deliver(provider, [forged])).statuses).toEqual([401])
    }
    expect((await deliver(twilio({ authToken }), [delivery])).statuses).toEqual([401])
  })
})
