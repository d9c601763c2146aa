import type { Draft } from '@postern/core/scheme'
import { github } from '@postern/providers/github'
import { send as post } from '../examples/example.ts'

export const SECRET = 'a secret of the load'

const { sign } = github({ secret: SECRET })

/** Sends a signed delivery and returns the status of the reply. Rejects if workerd ends before. */
export async function send(url: string, id: string, payload: Draft['payload']): Promise<number> {
  const response = await post(sign!({ id, topic: 'push', payload, url: `${url}/webhooks/github` }))
  await response.arrayBuffer()
  return response.status
}

/** Resolves when no task is pending or running. */
export async function idle(url: string): Promise<void> {
  for (;;) {
    const { value } = (await (await fetch(`${url}/stats`)).json()) as {
      readonly value: readonly {
        readonly counts: { readonly pending: number; readonly running: number }
      }[]
    }
    if (value.every(({ counts }) => counts.pending + counts.running === 0)) return
    await pause(200)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
