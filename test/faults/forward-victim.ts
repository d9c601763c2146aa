// Process to kill: accepts deliveries and forwards them: `node forward-victim.ts <inbox> <store> <urls>`.
import { createReceiver, fixed } from '@postern/core'
import { forward, signer } from '@postern/forward'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../packages/testing/src/acme.ts'
import { durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { serve } from './ready.ts'
import { FORWARD_SECRET, SECRET } from './secrets.ts'

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
serve(receiver)
