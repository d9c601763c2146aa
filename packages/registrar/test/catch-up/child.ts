// A process that runs a catch-up until `place` events are done, and then waits to be killed. Arguments: sender, file,
// API, place.
import { catchUp } from '../../src/index.ts'
import { writeSync } from 'node:fs'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import { githubEvents } from '../../src/sources/github.ts'
import { stripeEvents } from '../../src/sources/stripe.ts'

const [, , sender, path, api, place] = process.argv as unknown as readonly string[]
const { NOW, SINCE, TOKEN, SECRET, HOOK } = process.env as Readonly<Record<string, string>>
const secret = SECRET!
const isGithub = sender === 'github'
const receiver = createReceiver({
  provider: isGithub ? github({ secret }) : stripe({ secret }),
  inbox: sqliteInbox({ path: path! }),
  clock: { now: () => Number(NOW) },
  worker: false,
})
receiver.on(isGithub ? 'issues' : 'invoice.paid', { name: 'count' }, () => undefined)
const url = HOOK!
const source = isGithub
  ? githubEvents({ api: api!, token: TOKEN!, repository: 'octo/hello', url })
  : stripeEvents({ api: api!, key: TOKEN!, url })
await catchUp(receiver, source, {
  since: Number(SINCE),
  onProgress({ phase, done }) {
    writeSync(1, `${phase} ${done}\n`)
    // The whole process stops here, and so do its heartbeats.
    if (done === Number(place)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
})
