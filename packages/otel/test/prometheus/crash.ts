// Process that dies during a task: `node crash.ts <file of the inbox>`.
import { createReceiver } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
import { acme } from '@postern/testing'

const provider = acme({ secret: 'shared with acme' })
const inbox = sqliteInbox({ path: process.argv[2]!, lease: '1s' })
const receiver = createReceiver({ provider, inbox, name: 'shop', log: false })
receiver.on('crash', { name: 'crash' }, () => process.kill(process.pid, 'SIGKILL'))
await receiver.receive(provider.sign!({ topic: 'crash', id: 'crash', payload: {} }))
