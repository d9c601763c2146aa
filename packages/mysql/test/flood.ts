// A process of deadlocks.long.test.ts: `node flood.ts <url> <name> <events>`. Accepts events, some of them in the app's
// own transactions, and runs their tasks.
import { createReceiver, fixed } from '@postern/core'
import { acme } from '@postern/testing'
import { createPool } from 'mysql2/promise'
import { inTransaction, mysqlInbox } from '../src/index.ts'

const [url = '', name = '', events = '0'] = process.argv.slice(2)
const AT_ONCE = 64
const GUESTS = 20
const provider = acme({ secret: 'a secret of these tests' })
const inbox = mysqlInbox({ connectionString: url, pollInterval: 50 })
const app = createPool({ uri: url, connectionLimit: GUESTS })
const receiver = createReceiver({ provider, inbox, log: false })
const retry = fixed({ attempts: 5, delay: 5 })
receiver.on('plain', { name: 'plain', concurrency: 64 }, () => {})
receiver.on('shaky', { name: 'shaky', concurrency: 64, retry }, (_, task) => {
  if (task.attempt === 1) throw new Error('not yet')
})
receiver.on(
  'ordered',
  {
    name: 'ordered',
    concurrency: 64,
    orderingKey: ({ id }) => `key ${Number(id!.split(' ')[1]) % 40}`,
  },
  () => {},
)
const topics = ['plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'shaky', 'ordered']
const counts = { 200: 0, late: 0 }
let next = 0

await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => deliverAll(at < GUESTS)))
// A task that waits for a task of the other process is not due yet, so `runDue` may end too early.
const isLeft = async (): Promise<boolean> =>
  (await inbox.view!.stats()).some(({ counts: { pending, running } }) => pending + running > 0)
do await receiver.runDue({ deadline: '60s' })
while (await isLeft())
await receiver.close()
await inbox.close()
await app.end()
console.log(JSON.stringify({ name, ...counts }))

async function deliverAll(mayBeGuest: boolean): Promise<void> {
  while (next < Number(events)) {
    const n = next++
    // Both processes get every tenth event.
    const id = `${n % 10 === 0 ? 'both' : name} ${n}`
    const request = provider.sign!({ id, topic: topics[n % topics.length]!, payload: { n } })
    const isGuest = mayBeGuest && n % 3 === 0
    const deliver = async (): Promise<number> =>
      isGuest ? asGuest(request) : (await receiver.receive(request)).status
    // Sends again, as senders do. On a busy machine, a commit may miss the deadline.
    while ((await deliver()) !== 200) counts.late++
    counts[200]++
  }
}

async function asGuest(request: Parameters<typeof receiver.receive>[0]): Promise<number> {
  const connection = await app.getConnection()
  try {
    await connection.beginTransaction()
    const { status } = await receiver.receive(request, inTransaction(connection))
    await (status === 200 ? connection.commit() : connection.rollback())
    return status
  } catch {
    // Rolls back after a conflict with the other process, as an app does.
    await connection.rollback()
    return 409
  } finally {
    connection.release()
  }
}
