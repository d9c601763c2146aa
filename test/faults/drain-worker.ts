// A worker of a drain run: handles events and tells their ids.
import { createReceiver } from '@postern/core'
import { acme } from '@postern/testing'
import { openDurable, type DurableName } from './inboxes.ts'
import { SECRET } from './secrets.ts'

const [name, store] = process.argv.slice(2) as [DurableName, string]
const receiver = createReceiver({
  provider: acme({ secret: SECRET }),
  inbox: openDurable(name, store),
  work: false,
  log: false,
})
let handled: string[] = []
receiver.on('thing.happened', { name: 'count', concurrency: 64 }, (event) => {
  if (handled.push(event.id!) === 1) setTimeout(tell, 20)
})
await receiver.work()
process.send!('ready')

function tell(): void {
  process.send!(handled)
  handled = []
}
