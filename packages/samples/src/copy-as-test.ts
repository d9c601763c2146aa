import { behind, createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import { unknownOptions } from '@postern/core/internal'
import type { Inbox, StoredDelivery } from '@postern/core/inbox'
import { inertSource } from '@postern/core/inert'
import type { About, Provider } from '@postern/core/scheme'
import { exportDelivery, fromDelivery, keptHeaders, type ExportedDelivery } from './exported.ts'
import { generateKeyPairSync, randomBytes } from 'node:crypto'

/** Options of {@link copyAsTest}. */
export interface CopyAsTestOptions {
  /**
   * Tasks whose handlers the test runs. The test passes if each handler succeeds at its first attempt. @default none:
   * the test only sends the delivery
   */
  readonly tasks?: readonly CopiedTask[]
  /**
   * Module that exports `subscribe(receiver)`, which subscribes the app's handlers. @default './webhooks/handlers.js',
   * the file that `postern init` writes
   */
  readonly handlers?: string
  /**
   * Gateway that delivered the event for the sender. The test signs as the gateway.
   * @default none: the sender delivered it
   */
  readonly gateway?: About | undefined
}

/** Task of a delivery, for {@link copyAsTest}. */
export interface CopiedTask {
  readonly subscription: string
  readonly topic: string
  /** Error of the task's last attempt; undefined if the task succeeded. */
  readonly error?: string | undefined
}

/**
 * Returns a Vitest test that sends a delivery again, signed with a test secret at the time of the delivery's arrival.
 * The function first checks that a receiver accepts the signed delivery. With `tasks`, the test runs the app's
 * handlers, and the test's name includes the task's error. The test fails with that error until you fix the handler.
 * The text is printable ASCII.
 *
 * @throws {TypeError} if no test can be written, because only the sender has the key or because the provider needs your
 * options.
 * @example
 * const text = await copyAsTest(github.about, delivery, { tasks: [{ subscription: 'mail', topic: 'push', error: 'SMTP 421' }] })
 */
export async function copyAsTest(
  about: About,
  delivery: StoredDelivery,
  options: CopyAsTestOptions = {},
): Promise<string> {
  unknownOptions('copyAsTest', options, ['tasks', 'handlers', 'gateway'])
  const { tasks = [], handlers = './webhooks/handlers.js', gateway } = options
  const signer = gateway ? throughGateway(gateway, about) : about
  const whole = exportDelivery(about.name, delivery)
  const made = await optionsFor(signer, whole)
  // The test must not have the sender's signature and credentials.
  const exported = { ...whole, headers: keptHeaders(whole.headers, signer.create(made)) }
  const call = `${factoryName(signer)}(${inertSource(made)})`
  const runs = tasks.length > 0
  const { imports, receiver, sent } = runs ? running(tasks) : sending(signer)
  return `import { ${gateway ? 'behind, ' : ''}${imports} } from '@postern/core'
${gateway ? importOf(gateway) : ''}${importOf(about)}import { deliver, fromDelivery, frozen } from '@postern/testing'
import { expect, test } from 'vitest'
${runs ? `// It subscribes the handlers of the app: subscribe(receiver).\nimport { subscribe } from ${inertSource(handlers)}\n` : ''}
const exported = ${inertSource(exported)}

test(${inertSource(runs ? nameOf(tasks) : `the delivery of ${new Date(delivery.receivedAt).toISOString()} is accepted`)}, async () => {
  const provider = ${gateway ? `behind(${call}, ${factoryName(about)})` : call}
  const now = frozen(exported.receivedAt)
${receiver}
${sent}
})
`
}

function throughGateway(gateway: About, about: About): About {
  const inner = about.create(about.example)
  return { ...gateway, create: (options) => behind(gateway.create(options), inner) }
}

function factoryName({ name }: About): string {
  return name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase())
}

function importOf(about: About): string {
  return `import { ${factoryName(about)} } from '@postern/providers/${about.name.replaceAll('.', '-')}'\n`
}

function nameOf(tasks: readonly CopiedTask[]): string {
  const failed = tasks.find(({ error }) => error !== undefined)
  if (failed) {
    const error = failed.error!.replaceAll(/\s+/g, ' ').trim()
    return `${failed.subscription}: ${failed.topic} no longer fails with ${error.length > MOST ? `${error.slice(0, MOST - 3)}...` : error}`
  }
  const [{ topic } = { topic: '' }] = tasks
  return `${tasks.map(({ subscription }) => subscription).join(', ')}: ${topic} is done`
}

// Maximum length of an error in the test's name, in characters.
const MOST = 120

/** Returns test code that is valid in both JavaScript and TypeScript. */
function running(tasks: readonly CopiedTask[]): Lines {
  const names = [...new Set(tasks.map(({ subscription }) => subscription))]
  return {
    imports: 'createReceiver',
    receiver: `  const names = ${inertSource(names)}
  const failed = new Set()
  const receiver = createReceiver({
    provider,
    clock: { now },
    observers: [
      { attemptFailed: ({ subscription }, error) => void (names.includes(subscription) && failed.add(error)) },
    ],
    log: false,
  })
  subscribe(receiver)`,
    sent: `  const { status, tasks } = await deliver(receiver, fromDelivery(exported, provider))
  await receiver.close()
  expect(status).toBe(200)
  // The handler's own error, with the place where it was thrown.
  for (const error of failed) throw error
  for (const subscription of names)
    expect(tasks).toContainEqual(expect.objectContaining({ subscription, state: 'done' }))`,
  }
}

interface Lines {
  readonly imports: string
  readonly receiver: string
  readonly sent: string
}

function sending(about: About): Lines {
  const isLong = (about.retrySpan ?? 0) > LONGEST_SPAN
  const inbox = isLong
    ? "inlineInbox({ ledger: memoryLedger({ dedupeWindow: '90d' }) })"
    : 'inlineInbox()'
  return {
    imports: `createReceiver, inlineInbox${isLong ? ', memoryLedger' : ''}`,
    receiver: `  const receiver = createReceiver({
    provider,
    clock: { now },
    inbox: ${inbox},
    log: false,
    onUnhandled: 'acknowledge',
  })
  // Subscribe your handlers here: receiver.on('topic', handler)`,
    sent: '  expect((await deliver(receiver, fromDelivery(exported, provider))).status).toBe(200)',
  }
}

/** Returns provider options with a test secret. A receiver with these options accepts the signed delivery. */
async function optionsFor(about: About, exported: ExportedDelivery): Promise<object> {
  let reason: unknown
  for (const secret of about.secretOption === undefined ? [undefined] : madeUpSecrets())
    for (const more of extras(about, exported)) {
      const options = { ...more, ...(secret !== undefined && { [about.secretOption!]: secret }) }
      try {
        if (await isTaken(about.create(options), exported)) return options
      } catch (error) {
        // This secret has another format than the sender's, or an option is missing.
        reason ??= error
      }
    }
  throw new TypeError(
    `copyAsTest: no test can be written for ${about.title}: ${reason instanceof Error ? reason.message : 'the delivery is rejected when it is signed again'}`,
  )
}

async function isTaken(provider: Provider, exported: ExportedDelivery): Promise<boolean> {
  const receiver = createReceiver({
    onUnhandled: 'acknowledge',
    provider,
    clock: { now: frozen(exported.receivedAt) },
    inbox: remembering(),
    log: false,
    explain: false,
  })
  try {
    return (await receiver.fetch(fromDelivery(exported, provider))).status === 200
  } finally {
    await receiver.close({ timeout: 1 })
  }
}

// The default `dedupeWindow` of inlineInbox, in milliseconds. For a sender that retries for longer, the test must set a
// longer window.
const LONGEST_SPAN = 4 * 86_400_000

function remembering(): Inbox {
  return inlineInbox({ ledger: memoryLedger({ dedupeWindow: '90d' }) })
}

function extras(about: About, { url }: ExportedDelivery): readonly object[] {
  const has = (name: string): boolean => name in about.options
  return [
    {},
    ...(has('publicUrl') ? [{ publicUrl: url }] : []),
    ...(has('publicKey') ? [{ publicKey: 'key_of_tests' }] : []),
    ...(has('unauthenticated') ? [{ unauthenticated: true }] : []),
  ]
}

/** Clock that only the test moves. Pass the clock to `createReceiver` as `clock: { now }`. */
export interface FrozenClock {
  /** Returns the time in milliseconds since 1970. */
  (): number
  /** Advances the clock by this number of milliseconds. */
  pass(milliseconds: number): void
  /** Sets the time. */
  set(date: Date | string | number): void
}

/**
 * Creates a clock that stays at a date, so that a delivery signed at that time is neither too old nor in the future.
 *
 * @throws {TypeError} if the date is invalid.
 * @example
 * const now = frozen('2026-01-31T08:00:00Z')
 * const receiver = createReceiver({ provider, clock: { now } })
 * await deliver(receiver, await signed(provider, 'push', {}, { at: now() }))
 */
export function frozen(date: Date | string | number): FrozenClock {
  let time = timeOf(date)
  return Object.assign(() => time, {
    pass(milliseconds: number) {
      if (!Number.isFinite(milliseconds))
        throw new TypeError(
          `frozen: the argument of pass must be milliseconds, got ${milliseconds}`,
        )
      time += milliseconds
    },
    set(next: Date | string | number) {
      time = timeOf(next)
    },
  })
}

function timeOf(date: Date | string | number): number {
  // `new Date(null)` would be the year 1970.
  const time = date === null ? NaN : new Date(date).getTime()
  if (Number.isNaN(time))
    throw new TypeError(
      `frozen: date must be a Date, an ISO string or milliseconds since 1970, got ${String(date)}`,
    )
  return time
}

/**
 * Returns new made-up secrets, one in each format that senders use. The formats are text, the `whsec_` of Standard
 * Webhooks, base64, hex, name and password, a named key, and a private P-256 key. A provider throws a `TypeError` for a
 * secret in another format.
 *
 * @example
 * for (const secret of madeUpSecrets()) console.log(secret.length)
 */
export function madeUpSecrets(): readonly string[] {
  const bytes = randomBytes(32)
  return [
    'a secret of tests',
    `whsec_${bytes.toString('base64')}`,
    bytes.toString('base64'),
    bytes.toString('hex'),
    'name:a password of tests',
    `private:${bytes.toString('hex')}`,
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  ]
}
