import { createReceiver, type Observer, type Receiver, type Reply } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { type Draft, type Provider } from '@postern/core/scheme'
import { acme } from '@postern/testing'
import { forward, type ForwardOptions } from '../src/index.ts'

const secret = 'shared with acme'

/** A receiver that forwards all it gets. */
export interface Scene {
  readonly receiver: Receiver
  /** Delivers an event. */
  send(draft?: Draft): Promise<Reply>
  /** What became of tasks, in order: `done <part>`, `dead <part> <message>` and so on. */
  readonly told: readonly string[]
  /** Resolves with the first thing told, now or later, that begins so, the nth time. */
  until(start: string, nth?: number): Promise<string>
  restore: ReturnType<typeof forward>['restore']
  close(): Promise<void>
}

/** What a scene may be made with. */
export interface SceneOptions extends Partial<ForwardOptions> {
  readonly inbox?: Inbox
  readonly provider?: Provider
  /** Observers beside the one of the scene. */
  readonly observers?: readonly Observer[]
}

/** Makes a scene; loopback and http are let through unless said otherwise. */
export function createScene(options: SceneOptions): Scene {
  const told: string[] = []
  let waiting: (() => void)[] = []
  const tell = (line: string): void => {
    told.push(line)
    for (const wake of waiting.splice(0)) wake()
    waiting = []
  }
  const observer: Observer = {
    done: (info) => tell(`done ${info.attempt}`),
    dead: (_, error) => tell(`dead ${error.name}: ${error.message}`),
    attemptFailed: (_, error) => tell(`failed ${(error as Error).message}`),
    retried: (info, at) => tell(`retried ${at} ${info.attempt}`),
    postponed: () => tell('postponed'),
  }
  const { inbox, provider = acme({ secret }), observers = [], ...given } = options
  const receiver = createReceiver({
    provider,
    log: false,
    observers: [observer, ...observers],
    ...(inbox && { inbox }),
    ...(given.now && { clock: { now: given.now } }),
  })
  const handler = forward({
    to: [],
    sign: false,
    retry: { attempts: 5, initialDelay: 1 },
    allowPrivate: true,
    allowHttp: true,
    ...given,
  })
  receiver.onAny({ name: 'fan-out' }, handler)
  return {
    receiver,
    send: (draft = {}) =>
      receiver.receive(provider.sign!({ id: 'e1', payload: { n: 1 }, ...draft })),
    told,
    async until(start, nth = 1) {
      for (;;) {
        const found = told.filter((line) => line.startsWith(start))
        if (found.length >= nth) return found[nth - 1]!
        await new Promise<void>((wake) => waiting.push(wake))
      }
    },
    restore: (destination) => handler.restore(destination),
    async close() {
      await receiver.close({ timeout: 0 })
      await handler.close()
    },
  }
}
