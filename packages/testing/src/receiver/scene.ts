import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Draft, SignableRequest } from '@postern/core/scheme'
import { send } from '../adapter/client.ts'
import { eventually } from '../inbox/eventually.ts'
import type { TestRunner } from '../runner.ts'
import type {
  MountedReceiver,
  MountReceiver,
  ReadEffects,
  ReceiverSender,
  ReceiverSkills,
} from './mounting.ts'
import { standardSecret, standardSender } from './sender.ts'
import { hasAnswered, HANDLER_STEPS, tell, type HandlerStep } from './told.ts'

const PAUSE = 20

/** One test: a receiver on a store of its own, and a sender. */
export interface ReceiverScene {
  readonly sender: ReceiverSender
  readonly makeSecret: () => string
  readonly secret: string
  /** Seconds. */
  readonly tolerance: number
  /** The receiver, or the one after a restart. */
  receiver: MountedReceiver
  /** Another process on the same store. */
  another(): Promise<MountedReceiver>
  /** Ends the receiver, and starts it again on its store. */
  restart(how: 'stop' | 'kill'): Promise<void>
  /** A signed delivery to the receiver. */
  signed(id: string, draft?: Partial<Draft>): SignableRequest
  /** Sends once: the status and text of the reply, or status 0 without one. */
  post(request: SignableRequest): Promise<{ readonly status: number; readonly text: string }>
  /** Delivers as senders do: again, until it is acknowledged by 2xx. */
  deliver(id: string, draft?: Partial<Draft>): Promise<void>
  /** How often the effect of an event happened. */
  count(id: string): Promise<number>
  /** Resolves when the effect of each event happened. */
  untilEffects(ids: readonly string[]): Promise<void>
  /** Delivers one event more, and resolves when its effect happened: what came before it has happened by then. */
  settle(): Promise<void>
  /** Tells handlers to take a step until it is told otherwise. */
  tell(step: HandlerStep, on: boolean): void
  /** Resolves when a handler takes the step. */
  untilAnswered(step: HandlerStep): Promise<void>
}

/** Defines a test that gets a scene. */
export type ReceiverTest = (name: string, body: (scene: ReceiverScene) => Promise<void>) => void

/** Makes the function that defines the tests of a receiver. */
export function receiverTest(
  mount: MountReceiver,
  effects: ReadEffects,
  { test }: TestRunner,
  skills: ReceiverSkills,
): ReceiverTest {
  return (name, body) =>
    test(name, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'receiver-'))
      const started: MountedReceiver[] = []
      try {
        await body(await createScene({ mount, effects, skills, folder, started }))
      } finally {
        for (const step of HANDLER_STEPS) tell(folder, step, false)
        // A graceful end may wait for idle connections.
        for (const receiver of started) await (receiver.kill ? receiver.kill() : receiver.stop())
        await rm(folder, { recursive: true, force: true })
      }
    })
}

interface SceneOptions {
  readonly mount: MountReceiver
  readonly effects: ReadEffects
  readonly skills: ReceiverSkills
  readonly folder: string
  /** Receivers that run. */
  readonly started: MountedReceiver[]
}

async function createScene(options: SceneOptions): Promise<ReceiverScene> {
  const { mount, effects, skills, folder, started } = options
  const { makeSecret = standardSecret, tolerance = 300, patience = 15_000 } = skills
  const secret = makeSecret()
  const sender = (skills.sender ?? standardSender)(secret)
  const start = { folder, secret }
  const payload = { timestamp: new Date().toISOString(), data: { thing: 'thing-1' } }
  let made = 0
  const scene: ReceiverScene = {
    sender,
    makeSecret,
    secret,
    tolerance,
    receiver: await open(),
    another: open,
    async restart(how) {
      started.splice(started.indexOf(scene.receiver), 1)
      await scene.receiver[how]!()
      scene.receiver = await open()
    },
    signed: (id, draft) =>
      sender.sign!({
        id,
        topic: 'thing.updated',
        payload,
        ...draft,
        url: draft?.url ?? scene.receiver.url,
      }),
    post,
    async deliver(id, draft) {
      const until = performance.now() + patience
      for (;;) {
        const { status, text } = await post(scene.signed(id, draft))
        if (isTaken(status)) return
        if (performance.now() > until)
          throw new Error(
            `${id} got no 2xx within ${patience} ms; the last reply: ${status} ${text}`,
          )
        await sleep(PAUSE)
      }
    },
    async count(id) {
      return (await effects(start)).filter((one) => one === id).length
    },
    untilEffects,
    async settle() {
      const id = `settle-${made++}-${randomUUID()}`
      await scene.deliver(id)
      await untilEffects([id])
    },
    tell: (step, on) => tell(folder, step, on),
    untilAnswered: (step) =>
      eventually(`a handler takes the step ${step}`, () => hasAnswered(folder, step), patience),
  }
  return scene

  async function open(): Promise<MountedReceiver> {
    const receiver = await mount(start)
    started.push(receiver)
    return receiver
  }

  async function untilEffects(ids: readonly string[]): Promise<void> {
    let missing: readonly string[] = ids
    const what = (): string => `the effects of ${missing.join(', ')} happened`
    await eventually(
      what,
      async () => {
        const happened = new Set(await effects(start))
        missing = ids.filter((id) => !happened.has(id))
        return missing.length === 0
      },
      patience,
    )
  }

  async function post(request: SignableRequest): Promise<{ status: number; text: string }> {
    const sent = send(request).then(
      ({ status, headers, body }) => ({ status, text: JSON.stringify(headers) + body }),
      (error: Error) => ({ status: 0, text: error.message }),
    )
    return Promise.race([sent, late()])
  }

  async function late(): Promise<{ status: number; text: string }> {
    await sleep(patience, undefined, { ref: false })
    return { status: 0, text: `no reply within ${patience} ms` }
  }
}

/** True for a reply that acknowledges. */
export function isTaken(status: number): boolean {
  return status >= 200 && status < 300
}
