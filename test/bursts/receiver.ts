import { fixed, PostponeError, type createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import type { Burst } from './plan.ts'

export const provider: ReturnType<typeof github> = github({ secret: 'a secret of the bursts' })

type Payload = Pick<Burst, 'key' | 'version'>

/** Subscribes a handler that is sometimes slow, fails or postpones. It calls `tell` when a run starts and ends. */
export function subscribe(
  receiver: Pick<ReturnType<typeof createReceiver>, 'on'>,
  process: string,
  tell: (query: string) => Promise<unknown>,
): void {
  let runs = 0
  const payloadOf = ({ payload }: { readonly payload: unknown }): Payload => payload as Payload
  receiver.on(
    'push',
    {
      name: 'burst',
      concurrency: 20,
      retry: fixed({ attempts: 1000, delay: 1 }),
      debounce: {
        key: (event) => payloadOf(event).key,
        wait: 10,
        maxWait: 60,
        newest: (event) => payloadOf(event).version,
      },
    },
    async (event) => {
      const { key, version } = payloadOf(event)
      const run = `process=${process}&run=${process}-${runs++}&key=${key}`
      await tell(`${run}&version=${version}`)
      try {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 8))
        const dice = Math.random()
        if (dice < 0.1) throw new Error('this time it did not work')
        if (dice < 0.13) throw new PostponeError(20)
      } finally {
        await tell(`${run}&end`)
      }
    },
  )
}
