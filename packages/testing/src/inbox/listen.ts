import { createReceiver, type Receiver, type ReceiverOptions, type Reply } from '@postern/core'
import { acme } from '../acme.ts'
import type { Scene } from './scene.ts'

const provider = acme({ secret: 'a secret of the suite' })

/** A receiver on the scene's inbox, and what its observer heard. */
export function receiverHeard(
  scene: Scene,
  options: Partial<ReceiverOptions> = {},
): { receiver: Receiver; happened: string[]; until: (what: string) => Promise<void> } {
  const happened: string[] = []
  const watchers = new Set<() => void>()
  const hear = (what: string): void => {
    happened.push(what)
    for (const watcher of watchers) watcher()
  }
  const receiver = createReceiver({
    provider,
    inbox: scene.inbox,
    log: false,
    ...options,
    observers: [
      {
        attemptStarted: ({ id }) => hear(`started ${id}`),
        done: ({ id }) => hear(`done ${id}`),
        dead: ({ id }) => hear(`dead ${id}`),
        duplicate: ({ id }) => hear(`duplicate ${id}`),
        rejected: (_, error) => hear(`rejected ${error.code}`),
      },
    ],
  })
  return { receiver, happened, until }

  function until(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(new Error(`waited 15 s in vain for ${what}: ${happened.join(', ')}`))
      const timer = setTimeout(late, 15_000)
      const check = (): void => {
        if (!happened.includes(what)) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve()
      }
      watchers.add(check)
      check()
    })
  }
}

/** Delivers a signed event. */
export function deliverSigned(receiver: Receiver, id: string): Promise<Reply> {
  const draft = { id, topic: 'thing.happened', payload: { n: 7 } }
  return receiver.receive(provider.sign!(draft))
}
