import { createHash } from 'node:crypto'
import { WebhookError } from '@postern/core'
import type { Cluster, Redis } from 'ioredis'

/** Runs scripts on one key, each within a deadline. */
export interface ScriptRunner {
  /**
   * Rejects with `inbox_unavailable` where Redis is away, hangs or refuses. `late` gets the answer of a script that had
   * been sent and came after its deadline.
   */
  run(
    script: string,
    key: string,
    args: readonly (string | number)[],
    late?: (answer: unknown) => void,
  ): Promise<unknown>
}

/** Makes a runner on a client. It asks for the status first, since a client may keep commands until Redis is back. */
export function createScriptRunner(client: Redis | Cluster, deadline: number): ScriptRunner {
  const hashes = new Map<string, string>()
  return {
    run(script, key, args, late) {
      if (client.status !== 'ready')
        return Promise.reject(unavailable(`Redis is not connected (${client.status})`))
      const sent = send(script, key, args)
      return new Promise((resolve, reject) => {
        let over = false
        const timer = setTimeout(() => {
          over = true
          reject(unavailable(`Redis did not answer within ${deadline} ms`))
        }, deadline)
        sent.then(
          (answer) => {
            clearTimeout(timer)
            if (over) late?.(answer)
            else resolve(answer)
          },
          (error: unknown) => {
            clearTimeout(timer)
            reject(unavailable(error instanceof Error ? error.message : String(error), error))
          },
        )
      })
    },
  }

  async function send(
    script: string,
    key: string,
    args: readonly (string | number)[],
  ): Promise<unknown> {
    let hash = hashes.get(script)
    if (!hash) hashes.set(script, (hash = createHash('sha1').update(script).digest('hex')))
    try {
      return await client.evalsha(hash, 1, key, ...args)
    } catch (error) {
      // Redis forgets its scripts when it restarts.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return client.eval(script, 1, key, ...args)
    }
  }
}

function unavailable(reason: string, cause?: unknown): WebhookError {
  return new WebhookError('inbox_unavailable', `redisLedger: ${reason}`, { cause })
}
