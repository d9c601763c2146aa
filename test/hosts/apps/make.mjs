// The receivers that every host mounts at /webhooks/<name>. What a handler got is a line of output.
import { createHash } from 'node:crypto'
import { createReceiver } from '@postern/core'
import { generic } from '@postern/providers/generic'
import { github } from '@postern/providers/github'
import { meta } from '@postern/providers/meta'
import { stripe } from '@postern/providers/stripe'
import { twilio } from '@postern/providers/twilio'

const secret = 'a secret of the hosts'
const providers = {
  github: github({ secret }),
  bytes: generic({ secret, scheme: 'hmac', header: 'X-Signature', formats: ['bytes'] }),
  stripe: stripe({ secret: 'whsec_of the hosts' }),
  twilio: twilio({ authToken: secret }),
  meta: meta({ appSecret: secret, verifyToken: 'a token of the hosts' }),
}

/** By name; each has `options` too. A Worker makes them twice, with an inbox that its object gives. */
export const makeReceivers = (options) =>
  Object.fromEntries(
    Object.entries(providers).map(([name, provider]) => [
      name,
      createReceiver({ provider, log: false, ...options }).onAny(async ({ id, payload }) => {
        const { pause } = payload?.data?.object ?? {}
        if (pause !== undefined) {
          console.log(`began ${id}`)
          await new Promise((resolve) => setTimeout(resolve, pause))
        }
        const seen = payload instanceof Uint8Array ? payload : JSON.stringify(payload)
        console.log(`handled ${name} ${id} ${createHash('sha256').update(seen).digest('hex')}`)
      }),
    ]),
  )
