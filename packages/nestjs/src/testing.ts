import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { INestApplication } from '@nestjs/common'
import type { AttemptInfo } from '@postern/core'
import type { TaskError } from '@postern/core/inbox'
import { readBounded } from '@postern/core/internal'
import { signed, type DeliveredTask, type SignedOptions } from '@postern/testing'
import type { PosternHost } from './host.ts'
import { HOST } from './tokens.ts'

// Maximum size of a request or reply in a test, in bytes.
const LONGEST = 64 * 1024 * 1024

/** Task, as it is after its first attempt. */
export type FirstAttempt = DeliveredTask

/** Result of a delivery through the whole app. */
export interface AppDelivery {
  readonly status: number
  readonly body: string
  readonly tasks: readonly FirstAttempt[]
}

/** Options of a delivery: the options of `signed`, and a timeout and a path. */
export interface AppDeliveryOptions extends SignedOptions {
  /** Maximum wait for the first attempts, in milliseconds. @default 5000 */
  readonly timeout?: number
  /** Path to send to. Required for a receiver that a controller mounts. @default the receiver's path */
  readonly path?: string
}

/**
 * Returns a client that sends signed deliveries through the whole app, over HTTP, and waits for the first attempt of
 * each task. Use the client in e2e tests with vitest, Jest and node:test, one delivery per receiver at a time. The app
 * must be initialized. If it does not listen yet, the client makes it listen on a free port of 127.0.0.1.
 *
 * @example
 * const { status, tasks } = await postern(app).deliver('stripe', 'invoice.paid', { data: { object: { amount_paid: 999 } } })
 */
export function postern(app: INestApplication): {
  deliver(
    receiver: string,
    topic: string,
    payload?: Record<string, unknown>,
    options?: AppDeliveryOptions,
  ): Promise<AppDelivery>
} {
  return {
    async deliver(name, topic, payload = {}, { timeout = 5000, path: given, ...how } = {}) {
      const host = app.get<PosternHost>(HOST, { strict: false })
      const hosted = host.find(name)
      if (!hosted)
        throw new TypeError(
          `postern(app).deliver: no receiver is named ${name}; there are: ${host.names()}`,
        )
      const { receiver } = hosted
      const path = given ?? hosted.path
      if (path === false)
        throw new TypeError(
          `postern(app).deliver: a controller mounts ${name}; give its path as the option path`,
        )
      const url = `http://127.0.0.1:${await portOf(app)}${path}`
      const tasks: FirstAttempt[] = []
      let due = 0
      let changed = (): void => {}
      const ended = (
        attempt: AttemptInfo,
        state: FirstAttempt['state'],
        error?: TaskError,
      ): void => {
        tasks.push({ ...attempt, state, ...(error && { error }) })
        changed()
      }
      const stop = receiver.observe({
        accepted: (_event, count) => void (due += count),
        done: (attempt) => ended(attempt, 'done'),
        retried: (attempt) => ended(attempt, 'retrying'),
        postponed: (attempt) => ended(attempt, 'retrying'),
        dead: (attempt, error) => ended(attempt, 'dead', error),
      })
      try {
        const request = await signed(receiver.provider, topic, payload as never, { ...how, url })
        const { status, body } = await send(request)
        const end = performance.now() + timeout
        while (tasks.length < due && performance.now() < end)
          await new Promise<void>((resolve) => {
            changed = resolve
            setTimeout(resolve, end - performance.now()).unref()
          })
        if (tasks.length < due)
          throw new Error(
            `postern(app).deliver: ${due - tasks.length} of ${due} tasks had no attempt within ${timeout} ms`,
          )
        return { status, body, tasks }
      } finally {
        stop()
      }
    },
  }
}

async function portOf(app: INestApplication): Promise<number> {
  const server = app.getHttpServer() as { address(): AddressInfo | null }
  if (server.address() === null) await app.listen(0, '127.0.0.1')
  return server.address()!.port
}

/** Sends a request on a new connection. Closing the app would have to wait for a keep-alive connection. */
async function send(request: Request): Promise<{ readonly status: number; readonly body: string }> {
  const { method, url, headers } = request
  const sent = httpRequest(url, { method, headers: Object.fromEntries(headers), agent: false })
  sent.end(await readBounded(request.body, LONGEST))
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  return {
    status: reply.statusCode!,
    body: Buffer.from(await readBounded(reply, LONGEST)).toString(),
  }
}
