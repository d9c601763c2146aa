import { createReceiver, type Receiver, type Reply, type Task } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { acme } from '@postern/testing'

export interface Scene {
  readonly inbox: Inbox
  readonly receiver: Receiver
  /** Ids of events in the order in which their runs began. */
  readonly runs: string[]
  /** Ids of events in the order in which their tasks were done. */
  readonly done: string[]
  readonly warnings: string[]
  /** Reasons why the inbox did not store a delivery. */
  readonly rejected: string[]
  send(id: string): Promise<Reply>
}

export function scene(
  inbox: Inbox,
  options: { readonly work?: boolean; readonly handler?: (id: string, task: Task) => unknown } = {},
): Scene {
  const provider = acme({ secret: 'suite-secret' })
  const runs: string[] = []
  const done: string[] = []
  const warnings: string[] = []
  const rejected: string[] = []
  const receiver = createReceiver({
    provider,
    inbox,
    log: false,
    ...(options.work === false && { worker: false }),
    observers: [
      {
        warning: (_, message) => warnings.push(message),
        rejected: (_, { message }) => rejected.push(message),
        done: ({ id }) => done.push(id!),
      },
    ],
  })
  receiver.on('thing.happened', { name: 'only' }, (event, task) => {
    runs.push(event.id!)
    return options.handler?.(event.id!, task)
  })
  return {
    inbox,
    receiver,
    runs,
    done,
    warnings,
    rejected,
    send: (id) => receiver.receive(provider.sign!({ id, payload: { id } })),
  }
}

/** Sends the event again until the status is 2xx, as providers do. Calls `told` with each status. */
export async function deliver(
  to: Scene,
  id: string,
  told: (status: number) => void = () => {},
): Promise<void> {
  for (;;) {
    const { status } = await to.send(id)
    told(status)
    if (status < 300) return
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
  }
}
