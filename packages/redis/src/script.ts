import { createHash } from 'node:crypto'
import { WebhookError } from '@postern/core'
import type { Cluster, Redis } from 'ioredis'
import { createWaiters, type Waiter } from './ready.ts'

/** Runs scripts, each within a deadline. */
interface ScriptRunner {
  /**
   * Waits for the connection. Rejects with `inbox_unavailable` if Redis is away, hangs or refuses until the deadline.
   * `late` gets an answer that arrives after the deadline.
   */
  run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: (answer: unknown) => void,
  ): Promise<unknown>
}

/** Makes a runner on a client. */
export function createScriptRunner(client: Redis | Cluster, deadline: number): ScriptRunner {
  const hashes = new Map<string, string>()
  const waiters = createWaiters(client)
  return {
    run: (script, keys, args, late) =>
      new Promise((resolve, reject) => {
        let over = false
        const timer = setTimeout(() => {
          waiters.delete(waiter)
          const what =
            client.status === 'ready' ? 'did not answer' : `was not connected (${client.status})`
          failed(`Redis ${what} within ${deadline} ms`)
        }, deadline)
        // A client may queue commands until Redis is back: so nothing is sent before, nor after its deadline.
        const waiter: Waiter = {
          ready() {
            send(script, keys, args).then(
              (answer) => {
                clearTimeout(timer)
                if (over) late?.(answer)
                else resolve(answer)
              },
              (error: unknown) =>
                failed(error instanceof Error ? error.message : String(error), error),
            )
          },
          failed: (error) => failed(error.message, error),
        }
        if (client.status === 'ready') waiter.ready()
        else waiters.add(waiter)

        function failed(reason: string, cause?: unknown): void {
          over = true
          clearTimeout(timer)
          reject(new WebhookError('inbox_unavailable', `redisLedger: ${reason}`, { cause }))
        }
      }),
  }

  async function send(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    let hash = hashes.get(script)
    if (!hash) hashes.set(script, (hash = createHash('sha1').update(script).digest('hex')))
    try {
      return await client.evalsha(hash, keys.length, ...keys, ...args)
    } catch (error) {
      // Redis forgets its scripts when it restarts.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return client.eval(script, keys.length, ...keys, ...args)
    }
  }
}
