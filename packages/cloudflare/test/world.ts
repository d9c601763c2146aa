import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Draft } from '@postern/core/scheme'
import { github } from '@postern/providers/github'
import { vi } from 'vitest'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'
import { bundleWorker, startWorkerd, type Workerd } from '../../../test/services/workerd.ts'

export interface World {
  /** Ids that handlers have reported, in order. */
  readonly ran: readonly string[]
  /** Waits until a handler reports an id. The handler then waits for its answer, or continues. */
  reached(id: string): Promise<void>
  send(draft: Draft, by?: { readonly secret?: string; readonly query?: string }): Promise<number>
  /** Returns workerd's standard error, where Workers log errors. */
  errors(): string
  /** Calls a method of the object or of a part of its inbox. Rejects with the error's text. */
  ask<T>(method: string, args?: readonly unknown[], part?: string): Promise<T>
  /** Kills workerd. `start` continues with its storage. */
  kill(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

const SECRET = 'a secret of the tests'
const bundles = new Map<string, Promise<string>>()

/** Waits until the expectation holds, with a long limit for busy machines. */
export function eventually<T>(expectation: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(expectation, { timeout: 60_000, interval: 50 })
}

export function opened(id: string, payload: Readonly<Record<string, unknown>> = {}): Draft {
  return { id, topic: 'issues.opened', payload }
}

/**
 * Starts the Worker, or another module of this folder. `environment` is added to workerd's. Events with `slow` in their
 * payload keep their handler running for that many milliseconds.
 */
export async function openWorld(
  module = 'app.ts',
  environment?: Readonly<Record<string, string>>,
): Promise<World> {
  const ran: string[] = []
  const waiting: { readonly id: string; readonly resolve: () => void }[] = []
  const log = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://log')
    ran.push(searchParams.get('id')!)
    for (const { id, resolve } of waiting) if (ran.includes(id)) resolve()
    setTimeout(() => response.end(), Number(searchParams.get('slow'))).unref()
  })
  await new Promise<void>((resolve) => log.listen(0, '127.0.0.1', resolve))
  const folder = await temporaryFolder('cloudflare')
  const bundle = bundles.get(module) ?? bundleWorker(join(import.meta.dirname, module))
  bundles.set(module, bundle)
  const code = await bundle
  let workerd: Workerd
  const world: World = {
    ran,
    reached: (id) =>
      ran.includes(id)
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ id, resolve })),
    async send(draft, { secret = SECRET, query = '' } = {}) {
      const { sign } = github({ secret })
      const request = sign!({ ...draft, url: `${workerd.url}/webhooks/github${query}` })
      const response = await fetch(request.url, {
        method: request.method,
        headers: { ...request.headers },
        body: Buffer.from(request.body),
      })
      await response.arrayBuffer()
      return response.status
    },
    async ask<T>(method: string, args: readonly unknown[] = [], part?: string) {
      const response = await fetch(`${workerd.url}/call`, {
        method: 'POST',
        body: JSON.stringify({ part, method, args }),
      })
      const { value, error } = (await response.json()) as { value: T; error?: string }
      if (error !== undefined) throw new Error(error)
      return value
    },
    errors: () => workerd.errors(),
    kill: () => workerd.kill(),
    async start() {
      workerd = await startWorkerd({
        folder,
        code,
        ...(environment && { environment }),
        texts: { GITHUB_SECRET: SECRET },
        services: { LOG: (log.address() as AddressInfo).port },
      })
    },
    async close() {
      await workerd.kill()
      log.closeAllConnections()
      log.close()
      await removeFolder(folder)
    },
  }
  await world.start()
  return world
}
