import type { MaybePromise } from '@postern/core/internal'
import { createReceiver, type Receiver, type ReceiverOptions, type Reply } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { IntakeItem, Port } from '@postern/core/engine'
import { intake } from './make.ts'
import type { TestRunner } from '../ledger.ts'
import { createTaskRecorder, type TaskRecorder, type RecorderOptions } from './recorder.ts'
import { acme } from '../acme.ts'

/** An inbox under test, on a store of its own. */
export interface InboxHandle {
  readonly inbox: Inbox
  /** Closes the inbox and gives another on the same store, as after a restart. Needed if it is `durable`. */
  reopen?(): MaybePromise<Inbox>
  /** Another inbox on the same store next to the first, as a second process has. Needed if it is `shared`. */
  another?(): MaybePromise<Inbox>
  /** Ends the leases of what runs now, as if its process had stopped. Needed if it is `shared`. */
  abandon?(): MaybePromise<void>
  /** Closes every inbox of the store and removes the store. */
  close(): MaybePromise<void>
}

/** Makes an inbox for one test. */
export type MakeInbox = (wish: {
  /** How many tasks may be pending, if the inbox is `bounded`. */
  readonly maxPending?: number
}) => MaybePromise<InboxHandle>

/** One test: an inbox, and receivers that are ended with it. */
export interface Scene {
  readonly handle: InboxHandle
  /** The inbox, or the one after a restart. */
  inbox: Inbox
  /** Joins a receiver that records, and starts its work unless told otherwise. */
  join(options?: JoinOptions): JoinedReceiver
  /** Ends all receivers, and continues with another inbox on the same store. */
  restart(): Promise<void>
  /** Closes something before the inbox. */
  atEnd(close: () => Promise<unknown>): void
}

/** How {@link Scene} joins a receiver. */
interface JoinOptions extends RecorderOptions {
  /** @default true */
  readonly work?: boolean
  /** @default the scene's inbox */
  readonly inbox?: Inbox
}

/** A receiver of a scene. */
export interface JoinedReceiver extends TaskRecorder {
  readonly port: Port
  /** Accepts one delivery with these events. */
  accept(...items: readonly IntakeItem[]): ReturnType<Port['accept']>
  /** Accepts one delivery. Resolves when this number of outcomes is settled in all. */
  settle(count: number, ...items: readonly IntakeItem[]): Promise<void>
  /** Accepts one delivery. Resolves when this number of attempts has started in all. */
  start(count: number, ...items: readonly IntakeItem[]): Promise<void>
  work(): void
  /** Ends its work and lets the inbox go. */
  leave(timeout?: number): Promise<void>
}

/** Defines a test that gets a scene. */
export type SceneTest = (
  name: string,
  body: (scene: Scene) => Promise<void>,
  wish?: { readonly maxPending?: number },
) => void

/** Makes the function that defines the tests of an inbox. */
export function sceneTest(make: MakeInbox, runner: TestRunner): SceneTest {
  return (name, body, wish = {}) => {
    runner.test(name, async () => {
      const handle = await make(wish)
      let ends: (() => Promise<unknown>)[] = []
      const scene: Scene = {
        handle,
        inbox: handle.inbox,
        join(options = {}) {
          const one = join(options.inbox ?? scene.inbox, options)
          scene.atEnd(() => one.leave(0))
          return one
        },
        atEnd: (close) => void ends.push(close),
        async restart() {
          await leaveAll()
          scene.inbox = await handle.reopen!()
        },
      }
      try {
        await body(scene)
      } finally {
        await leaveAll()
        await handle.close()
      }

      async function leaveAll(): Promise<void> {
        const all = ends
        ends = []
        await Promise.all(all.map((end) => end()))
      }
    })
  }
}

function join(inbox: Inbox, options: JoinOptions): JoinedReceiver {
  const recorder = createTaskRecorder(options)
  const port = inbox.attach(recorder.consumer)
  const work = (): void => port.work!()
  const accept: JoinedReceiver['accept'] = (...items) => port.accept(intake(...items), {})
  if (options.work !== false) work()
  return {
    ...recorder,
    port,
    accept,
    async settle(count, ...items) {
      await accept(...items)
      await recorder.untilSettled(count)
    },
    async start(count, ...items) {
      await accept(...items)
      await recorder.until(`${count} attempts have started`, () => recorder.runs.length >= count)
    },
    work,
    leave: (timeout = 5000) => port.close(Date.now() + timeout),
  }
}

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
  scene.atEnd(() => receiver.close())
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
