// App on one framework, which ends through closeOnSignal: `node shutdown-victim.ts <framework> <inbox> <store>`.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '@postern/core'
import { closeOnSignal } from '@postern/node'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../packages/testing/src/acme.ts'
import type { HostName } from '../../packages/cli/src/hosts.ts'
import { serveOn } from '../services/hosts.ts'
import { openDurable, type DurableName } from '../services/inboxes.ts'
import { SECRET } from './secrets.ts'

const [framework = 'node', name = 'sqlite', store = ''] = process.argv.slice(2)
const inbox = await openDurable(name as DurableName, store, { lease: '1s' })
const receiver = createReceiver({ provider: acme({ secret: SECRET }), inbox, log: false })
receiver.on('ping', { name: 'handle', concurrency: 16 }, (_event, task) =>
  sleep(20, undefined, { signal: task.signal }),
)

const { app: server, listen } = await serveOn(framework as HostName, receiver)
process.once('SIGTERM', () => {
  const from = performance.now()
  process.once('exit', () => writeSync(1, `closed ${Math.round(performance.now() - from)}\n`))
})
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox], grace: '10s' })
console.log(`ready ${await listen()}`)
