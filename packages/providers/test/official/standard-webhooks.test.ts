import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { standardWebhooks } from '../../src/standard-webhooks.ts'
import { bodyText, deliver } from '../deliver.ts'
import { bodies } from './bodies.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const library = new Webhook(secret)

describe('standardwebhooks', () => {
  test.each(bodies)('signs what the receiver accepts: %.60s', async (body) => {
    const at = new Date()
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': library.sign('msg_1', at, body),
      'content-type': 'application/json',
    }
    const delivery = { url: 'https://example.com/', headers, body }
    const result = await deliver(standardWebhooks({ secret }), [delivery])
    expect(result.events).toMatchObject([{ id: 'msg_1', topic: 'a.b', payload: JSON.parse(body) }])
  })

  test.each(bodies)('verifies what sign makes: %.60s', (body) => {
    const signed = standardWebhooks({ secret }).sign!({ id: 'msg_1', body })
    expect(library.verify(bodyText(signed), signed.headers)).toEqual(JSON.parse(body))
    expect(() => library.verify(`${bodyText(signed)} `, signed.headers)).toThrow()
  })
})
