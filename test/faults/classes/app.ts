// App for the fault classes: `node app.ts <options as JSON>`. It accepts deliveries, records what its handlers do,
// and returns its tasks and health.
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver, fixed, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { closeOnSignal, webhook } from '@postern/node'
import type { PgTransaction } from '@postern/postgres'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../../packages/testing/src/acme.ts'
import { allTasks, openDurable, type DurableName } from '../../services/inboxes.ts'
import { openJournal } from '../journal.ts'
import { serve } from '../ready.ts'
import { SECRET } from '../secrets.ts'
import type { AppOptions, Told } from './class.ts'

const options = JSON.parse(process.argv[2]!) as AppOptions
const lines = openJournal(options.journal)
const inbox = await open()
const receiver = createReceiver({ provider: acme({ secret: SECRET }), inbox, name: 'shop' })
subscribe(receiver)
const take = webhook(receiver)
const server = serve(receiver, (request, reply) => {
  if (request.url === '/tasks') return void answer(reply, tasks())
  if (request.url === '/health') return void answer(reply, receiver.health())
  take(request, reply)
})
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox], grace: '4s' })

async function open(): Promise<Inbox> {
  const { inbox: name, store, steps } = options
  if (name === 'memory') return (await import('@postern/core')).memoryInbox()
  if (steps === undefined)
    return openDurable(name, store, { lease: '2s', deadline: '4s', ...options.settings })
  const { stores } = await import('../../versions/stores.ts')
  const own = stores[name as DurableName]
  const added = steps === 'additive' ? {} : { oldest: own.steps.length + 1 }
  return own.open(store, [...own.steps, { change: own.note, ...added }])
}

function subscribe(shop: Receiver): void {
  const retry = fixed({ attempts: 20, delay: '1s' })
  const limits = { concurrency: 64, retry, timeout: '15s' } as const
  type Run = (id: string, attempt: number, signal: AbortSignal) => unknown
  const handle = (name: string, run: Run, more: object = {}) =>
    shop.on(name, { name, ...limits, ...more }, async (event, task) => {
      lines.write(`run ${name} ${event.id}`)
      await run(event.id!, task.attempt, task.signal)
      lines.write(`end ${name} ${event.id}`)
    })
  handle('quick', () => {})
  // The odd event must still run when its process is killed.
  handle('slow', (id) => sleep(id === 'odd' ? 12_000 : 3000))
  // Stops when its signal aborts. On a busy machine, a deploy may end before the handler does.
  handle('polite', (_id, _attempt, signal) => sleep(3000, undefined, { signal }))
  handle('flaky', (_, attempt) => {
    if (attempt === 1) throw new Error('this time it did not work')
  })
  // Blocks the event loop for longer than the lease.
  handle('hold', () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000))
  handle(
    'loop',
    () => {
      for (;;);
    },
    { timeout: '1s', retry: fixed({ attempts: 3, delay: '1s' }) },
  )
  handle('large', () => sleep(20))
  const names =
    options.renamed === true ? { name: 'keyed.new', previousNames: ['keyed'] } : { name: 'keyed' }
  const orderingKey = (event: { readonly id: string | undefined }): string =>
    event.id!.split('-')[0]!
  shop.on(
    'keyed',
    { ...names, ...limits, ...(inbox.can.order && { orderingKey }) },
    async (event) => {
      lines.write(`run keyed ${event.id}`)
      await sleep(20)
      lines.write(`end keyed ${event.id}`)
    },
  )
  // Updates two rows, in an order that depends on the event. Parallel runs then cause deadlocks.
  shop.on('pair', { name: 'pair', ...limits }, async (event, task) => {
    const rows = Number(event.id!.split('-')[1]) % 2 === 0 ? [1, 2] : [2, 1]
    lines.write(`run pair ${event.id}`)
    await task.commit(async (transaction) => {
      for (const row of rows) {
        const { query } = transaction as unknown as Pick<PgTransaction, 'query'>
        await query(`UPDATE app_rows SET n = n + 1 WHERE id = ${row}`)
        await sleep(20)
      }
    })
    lines.write(`end pair ${event.id}`)
  })
}

async function answer(reply: ServerResponse, value: Promise<unknown>): Promise<void> {
  try {
    reply.end(JSON.stringify(await value))
  } catch (error) {
    reply.writeHead(500).end(String(error))
  }
}

async function tasks(): Promise<readonly Told[]> {
  return (await allTasks(inbox.view!)).map(({ subscription, state, event, error }) => ({
    subscription,
    state,
    id: event.id!,
    ...(error && { error: error.name }),
  }))
}
