// Worker process of drain.ts: handles events and sends their ids to the parent.
import { createReceiver } from '@postern/core'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../packages/testing/src/acme.ts'
import { openDurable, type DurableName } from '../services/inboxes.ts'
import { SECRET } from './secrets.ts'

const [name, store] = process.argv.slice(2) as [DurableName, string]
const receiver = createReceiver({
  provider: acme({ secret: SECRET }),
  inbox: await openDurable(name, store),
  worker: false,
  log: false,
})
let handled: string[] = []
receiver.on('thing.happened', { name: 'count', concurrency: 64 }, (event) => {
  if (handled.push(event.id!) === 1) setTimeout(tell, 20)
})
await receiver.startWorker()
process.send!('ready')

function tell(): void {
  process.send!(handled)
  handled = []
}
