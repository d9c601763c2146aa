import { randomUUID, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Draft,
  type SignableRequest,
  standardWebhooksScheme,
  type Provider,
} from '@postern/core/scheme'
import { send } from '../adapter/client.ts'
import { eventually } from '../inbox/make.ts'
import type { TestRunner } from '../ledger.ts'
import { hasAnswered, HANDLER_STEPS, tell, type HandlerStep } from './told.ts'
import { Buffer } from 'node:buffer'
import type { MaybePromise } from '@postern/core/internal'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const PAUSE = 20

/** Scene of one test: a receiver with its own store, and a sender. */
export interface ReceiverScene {
  readonly sender: ReceiverSender
  readonly makeSecret: () => string
  readonly secret: string
  readonly tolerance: number
  /** Current receiver; a new one after each restart. */
  receiver: MountedReceiver
  /** Starts another process on the same store. */
  another(): Promise<MountedReceiver>
  /** Ends the receiver and starts a new one on the same store. */
  restart(how: 'stop' | 'kill'): Promise<void>
  /** Signs a delivery to the receiver. */
  signed(id: string, draft?: Partial<Draft>): SignableRequest
  /** Sends once. Returns status and text of the reply; status 0 if no reply came. */
  post(request: SignableRequest): Promise<{ readonly status: number; readonly text: string }>
  /** Delivers again and again until a 2xx, as senders do. */
  deliver(id: string, draft?: Partial<Draft>): Promise<void>
  /** Returns how often the effect of an event happened. */
  count(id: string): Promise<number>
  /** Waits until the effect of each event happened. */
  untilEffects(ids: readonly string[]): Promise<void>
  /** Delivers a further event and waits for its effect. All earlier effects have happened by then. */
  settle(): Promise<void>
  /** Switches a step of the handlers on or off. */
  tell(step: HandlerStep, on: boolean): void
  /** Waits until a handler reaches the step. */
  untilAnswered(step: HandlerStep): Promise<void>
}

export type ReceiverTest = (name: string, body: (scene: ReceiverScene) => Promise<void>) => void

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
        // A graceful stop may wait for idle connections.
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
      eventually(`a handler does the step ${step}`, () => hasAnswered(folder, step), patience),
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

export function isTaken(status: number): boolean {
  return status >= 200 && status < 300
}

/** Creates a sender of Standard Webhooks 1.0.0. */
export function standardSender(secret: string): ReceiverSender {
  const scheme = standardWebhooksScheme()
  return {
    covers: scheme.covers,
    sign({ id = randomUUID(), topic, payload, body, url = '', headers, at = Date.now(), ...rest }) {
      const text = body ?? JSON.stringify({ type: topic, ...(payload as object) })
      return scheme.sign!(
        {
          method: rest.method ?? 'POST',
          url,
          headers: { 'content-type': 'application/json', ...headers, 'webhook-id': id },
          body: Buffer.from(text),
        },
        scheme.key(rest.secret ?? secret),
        at,
      )
    },
  }
}

export function standardSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Returns the names of headers that depend on the secret: they contain the signature. */
export function signatureHeaders(
  sender: ReceiverSender,
  makeSecret: () => string,
): readonly string[] {
  const draft = { id: 'probe', topic: 'thing.updated', payload: {}, at: Date.now() }
  const [one, other] = [makeSecret(), makeSecret()].map(
    (secret) => sender.sign!({ ...draft, secret }).headers,
  )
  return Object.keys(one!).filter((name) => one![name] !== other![name])
}

/** Replaces the body and keeps the signature. */
export function withBody(request: SignableRequest, body: string): SignableRequest {
  return { ...request, body: Buffer.from(body) }
}

export function bodyText({ body }: SignableRequest): string {
  return Buffer.from(body).toString()
}

/** Start parameters of the receiver under test. */
export interface ReceiverStart {
  /**
   * Folder for one test: empty at the first start, unchanged at later starts. Put the store in it or name the store
   * after it. The suite controls the handler's steps (`createSteps`) by files in this folder.
   */
  readonly folder: string
  /** Secret that signs the deliveries. */
  readonly secret: string
}

/** Running receiver under test. */
export interface MountedReceiver {
  /** URL of its webhook route. */
  readonly url: string
  /** Ends the receiver as a deploy does. */
  stop(): MaybePromise<void>
  /** Ends the receiver as `kill -9` does, and resolves when the process is gone. Needed for `durable`. */
  kill?(): MaybePromise<void>
  /** Returns its whole log, including lines written while it ended. */
  log(): MaybePromise<string>
}

/** Starts the receiver under test on the store in the folder. */
export type MountReceiver = (start: ReceiverStart) => MaybePromise<MountedReceiver>

/** Returns the ids of events whose effect happened, in order. An id occurs twice if its effect happened twice. */
export type ReadEffects = (start: ReceiverStart) => MaybePromise<readonly string[]>

/** Promises of a receiver. A promise that is not set is not tested. */
export interface ReceiverSkills {
  /** Name in test titles. */
  readonly name: string
  /**
   * True if acknowledged events survive a crash. `mount` must return `kill` and be able to start the receiver again.
   * @default false
   */
  readonly durable?: boolean
  /** True if an effect happens once even if the process dies after it. Needs `durable`. @default false */
  readonly exactlyOnce?: boolean
  /** True if two processes can share one store. @default false */
  readonly shared?: boolean
  /**
   * Creates the sender: any Postern provider that can sign. Each delivery has its own id. @default Standard Webhooks
   * 1.0.0, `v1`
   */
  readonly sender?: (secret: string) => ReceiverSender
  /** Creates a new secret at each call. @default `whsec_` and 32 random bytes in base64 */
  readonly makeSecret?: () => string
  /** Allowed age of a signed time, in seconds. Deliveries of twice that age must be rejected. @default 300 */
  readonly tolerance?: number
  /** Maximum wait for an effect or a 2xx, in milliseconds. It must exceed the receiver's leases and retries. @default 15000 */
  readonly patience?: number
}

/** Sender of the suite's deliveries, such as a provider. */
export type ReceiverSender = Pick<Provider, 'covers' | 'sign'>

/** Options of {@link startProgram}. */
export interface ProgramOptions {
  /** Program to run. @default the Node that runs the suite */
  readonly command?: string
  /** Arguments, such as the receiver's file. */
  readonly args: readonly string[]
  /** Additional environment variables, such as folder and secret. */
  readonly env: Readonly<Record<string, string>>
  /** Pattern whose first group is the port in the program's output. @default /listening\D*(\d+)/ */
  readonly ready?: RegExp
  /** Path of the webhook route. @default '/' */
  readonly path?: string
}

/**
 * Starts a receiver in its own process, for `testReceiver`. The program listens on a port of 127.0.0.1, prints the
 * port, and ends on SIGTERM. Its output is its log. It also ends when this process ends.
 *
 * @throws {Error} if the program ends before it listens; the message has its output.
 * @example
 * const mount = ({ folder, secret }) =>
 *   startProgram({ args: ['server.js'], env: { PORT: '0', FOLDER: folder, WEBHOOK_SECRET: secret }, path: '/hooks' })
 */
export async function startProgram(options: ProgramOptions): Promise<MountedReceiver> {
  const { command = process.execPath, args, env, ready = /listening\D*(\d+)/, path = '/' } = options
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = (): boolean => child.kill('SIGKILL')
  process.once('exit', end)
  const ended = once(child, 'close').finally(() => process.off('exit', end))
  let output = ''
  const port = await new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      output += part.toString()
      const found = ready.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    ended.then(
      () =>
        reject(new Error(`${[command, ...args].join(' ')} ended before it listened: ${output}`)),
      reject,
    )
  })
  return {
    url: `http://127.0.0.1:${port}${path}`,
    stop: () => endBy(child, 'SIGTERM', ended),
    kill: () => endBy(child, 'SIGKILL', ended),
    log: () => output,
  }
}

async function endBy(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL',
  ended: Promise<unknown>,
): Promise<void> {
  child.kill(signal)
  await ended
}
