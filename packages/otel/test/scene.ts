import { createReceiver, type Observer, type Receiver, type Reply } from '@postern/core'
import type { ReceiverOptions } from '@postern/core'
import type { Draft } from '@postern/core/scheme'
import { acme } from '@postern/testing'
import { onTestFinished } from 'vitest'
import { otel, type OtelOptions } from '../src/index.ts'

export interface Scene {
  readonly receiver: Receiver
  send(this: void, draft?: Draft): Promise<Reply>
  /** Waits for the nth dead or done task. */
  ended(this: void, nth?: number): Promise<void>
}

export const SECRET = 'a secret that is nowhere'
const provider = acme({ secret: SECRET })

export function createScene(
  options: OtelOptions & { readonly receiver?: Partial<ReceiverOptions> } = {},
): Scene {
  const { receiver: given = {}, ...own } = options
  let ends = 0
  const waiting: (() => void)[] = []
  const end = (): void => {
    ends++
    for (const wake of waiting.splice(0)) wake()
  }
  const watch: Observer = { done: end, dead: end }
  const receiver = createReceiver({
    log: false,
    onUnhandled: 'acknowledge',
    ...given,
    name: 'shop',
    provider: given.provider ?? provider,
    observers: [otel(own), ...(given.observers ?? []), watch],
  })
  onTestFinished(() => receiver.close({ timeout: 0 }))
  return {
    receiver,
    send: (draft = {}) =>
      receiver.receive(
        (given.provider ?? provider).sign!({ id: 'evt_1', topic: 'ping', payload: {}, ...draft }),
      ),
    async ended(nth = 1) {
      while (ends < nth) await new Promise<void>((wake) => waiting.push(wake))
    },
  }
}
