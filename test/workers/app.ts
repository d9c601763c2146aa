// The Worker for the tests that kill workerd and that count rows.
import {
  durableObject,
  worker,
  type ObjectNamespace,
  type ObjectState,
  type Receivers,
  type WireIntake,
  type WorkerContext,
} from '@postern/cloudflare'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'

interface Env {
  readonly WEBHOOKS: ObjectNamespace
  readonly SECRET: string
  /** Simulates a fault: the Worker replies without waiting for the Durable Object. */
  readonly EARLY?: string
  readonly LOG: { fetch(url: string): Promise<Response> }
}

/** Rows that were read and written, in total and by statement. `by` also counts how often each statement ran. */
interface Counted {
  read: number
  written: number
  readonly by: Record<string, [runs: number, read: number, written: number]>
}

const receivers: Receivers<Env> = (env, inbox) => {
  const receiver = createReceiver({ provider: github({ secret: env.SECRET }), inbox, log: false })
  receiver.on('push', { name: 'work', concurrency: 20 }, async (event, task) => {
    const { slow, commit } = event.payload as { readonly slow?: number; readonly commit?: boolean }
    if (slow !== undefined) await env.LOG.fetch(`http://log/?id=${event.id}&slow=${slow}`)
    if (commit === true) task.commit((sql) => sql.exec('INSERT INTO effects VALUES (?)', event.id))
  })
  return { '/webhooks/github': receiver }
}

export class Webhooks extends durableObject(receivers) {
  readonly #rows: Counted

  constructor(ctx: ObjectState, env: Env) {
    const rows: Counted = { read: 0, written: 0, by: {} }
    count(ctx, (statement, read, written) => {
      rows.read += read
      rows.written += written
      const one = (rows.by[statement] ??= [0, 0, 0])
      one[0]++
      one[1] += read
      one[2] += written
    })
    super(ctx, env)
    this.#rows = rows
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS effects (id TEXT)')
  }

  rows(): Promise<Counted> {
    return Promise.resolve(this.#rows)
  }

  /** Accepts events as if Workers had sent them. */
  async fill(from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += 500)
      await Promise.all(
        Array.from({ length: 500 }, (_, n) => this.accept('github', intake(`fill-${at + n}`))),
      )
  }
}

const webhooks = worker(receivers, 'WEBHOOKS')

export default {
  async fetch(request: Request, env: Env, context: WorkerContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const object = env.WEBHOOKS.getByName('postern') as Webhooks
    if (pathname === '/rows') return Response.json(await object.rows())
    if (pathname === '/stats') return Response.json(await object.ask('view', 'stats', []))
    if (pathname === '/fill') {
      await object.fill(Number(searchParams.get('from')), Number(searchParams.get('to')))
      return new Response()
    }
    return webhooks.fetch(
      request,
      env.EARLY === undefined ? env : { ...env, WEBHOOKS: early(env.WEBHOOKS) },
      context,
    )
  },
}

function early(namespace: ObjectNamespace): ObjectNamespace {
  return {
    getByName(name) {
      const object = namespace.getByName(name) as Webhooks
      return {
        ask: (...args: Parameters<Webhooks['ask']>) => object.ask(...args),
        async accept(receiver: string, wire: WireIntake) {
          object.accept(receiver, wire).catch(() => {})
          return { value: wire.items.map(() => 'new') }
        },
      }
    },
  }
}

function intake(id: string): WireIntake {
  const headers = [
    ['x-github-event', 'push'],
    ['x-github-delivery', id],
    ['content-type', 'application/json'],
  ]
  const head = { method: 'POST', url: '/webhooks/github', headers, receivedAt: Date.now() }
  const event = {
    key: `:${id}`,
    dedupe: true,
    id,
    topic: 'push',
    provider: 'github',
    source: 'plain',
    aliases: [],
  }
  return {
    head: JSON.stringify(head),
    body: new TextEncoder().encode(JSON.stringify({ text: 'a'.repeat(1000) })),
    dedupeWindow: 0,
    items: [
      { record: JSON.stringify(event), guards: undefined, tasks: [{ subscription: 'work' }] },
    ],
  }
}

/** Counts what Cloudflare bills: the rows of each statement, and one row for each alarm that is set. */
function count(
  ctx: ObjectState,
  add: (statement: string, read: number, written: number) => void,
): void {
  const { storage } = ctx
  const { sql } = storage
  const exec = sql.exec.bind(sql)
  const setAlarm = storage.setAlarm.bind(storage)
  Object.defineProperty(sql, 'exec', {
    value(query: string, ...values: unknown[]) {
      const cursor = exec(query, ...values) as ReturnType<typeof exec> & {
        readonly rowsRead: number
        readonly rowsWritten: number
      }
      const rows = cursor.toArray()
      add(query, cursor.rowsRead, cursor.rowsWritten)
      return { toArray: () => rows }
    },
  })
  Object.defineProperty(storage, 'setAlarm', {
    value(time: number) {
      add('setAlarm', 0, 1)
      return setAlarm(time)
    },
  })
}
