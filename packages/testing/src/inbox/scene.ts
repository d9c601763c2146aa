import type { MaybePromise } from '@postern/core/internal'
import { createReceiver, type Receiver, type ReceiverOptions, type Reply } from '@postern/core'
import type { Inbox, InboxView, TaskDetail, TaskQuery } from '@postern/core/inbox'
import type { IntakeItem, Port } from '@postern/core/engine'
import { intake } from './make.ts'
import type { TestRunner } from '../ledger.ts'
import { createTaskRecorder, type TaskRecorder, type RecorderOptions } from './recorder.ts'
import { acme } from '../acme.ts'

/** An inbox under test. Each inbox has its own store. */
export interface InboxHandle {
  readonly inbox: Inbox
  /** Closes the inbox and returns a new one on the same store, as after a restart. Needed for `durable`. */
  reopen?(): MaybePromise<Inbox>
  /** Returns a second inbox on the same store, as another process would have. Needed for `shared`. */
  another?(): MaybePromise<Inbox>
  /** Ends the leases of running tasks, as if their process had died. Needed for `shared`. */
  abandon?(): MaybePromise<void>
  /** Closes all inboxes of the store, and deletes the store. */
  close(): MaybePromise<void>
}

/** Creates an inbox for one test. */
export type MakeInbox = (wish: {
  /** Maximum number of pending tasks, for an inbox that is `bounded`. */
  readonly maxPending?: number
}) => MaybePromise<InboxHandle>

/** An inbox with its receivers. At the end of the test, the receivers are closed. */
export interface Scene {
  readonly handle: InboxHandle
  /** The current inbox. Each restart creates a new inbox. */
  inbox: Inbox
  readonly view: InboxView
  /** Attaches a receiver to the inbox, and records its tasks. Starts its worker, unless `work` is false. */
  join(options?: JoinOptions): JoinedReceiver
  restart(): Promise<void>
  atEnd(close: () => Promise<unknown>): void
}

interface JoinOptions extends RecorderOptions {
  /** If true, starts the worker. @default true */
  readonly work?: boolean
  /** @default the scene's inbox */
  readonly inbox?: Inbox
}

export interface JoinedReceiver extends TaskRecorder {
  readonly port: Port
  accept(...items: readonly IntakeItem[]): ReturnType<Port['accept']>
  /** Accepts one delivery. Resolves when `count` outcomes are settled, counted over the whole test. */
  settle(count: number, ...items: readonly IntakeItem[]): Promise<void>
  /** Accepts one delivery. Resolves when `count` attempts have started, counted over the whole test. */
  start(count: number, ...items: readonly IntakeItem[]): Promise<void>
  work(): void
  /** Closes the receiver's port. `timeout` is in milliseconds. */
  leave(timeout?: number): Promise<void>
}

export type SceneTest = (
  name: string,
  body: (scene: Scene) => Promise<void>,
  wish?: { readonly maxPending?: number },
) => void

export function sceneTest(make: MakeInbox, runner: TestRunner): SceneTest {
  return (name, body, wish = {}) => {
    runner.test(name, async () => {
      const handle = await make(wish)
      let ends: (() => Promise<unknown>)[] = []
      const scene: Scene = {
        handle,
        inbox: handle.inbox,
        get view() {
          return scene.inbox.view!
        },
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

/** Returns a label for each task on the page, made of subscription and event, such as `a:1`. */
export async function listed(scene: Scene, query: TaskQuery = {}): Promise<readonly string[]> {
  const { rows } = await scene.view.list(query)
  return rows.map(({ subscription, event }) => `${subscription}:${event.id}`)
}

export async function taskOfEvent(scene: Scene, eventId: string): Promise<TaskDetail> {
  const { rows } = await scene.view.list({ eventId })
  return (await scene.view.get(rows[0]!.id))!
}

const provider = acme({ secret: 'a secret of the suite' })

/** Creates a receiver. `happened` lists the calls of the receiver's observer, such as `done 1`. */
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

export function deliverSigned(receiver: Receiver, id: string): Promise<Reply> {
  const draft = { id, topic: 'thing.happened', payload: { n: 7 } }
  return receiver.receive(provider.sign!(draft))
}
