import { randomBytes } from 'node:crypto'
import { memoryInbox } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { Webhook } from 'standardwebhooks'
import { onTestFinished } from 'vitest'
import { createSender, type WebhookSource, type SourceOptions } from '../src/index.ts'
import type { Got } from './site.ts'

export const key: Buffer = randomBytes(32)

/** A sender that may call loopback addresses, and the outcomes of its tasks. */
export interface SourceScene {
  readonly source: WebhookSource
  readonly inbox: Inbox
  /** Waits until this number of tasks is done. */
  readonly done: (count: number) => Promise<void>
  /** Waits for this number of dead tasks, and returns their messages. */
  readonly dead: (count: number) => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

export function createSourceScene(options: Partial<SourceOptions> = {}): SourceScene {
  const inbox = options.inbox ?? memoryInbox()
  const dead: string[] = []
  let done = 0
  let waiting: (() => void)[] = []
  const wake = (): void => {
    for (const each of waiting.splice(0)) each()
    waiting = []
  }
  const source = createSender({
    name: 'bank',
    key,
    log: false,
    allowPrivate: true,
    allowHttp: true,
    retry: { attempts: 3, initialDelay: 1 },
    observers: [
      {
        done: () => (done++, wake()),
        dead: (_, error) => (dead.push(error.message), wake()),
      },
    ],
    ...options,
    inbox,
  })
  const until = async (test: () => boolean): Promise<void> => {
    while (!test()) await new Promise<void>((resolve) => waiting.push(resolve))
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= source.close({ timeout: 0 }).then(async () => inbox.close()))
  onTestFinished(close)
  return {
    source,
    inbox,
    done: (count) => until(() => done >= count),
    dead: (count) => until(() => dead.length >= count).then(() => dead.slice(0, count)),
    close,
  }
}

export function verified({ body, headers }: Got, secret: string): boolean {
  try {
    new Webhook(secret).verify(body.toString(), headers)
    return true
  } catch {
    return false
  }
}
