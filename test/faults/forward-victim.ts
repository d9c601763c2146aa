import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, fixed } from '@postern/core'
import { forward, signer } from '@postern/forward'
import { webhook } from '@postern/node'
// By its file: the package brings the suites along, and processes start often here.
import { acme } from '../../packages/testing/src/acme.ts'
import { durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { FORWARD_SECRET, SECRET } from './secrets.ts'

// A process to be killed: takes deliveries and passes them on. Says `ready <port>`.
const [name, store = '', ...to] = process.argv.slice(2) as [DurableName, ...string[]]

const receiver = createReceiver({
  provider: acme({ secret: SECRET }),
  inbox: await openDurable(name, store, { lease: '5s', ...durables[name].prompt }),
  log: false,
})
receiver.on(
  'thing.**',
  { name: 'partners' },
  forward({
    to: to.map((url, at) => ({ id: `d${at}`, url })),
    sign: signer({ secret: FORWARD_SECRET }),
    retry: fixed({ attempts: 1000, delay: 20 }),
    timeout: '2s',
    breaker: { pause: 50, maxPause: '1s' },
    allowHttp: true,
    allowPrivate: true,
  }),
)
const server = createServer(webhook(receiver))
server.listen(0, '127.0.0.1', () => {
  console.log(`ready ${(server.address() as AddressInfo).port}`)
})
