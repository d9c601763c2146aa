// Runs healthy tasks of two seconds and tasks that kill the process:
// `node poison-victim.ts <inbox> <store> <journal>`.
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '@postern/core'
import { closeOnSignal } from '@postern/node'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../packages/testing/src/acme.ts'
import { openDurable, type DurableName } from '../services/inboxes.ts'
import { openJournal } from './journal.ts'
import { serve } from './ready.ts'
import { SECRET } from './secrets.ts'

const [name = 'sqlite', store = '', journal = ''] = process.argv.slice(2)
const lines = openJournal(journal)
const inbox = await openDurable(name as DurableName, store, { lease: '1s' })
const receiver = createReceiver({ provider: acme({ secret: SECRET }), inbox, log: false })
receiver.on(
  'healthy',
  { name: 'healthy', concurrency: 64, retry: { attempts: 8 } },
  async (event, task) => {
    lines.write(`run healthy ${event.id} ${task.attempt}`)
    await sleep(2000, undefined, { signal: task.signal })
    lines.write(`done healthy ${event.id} ${task.attempt}`)
  },
)
receiver.on('poison', { name: 'poison', retry: { attempts: 5 } }, (event) => {
  lines.write(`run poison ${event.id}`)
  process.kill(process.pid, 'SIGKILL')
})
closeOnSignal({ server: serve(receiver), receivers: [receiver], inboxes: [inbox], grace: '10s' })
