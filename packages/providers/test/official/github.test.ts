import { sign, verify, verifyWithFallback } from '@octokit/webhooks-methods'
import { describe, expect, test } from 'vitest'
import { github } from '../../src/github.ts'
import { bodyText, deliver } from '../deliver.ts'
import { bodies } from './bodies.ts'

const secret = "It's a Secret to Everybody"

describe('@octokit/webhooks-methods', () => {
  test.each(bodies)('signs what the receiver accepts: %.60s', async (body) => {
    const headers = {
      'x-hub-signature-256': await sign(secret, body),
      'x-github-event': 'push',
      'x-github-delivery': 'd1',
      'content-type': 'application/json',
    }
    const delivery = { url: 'https://example.com/', headers, body }
    const result = await deliver(github({ secret }), [delivery])
    expect(result.statuses).toEqual([200])
    expect(result.events).toMatchObject([{ id: 'd1', topic: 'push', payload: JSON.parse(body) }])
  })

  test.each(bodies)('verifies what sign makes: %.60s', async (body) => {
    const signed = github({ secret }).sign!({ topic: 'push', body })
    const signature = signed.headers['x-hub-signature-256']!
    expect(await verify(secret, bodyText(signed), signature)).toBe(true)
    expect(await verify(secret, `${bodyText(signed)} `, signature)).toBe(false)
    expect(await verifyWithFallback('new', bodyText(signed), signature, [secret])).toBe(true)
  })
})
