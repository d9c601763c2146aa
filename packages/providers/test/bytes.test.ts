import type { Provider } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { generic } from '../src/generic.ts'
import { github } from '../src/github.ts'
import { shopify } from '../src/shopify.ts'
import { slack } from '../src/slack.ts'
import { standardWebhooks } from '../src/standard-webhooks.ts'
import { stripe } from '../src/stripe.ts'
import { svix } from '../src/svix.ts'
import { twilio } from '../src/twilio.ts'
import { deliver } from './deliver.ts'

// The signature covers the received bytes, even if they are not JSON or not UTF-8.

const base64 = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const providers: readonly Provider[] = [
  github({ secret: 'secret' }),
  shopify({ secret: 'secret' }),
  slack({ signingSecret: 'secret' }),
  standardWebhooks({ secret: base64 }),
  stripe({ secret: 'secret' }),
  svix({ secret: base64 }),
  twilio({ authToken: 'secret' }),
  generic({ secret: 'secret', scheme: 'hmac', header: 'X-Signature' }),
]
const bodies: Record<string, Uint8Array> = {
  'replacement patterns': Buffer.from('{"id":"1","type":"t","a":"$$ $& $` $\' $1"}'),
  'a byte order mark': Buffer.from('\ufeff{"id":"1","type":"t"}'),
  'bytes that are not UTF-8': Buffer.concat([
    Buffer.from('{"id":"1","type":"t","a":"'),
    Buffer.from([0xff, 0xc3, 0x28]),
    Buffer.from('"}'),
  ]),
  'CRLF and a line end': Buffer.from('{\r\n"id":"1",\r\n"type":"t"}\r\n'),
  'characters of several bytes': Buffer.from('{"id":"1","type":"t","a":"☃漢🎉"}'),
}

describe.each(providers.map((provider) => [provider.name, provider] as const))(
  '%s',
  (_, provider) => {
    test.each(Object.entries(bodies))('takes %s, and nothing that differs', async (_name, body) => {
      const json = { 'content-type': 'application/json' }
      const signed = provider.sign!({ topic: 't', id: '1', body, headers: json })
      const at = Math.floor(body.length / 2)
      const changed = Uint8Array.from(signed.body)
      changed[at] = changed[at]! ^ 1
      const result = await deliver(provider, [
        signed,
        { ...signed, body: changed },
        { ...signed, body: Buffer.concat([signed.body, Buffer.from('\n')]) },
        // The text of the body, encoded again. A receiver that does not keep the bytes would check this.
        ...(Buffer.from(body.toString()).equals(body) && body[0] !== 0xef
          ? []
          : [{ ...signed, body: new TextDecoder().decode(body) }]),
      ])
      expect(result.statuses[0]).toBe(200)
      expect(result.statuses.slice(1).every((status) => status === 401)).toBe(true)
      expect(result.events).toHaveLength(1)
    })

    test('rejects a signature header that came twice, right or wrong first', async () => {
      const signed = provider.sign!({ topic: 't', id: '1', body: bodies['CRLF and a line end']! })
      const other = provider.sign!({ topic: 't', id: '1', body: '{}' })
      const [name] = Object.entries(signed.headers).find(
        ([header]) =>
          header.endsWith('signature') ||
          header.includes('hmac') ||
          header.includes('hub-signature'),
      )!
      const twice = (values: readonly string[]) => ({
        ...signed,
        headers: { ...signed.headers, [name]: values },
      })
      const [right, wrong] = [signed.headers[name]!, other.headers[name]!]
      const result = await deliver(provider, [
        twice([right, wrong]),
        twice([wrong, right]),
        twice([right, right]),
        twice([`${right}, ${wrong}`]),
        twice([`${wrong}, ${right}`]),
      ])
      expect(result.statuses).toEqual([401, 401, 401, 401, 401])
      expect(new Set(result.codes)).toEqual(new Set(['malformed_header']))
    })
  },
)
