import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createReceiver, UnrecoverableError, type Receiver } from '@postern/core'
import { forward } from '@postern/forward'
import { serve, webhook } from '@postern/node'
import { sqliteInbox } from '@postern/sqlite'
import { acme, listen } from '@postern/testing'
import { freePort, removeFolder, temporaryFolder } from '../../../../test/services/temporary.ts'
import { metricsRoute } from '../../src/prometheus.ts'

const secret = 'shared with acme'
const provider = acme({ secret })

/** App with one receiver, whose deliveries and tasks have every possible outcome. */
export interface App {
  /** `host:port` to scrape. */
  readonly target: string
  readonly receiver: Receiver
  /** Sends deliveries with every outcome, and waits until their tasks end. */
  traffic(round: number): Promise<void>
  /** Makes another process die during a task, and waits until this process observes it. */
  crash(): Promise<void>
  close(): Promise<void>
}

// Number of tasks that end per round: three of book, one each of mail, late, odd and search, and the fan-out task of
// partners.
const ENDS = 8

export async function startApp(): Promise<App> {
  const folder = await temporaryFolder('metrics')
  const path = join(folder, 'webhooks.db')
  const inbox = sqliteInbox({ path, lease: '1s' })
  const receiver = createReceiver({ provider, inbox, name: 'shop', log: false })
  const down = `http://127.0.0.1:${await freePort()}/`
  const failing = { attempts: 3, initialDelay: 1 }
  receiver.on('order.**', { name: 'book' }, () => {})
  receiver.on('order.paid', { name: 'mail', retry: failing }, (_event, { attempt }) => {
    if (attempt === 1) throw new RangeError('the first mail always fails')
  })
  receiver.on('order.odd', { name: 'odd' }, () => {
    throw new UnrecoverableError('nobody knows what to do with it')
  })
  receiver.on('order.late', { name: 'late' }, () => new Promise((done) => setTimeout(done, 20)))
  const version = ({ payload }: { payload: unknown }): number =>
    (payload as { version: number }).version
  const debounce = { key: () => 'catalog', newest: version }
  receiver.on('catalog', { name: 'search', debounce }, () => {})
  receiver.on('crash', { name: 'crash' }, () => {})
  const pass = forward({
    to: [{ id: 'crm', url: down }],
    sign: false,
    allowHttp: true,
    allowPrivate: true,
    allowPort: () => true,
    retry: { attempts: 2, initialDelay: 1 },
    breaker: { failures: 1, pause: '1h' },
    giveUp: '1h',
  })
  receiver.on('lead', { name: 'partners' }, pass)

  const hook = webhook(receiver)
  const scraped = serve(metricsRoute([receiver]))
  const server = createServer((request, response) => {
    if (request.url === '/metrics') void scraped(request, response)
    else hook(request, response)
  })
  const { url, close } = await listen(server)
  return {
    target: new URL(url).host,
    receiver,
    async traffic(round) {
      const ended = untilEnded(receiver, ENDS)
      // These are sent first, because the receiver looks for id conflicts only once a second.
      const paid = { topic: 'order.paid', id: `order.paid-${round}` }
      for (const amount of [1, 2]) await send({ ...paid, payload: { amount } })
      // The second version is older than the first.
      for (const version of [2, 1])
        await send({ topic: 'catalog', payload: { version: 2 * round + version } })
      for (const topic of ['order.odd', 'order.late', 'lead', 'unknown']) {
        const id = `${topic}-${round}`
        await send({ topic, id, payload: { round } })
        await send({ topic, id, payload: { round } })
      }
      await send({ topic: 'order.paid', payload: {} }, { 'x-acme-signature': 'sha256=00' })
      await send({ topic: 'order.paid', payload: {} }, { 'x-acme-signature': undefined })
      await ended
    },
    async crash() {
      const { promise, resolve } = Promise.withResolvers<void>()
      const stop = receiver.observe({ interrupted: () => resolve() })
      const child = spawn(process.execPath, [join(import.meta.dirname, 'crash.ts'), path], {
        stdio: 'inherit',
      })
      await once(child, 'exit')
      await promise
      stop()
    },
    async close() {
      await receiver.close()
      await pass.close()
      await inbox.close()
      await close()
      await removeFolder(folder)
    },
  }

  async function send(
    draft: Parameters<NonNullable<typeof provider.sign>>[0],
    changed: Readonly<Record<string, string | undefined>> = {},
  ): Promise<void> {
    const { headers, body, method } = provider.sign!({ url, ...draft })
    const all = Object.entries({ ...headers, ...changed }).filter(
      ([, value]) => value !== undefined,
    )
    const reply = await fetch(url, {
      method,
      headers: Object.fromEntries(all) as Record<string, string>,
      body: Uint8Array.from(body),
    })
    await reply.arrayBuffer()
  }
}

/** Waits until this number of further tasks is done or dead. */
function untilEnded(receiver: Receiver, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = count
  const ended = (): void => {
    if (--left === 0) resolve()
  }
  const stop = receiver.observe({ done: ended, dead: ended })
  return promise.finally(stop)
}
