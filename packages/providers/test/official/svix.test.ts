import { Webhook } from 'svix'
import { describe, expect, test } from 'vitest'
import { svix } from '../../src/svix.ts'
import { bodyText, deliver } from '../deliver.ts'
import { bodies } from './bodies.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const library = new Webhook(secret)

describe('svix', () => {
  test.each(['svix-', 'webhook-'])('signs what the receiver accepts, under %s', async (prefix) => {
    for (const body of bodies) {
      const at = new Date()
      const headers = {
        [`${prefix}id`]: 'msg_1',
        [`${prefix}timestamp`]: String(Math.floor(at.getTime() / 1000)),
        [`${prefix}signature`]: library.sign('msg_1', at, body),
        'content-type': 'application/json',
      }
      const delivery = { url: 'https://example.com/', headers, body }
      const result = await deliver(svix({ secret }), [delivery])
      expect(result.events).toMatchObject([
        { id: 'msg_1', topic: 'a.b', payload: JSON.parse(body) },
      ])
    }
  })

  test.each(bodies)('verifies what sign makes: %.60s', (body) => {
    const signed = svix({ secret }).sign!({ id: 'msg_1', body })
    expect(library.verify(bodyText(signed), signed.headers)).toEqual(JSON.parse(body))
    expect(() => library.verify(`${bodyText(signed)} `, signed.headers)).toThrow()
  })
})
