import { createReceiver, type Receiver, type ReceiverOptions } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { onTestFinished } from 'vitest'

const provider = acme({ secret: 'a secret of these tests' })

export interface Listening {
  readonly receiver: Receiver
  readonly heard: readonly string[]
  /** Resolves when the recorded calls fulfill the condition. */
  readonly until: (condition: (heard: readonly string[]) => boolean) => Promise<void>
}

/** Creates a receiver that records calls of its observer, such as `done 1`. It is closed after its test. */
export function listen(inbox: Inbox, options: Partial<ReceiverOptions> = {}): Listening {
  const listening = listenOn(inbox, options)
  onTestFinished(() => listening.receiver.close())
  return listening
}

/** Like {@link listen}, but the caller closes the receiver. */
export function listenOn(inbox: Inbox, options: Partial<ReceiverOptions> = {}): Listening {
  const heard: string[] = []
  const watchers = new Set<() => void>()
  const hear = (what: string): void => {
    heard.push(what)
    for (const watcher of watchers) watcher()
  }
  const receiver = createReceiver({
    provider,
    inbox,
    log: false,
    ...options,
    observers: [
      {
        accepted: ({ id }) => hear(`accepted ${id}`),
        done: ({ id }) => hear(`done ${id}`),
        dead: ({ id }) => hear(`dead ${id}`),
        duplicate: ({ id }) => hear(`duplicate ${id}`),
        outcomeRejected: ({ id }) => hear(`fenced ${id}`),
        rejected: (_, error) => hear(`rejected ${error.code}`),
      },
    ],
  })
  return {
    receiver,
    heard,
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition(heard)) return
          watchers.delete(check)
          resolve()
        }
        watchers.add(check)
        check()
      }),
  }
}

export function signed(id: string): ReturnType<NonNullable<typeof provider.sign>> {
  return provider.sign!({ id, topic: 'thing.happened', payload: { n: 7 } })
}
