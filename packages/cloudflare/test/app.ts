import { createReceiver, RetryAfterError } from '@postern/core'
import { github } from '@postern/providers/github'
import {
  durableObject,
  durableObjectInbox,
  worker,
  type Receivers,
  type WebhookObject,
} from '../src/index.ts'
import { createObjectAlarm } from '../src/object/alarm.ts'
import { objectDatabase } from '../src/object/database.ts'
import type { ObjectNamespace, ObjectState, SqlValue, WorkerContext } from '../src/remote.ts'

export interface Env {
  readonly WEBHOOKS: ObjectNamespace
  readonly GITHUB_SECRET: string
  readonly LOG: { fetch(url: string): Promise<Response> }
}

const receivers: Receivers<Env> = (env, inbox) => {
  const hooks = createReceiver({
    provider: github({ secret: env.GITHUB_SECRET }),
    inbox,
    log: false,
  })
  hooks.on(
    ['issues.opened', 'push'],
    { name: 'work', retry: { attempts: 3, initialDelay: '1h', jitter: 'none' } },
    async (event, task) => {
      const { fail, slow, commit } = event.payload as Record<string, unknown>
      if (fail === true) throw new Error('it fails')
      await env.LOG.fetch(`http://log/?id=${event.id}&slow=${Number(slow ?? 0)}`)
      if (typeof fail === 'number' && task.attempt === 1) throw new RetryAfterError(fail)
      if (commit !== undefined)
        task.commit((sql) => {
          sql.exec('INSERT INTO effects VALUES (?)', event.id)
          if (commit === 'throw') throw new Error('after the write')
        })
    },
  )
  return { '/webhooks/github': hooks }
}

const timers = countTimers()

/** What the next calls of `accept` lose after the delivery is stored: only the reply, or the whole object. */
const ends: ('no reply' | 'the object')[] = []

export class Webhooks extends durableObject(receivers) {
  readonly #state: ObjectState
  constructor(ctx: ObjectState, env: Env) {
    super(ctx, env)
    this.#state = ctx
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS effects (id TEXT)')
  }

  override async accept(
    ...call: Parameters<WebhookObject['accept']>
  ): ReturnType<WebhookObject['accept']> {
    const answer = await super.accept(...call)
    const end = ends.shift()
    if (end === 'the object')
      (this.#state as ObjectState & { abort(why: string): void }).abort('it ends')
    if (end !== undefined) throw new Error('the reply is lost')
    return answer
  }

  endAfterAccept(end: (typeof ends)[number]): void {
    ends.push(end)
  }

  sql(query: string): readonly Record<string, SqlValue>[] {
    return this.#state.storage.sql.exec(query).toArray()
  }

  getAlarm(): Promise<number | null> {
    return this.#state.storage.getAlarm()
  }

  async loseAlarm(): Promise<void> {
    await this.#state.storage.deleteAlarm()
  }

  timers(): number {
    return timers.size
  }

  async rollBack(): Promise<{ rows: unknown; alarm: number | null; error: string }> {
    const { storage } = this.#state
    const alarm = createObjectAlarm(storage)
    const database = objectDatabase(storage, { commits: 0, living: new Set() }, alarm)
    const over = alarm.touched('tasks')
    let error = ''
    try {
      database.transaction(() => {
        database.prepare('INSERT INTO effects VALUES (?)').run('e1')
        // The inbox makes this call at the end of a transaction.
        alarm.committing()
        throw new Error('it throws')
      })
    } catch (thrown) {
      error = (thrown as Error).message
    }
    over()
    return {
      rows: storage.sql.exec('SELECT count(*) AS n FROM effects').toArray()[0]!['n'],
      alarm: await storage.getAlarm(),
      error,
    }
  }
}

const webhooks = worker(receivers, 'WEBHOOKS')

/** `/call` calls a method of the object or of its inbox. All other paths go to a Worker as users write it. */
export default {
  async fetch(request: Request, env: Env, context: WorkerContext): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname !== '/call') return webhooks.fetch(request, env, context)
    const { part, method, args } = (await request.json()) as {
      readonly part?: 'view' | 'journal' | 'records'
      readonly method: string
      readonly args: readonly unknown[]
    }
    const target =
      part === undefined
        ? env.WEBHOOKS.getByName('postern')
        : durableObjectInbox(env.WEBHOOKS)[part]
    try {
      const value = await (target as Record<string, (...given: unknown[]) => unknown>)[method]!(
        ...args,
      )
      return Response.json({ value })
    } catch (error) {
      return Response.json({ error: String(error) })
    }
  },
}

/** Returns a set that always has the active timers of this isolate. */
function countTimers(): ReadonlySet<unknown> {
  const set = new Set<unknown>()
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis
  const clear = (end: (timer: never) => void) => (timer: unknown) => {
    set.delete(timer)
    end(timer as never)
  }
  Object.assign(globalThis, {
    setTimeout(run: () => void, wait?: number) {
      const timer = setTimeout(() => {
        set.delete(timer)
        run()
      }, wait)
      set.add(timer)
      return timer
    },
    setInterval(run: () => void, wait?: number) {
      const timer = setInterval(run, wait)
      set.add(timer)
      return timer
    },
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
  })
  return set
}
