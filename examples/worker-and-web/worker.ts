// The worker process runs the handlers. Run as many as you like, on any machine that reaches PostgreSQL.
import { closeOnSignal } from '@postern/node'
import { inbox, receiver } from './receiver.ts'

await receiver.startWorker()
console.log('working')
closeOnSignal({ receivers: [receiver], inboxes: [inbox] })
