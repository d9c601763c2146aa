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

/** A receiver with its own store, and a sender. */
export interface ReceiverScene {
  readonly sender: ReceiverSender
  readonly makeSecret: () => string
  readonly secret: string
  /** Allowed age of a signed time, in seconds. */
  readonly tolerance: number
  /** The current receiver. Each restart starts a new receiver. */
  receiver: MountedReceiver
  /** Starts a further process on the same store. */
  another(): Promise<MountedReceiver>
  /** Ends the receiver and starts a new one on the same store. */
  restart(how: 'stop' | 'kill'): Promise<void>
  signed(id: string, draft?: Partial<Draft>): SignableRequest
  /** Sends a request once. The status is 0 if no reply came. */
  post(request: SignableRequest): Promise<{ readonly status: number; readonly text: string }>
  /** Delivers an event until the reply is a 2xx, as senders do. */
  deliver(id: string, draft?: Partial<Draft>): Promise<void>
  /** Returns how often the effect of the event (what its handler writes) happened. */
  count(id: string): Promise<number>
  untilEffects(ids: readonly string[]): Promise<void>
  /** Delivers a further event and waits for its effect. After that, all earlier effects have happened. */
  settle(): Promise<void>
  /** Switches a step, such as waiting or failing, on or off for all handlers. */
  tell(step: HandlerStep, on: boolean): void
  /** Waits until a handler has reached the step. */
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
        // A graceful stop may wait for idle connections, so the receiver is killed if possible.
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

/** Creates a sender of Standard Webhooks 1.0.0 with this secret. */
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

/** Returns the names of the headers whose value depends on the secret. */
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

/** Replaces the body, but keeps the signature of the old body. */
export function withBody(request: SignableRequest, body: string): SignableRequest {
  return { ...request, body: Buffer.from(body) }
}

export function bodyText({ body }: SignableRequest): string {
  return Buffer.from(body).toString()
}

/** Argument of the function that starts the receiver under test. */
export interface ReceiverStart {
  /**
   * Folder for one test: empty at the first start, unchanged at later starts. Put the store in this folder, or name the
   * store after it. The tests control the handler's steps (`createSteps`) with files in this folder.
   */
  readonly folder: string
  /** Secret with which deliveries are signed. */
  readonly secret: string
}

/** A running receiver under test. */
export interface MountedReceiver {
  /** URL of the receiver's webhook route. */
  readonly url: string
  /** Stops the receiver gracefully, as a deploy does. */
  stop(): MaybePromise<void>
  /** Kills the receiver as `kill -9` does. Resolves when the process has ended. Needed for `durable`. */
  kill?(): MaybePromise<void>
  /** Returns the complete log of the receiver, including lines written while the receiver was ending. */
  log(): MaybePromise<string>
}

/** Starts the receiver under test, with its store in the given folder. */
export type MountReceiver = (start: ReceiverStart) => MaybePromise<MountedReceiver>

/**
 * Returns the ids of the events whose effect happened, in order. If an effect happened twice, the id is in the list
 * twice.
 */
export type ReadEffects = (start: ReceiverStart) => MaybePromise<readonly string[]>

/** Guarantees of a receiver. Only guarantees that are set are tested. */
export interface ReceiverSkills {
  /** Name of the receiver in test titles. */
  readonly name: string
  /**
   * True if acknowledged events survive a crash. `mount` must then return `kill`, and be able to start the receiver
   * again.
   * @default false
   */
  readonly durable?: boolean
  /**
   * True if an effect happens only once, even if the process dies directly after the effect. Needs `durable`. @default
   * false
   */
  readonly exactlyOnce?: boolean
  /** True if two processes can use one store at the same time. @default false */
  readonly shared?: boolean
  /**
   * Creates the sender from a secret: any Postern provider that can sign. Each delivery has a different id. @default
   * Standard Webhooks 1.0.0, `v1`
   */
  readonly sender?: (secret: string) => ReceiverSender
  /** Creates a new secret at each call. @default `whsec_` and 32 random bytes in base64 */
  readonly makeSecret?: () => string
  /** Maximum allowed age of a signed time, in seconds. Deliveries of twice that age must be rejected. @default 300 */
  readonly tolerance?: number
  /**
   * Maximum time to wait for an effect or a 2xx, in milliseconds. Must be longer than the receiver's leases and its
   * waits before retries.
   * @default 15000
   */
  readonly patience?: number
}

/** The sender of the test deliveries, such as a provider. */
export type ReceiverSender = Pick<Provider, 'covers' | 'sign'>

/** Options of {@link startProgram}. */
export interface ProgramOptions {
  /** Program to run. @default the Node.js that runs the tests */
  readonly command?: string
  /** Arguments of the program, such as the receiver's file. */
  readonly args: readonly string[]
  /** Environment variables to add, such as folder and secret. */
  readonly env: Readonly<Record<string, string>>
  /** Pattern for the program's output. Its first group is the port. @default /listening\D*(\d+)/ */
  readonly ready?: RegExp
  /** Path of the webhook route. @default '/' */
  readonly path?: string
}

/**
 * Starts a receiver in a separate process, for `testReceiver`. The program must listen on a port of
 * 127.0.0.1, print the port, and end on SIGTERM. Its output is the log. If this process ends, the
 * program is killed.
 *
 * @throws {Error} if the program ends before it listens. The message contains its output.
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
