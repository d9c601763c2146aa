import { createServer } from 'node:http'
import { createReceiver, memoryInbox } from '@postern/core'
import { webhook } from '@postern/node'
import { acme } from '../../packages/core/test/acme.ts'
import { openDurable, type DurableName } from '../services/inboxes.ts'
import { listenOn } from '../services/temporary.ts'

// App whose handlers wait until the parent sends a message. After the message, the handler of each acknowledged event
// must finish.
const [name, store = ''] = process.argv.slice(2)
const opened = Promise.withResolvers<void>()
process.once('message', () => opened.resolve())
process.once('disconnect', () => process.exit())

const inbox =
  name === 'memory'
    ? memoryInbox()
    : await openDurable(name as DurableName, store, { lease: '1m', deadline: '30s' })
const receiver = createReceiver({ provider: acme(), inbox, log: false })
receiver.on('ping', { name: 'all', timeout: '10m' }, async (event) => {
  await opened.promise
  process.send!({ ran: event.id })
})
process.send!({ port: await listenOn(createServer(webhook(receiver))) })
