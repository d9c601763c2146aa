import { createReceiver, type Observer, type Receiver, type Reply } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { type Draft, type Provider } from '@postern/core/scheme'
import { acme } from '@postern/testing'
import { onTestFinished } from 'vitest'
import { forward, type ForwardOptions } from '../src/index.ts'
import { openSite, type Manner, type Site } from './site.ts'

const secret = 'shared with acme'

export interface Scene {
  readonly receiver: Receiver
  send(draft?: Draft): Promise<Reply>
  /** Outcomes of tasks in order: `done <part>`, `dead <part> <message>` and so on. */
  readonly told: readonly string[]
  /** Returns the nth line that starts with this text, past or future. */
  until(start: string, nth?: number): Promise<string>
  restore: ReturnType<typeof forward>['restore']
}

export interface SceneOptions extends Partial<ForwardOptions> {
  readonly inbox?: Inbox
  readonly provider?: Provider
  readonly observers?: readonly Observer[]
}

/** Creates a scene that is closed after the test. By default, it allows loopback addresses and http. */
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
  onTestFinished(async () => {
    await receiver.close({ timeout: 0 })
    await handler.close()
  })
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
  }
}

/** Starts a site that is closed after the test. */
export async function startSite(manner?: Manner): Promise<Site> {
  const site = await openSite(manner)
  onTestFinished(() => site.close())
  return site
}
