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
import { eventually } from '../inbox/eventually.ts'
import type { TestRunner } from '../ledger.ts'
import { hasAnswered, HANDLER_STEPS, tell, type HandlerStep } from './told.ts'
import { Buffer } from 'node:buffer'
import type { MaybePromise } from '@postern/core/internal'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

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
  /** Resolves when a handler does the step. */
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

/** True for a reply that acknowledges. */
export function isTaken(status: number): boolean {
  return status >= 200 && status < 300
}

/** A sender that keeps to Standard Webhooks 1.0.0. */
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

/** A new secret of Standard Webhooks. */
export function standardSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Names of the headers that depend on the secret: they hold the signature. */
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

/** The same delivery with another body, under the signature of the old one. */
export function withBody(request: SignableRequest, body: string): SignableRequest {
  return { ...request, body: Buffer.from(body) }
}

/** The text of a delivery's body. */
export function bodyText({ body }: SignableRequest): string {
  return Buffer.from(body).toString()
}

/** What the receiver under test starts with. */
export interface ReceiverStart {
  /**
   * A folder for one test: empty at the first start, the same at each start after it. The store belongs in it, or bears
   * its name; the steps of the handler are told by files in it (`createSteps`).
   */
  readonly folder: string
  /** The secret that deliveries are signed with. */
  readonly secret: string
}

/** A receiver under test that listens. */
export interface MountedReceiver {
  /** Where it takes deliveries. */
  readonly url: string
  /** Ends it as a deploy does. */
  stop(): MaybePromise<void>
  /** Ends it as `kill -9` does, and resolves when it is gone. Needed if it is `durable`. */
  kill?(): MaybePromise<void>
  /** All that it has written to its log, the lines before and after its end included. */
  log(): MaybePromise<string>
}

/** Starts the receiver under test, or starts it again on the store of its folder. */
export type MountReceiver = (start: ReceiverStart) => MaybePromise<MountedReceiver>

/** Ids of the events whose effect happened, in order: an id twice if its effect happened twice. */
export type ReadEffects = (start: ReceiverStart) => MaybePromise<readonly string[]>

/** What a receiver promises. What is not given is not tested. */
export interface ReceiverSkills {
  /** As in test titles. */
  readonly name: string
  /** What it acknowledged is done though its process dies: `mount` gives `kill`, and can start it again. @default false */
  readonly durable?: boolean
  /** An effect happens once though its process dies behind it. It must be `durable`. @default false */
  readonly exactlyOnce?: boolean
  /** Two processes can take deliveries on one store. @default false */
  readonly shared?: boolean
  /**
   * Who signs: any provider of Postern that can sign. Each delivery has an id of its own.
   * @default Standard Webhooks 1.0.0, `v1`
   */
  readonly sender?: (secret: string) => ReceiverSender
  /** Makes a secret, another one at each call. @default `whsec_` and 32 random bytes in base64 */
  readonly makeSecret?: () => string
  /** Seconds that a signed time may be away from now; deliveries of twice that age must be rejected. @default 300 */
  readonly tolerance?: number
  /** Milliseconds to wait for an effect, or for a 2xx: longer than its leases and retries take. @default 15000 */
  readonly patience?: number
}

/** Who signs the deliveries of the suite: a provider fits. */
export type ReceiverSender = Pick<Provider, 'covers' | 'sign'>

/** Options of {@link startProgram}. */
export interface ProgramOptions {
  /** The program. @default the Node that runs the suite */
  readonly command?: string
  /** Its arguments: the file of the receiver, at least. */
  readonly args: readonly string[]
  /** Further environment variables: folder and secret, at least. */
  readonly env: Readonly<Record<string, string>>
  /** Finds the port, its first group, in what the program prints once it listens. @default /listening\D*(\d+)/ */
  readonly ready?: RegExp
  /** Path of the webhook route. @default '/' */
  readonly path?: string
}

/**
 * Starts a receiver in a process of its own, for `testReceiver`. It listens on a port of 127.0.0.1 that it prints, ends
 * by SIGTERM, and ends with this process. What it prints is its log.
 *
 * @throws Error with its output, if it ends before it listens.
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
