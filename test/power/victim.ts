// An app whose machine loses its power: `node victim.ts <database> <journal> <deliveries>`. It writes down each reply
// before it sends the next deliveries, and then waits to be killed.
import { openSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createReceiver } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
// By its file: the package brings the suites along, and strace makes each file dear.
import { acme } from '../../packages/testing/src/acme.ts'
import { openHandlers, SECRET } from './handlers.ts'

const [path = '', journal = '', count = '0'] = process.argv.slice(2)
const file = openSync(journal, 'a')
const say = (line: string): void => void writeSync(file, `${line}\n`)
const provider = acme({ secret: SECRET })
const inbox = sqliteInbox({ path, lease: '1s' })
const receiver = createReceiver({ provider, inbox, log: false })
const settled = openHandlers(receiver)
// The log is written back after 32 MiB; here it is every so often, so that a short run has that too.
const keeper = new DatabaseSync(path)
keeper.exec('PRAGMA busy_timeout = 1000; PRAGMA synchronous = FULL')

for (let next = 0; next < Number(count);) {
  const wave = Array.from({ length: 1 + (next % 7) }, () => next++)
  await Promise.all(
    wave.map(async (number) => {
      const id = `e${number}`
      const text = 'x'.repeat((number * 137) % 20_000)
      const reply = await receiver.receive(
        provider.sign!({ id, topic: 'thing.happened', payload: { id, text } }),
      )
      say(`${reply.status < 300 ? 'ack' : 'rejected'} ${id} ${reply.status}`)
    }),
  )
  if (next % 5 === 0) checkpoint()
  // Settling shares the loop with accepting.
  await new Promise((resolve) => setTimeout(resolve, 2))
}
await settled(Number(count))
say('end')
console.log('end')
setInterval(() => {}, 1000)

function checkpoint(): void {
  try {
    keeper.exec('PRAGMA wal_checkpoint(RESTART)')
  } catch {
    // The disk refuses: that is what some runs are for.
  }
}
