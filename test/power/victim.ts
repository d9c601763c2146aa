// App whose machine loses its power: `node victim.ts <database> <journal> <deliveries>`. Writes each reply to the
// journal before it sends the next deliveries. Then waits to be killed.
import { openSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createReceiver } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
// Imported by file, because the package would also load its contract suites. Under strace, each loaded file costs time.
import { acme } from '../../packages/testing/src/acme.ts'
import { openHandlers, SECRET } from './handlers.ts'

const [path = '', journal = '', count = '0'] = process.argv.slice(2)
const file = openSync(journal, 'a')
const say = (line: string): void => void writeSync(file, `${line}\n`)
const provider = acme({ secret: SECRET })
const inbox = sqliteInbox({ path, lease: '1s' })
const receiver = createReceiver({ provider, inbox, log: false })
const settled = openHandlers(receiver)
// A checkpoint usually starts at 32 MiB of log. This second connection starts checkpoints more often, so that a short
// run has some too.
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
  // Gives tasks time to settle between deliveries.
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
    // Expected in the runs with disk errors.
  }
}
