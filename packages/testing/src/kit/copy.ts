import { createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import type { Inbox, StoredDelivery } from '@postern/core/inbox'
import type { About, Provider } from '@postern/core/scheme'
import { exportDelivery, fromDelivery, keptHeaders, type ExportedDelivery } from './exported.ts'
import { frozen } from './frozen.ts'
import { madeUpSecrets } from './made-up-secrets.ts'

// What curl writes by itself.
const OF_CURL = new Set([
  'host',
  'content-length',
  'connection',
  'accept-encoding',
  'transfer-encoding',
])

/**
 * A delivery as a curl command that sends the same bytes, for bash. What was stripped before it was stored is missing.
 *
 * @example
 * console.log(copyAsCurl(delivery)) // curl -X POST 'https://…' …
 */
export function copyAsCurl(delivery: Omit<StoredDelivery, 'receivedAt'>): string {
  const headers = delivery.headers
    .filter(([name]) => !OF_CURL.has(name))
    // `name:` alone would take the header away.
    .map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`)
  const body = Buffer.from(delivery.body)
  // A shell has no NUL in a word.
  const isText = Buffer.from(body.toString('utf8'), 'utf8').equals(body) && !body.includes(0)
  const text = isText ? body.toString('utf8') : ''
  // With --data-binary, a body of the sender that begins with @ would name a file of the reader to be sent.
  const data = text.startsWith('@') ? '--data-raw' : '--data-binary'
  const method = /^[A-Z]+$/.test(delivery.method) ? delivery.method : quoted(delivery.method)
  const command = [
    `curl -X ${method} ${quoted(delivery.url)}`,
    ...headers,
    ...(body.length > 0 ? [`${data} ${isText ? quoted(text) : '@-'}`] : []),
  ].join(' \\\n  ')
  return isText ? command : `base64 -d <<< ${body.toString('base64')} | ${command}`
}

/**
 * A delivery as the text of a test for Vitest that sends it again, signed with a secret of tests at the time of its
 * arrival. The test was run once before it is returned: it passes.
 *
 * @throws TypeError if no test can be written: only the sender has the key, or its provider needs options of yours.
 * @example
 * const text = await copyAsTest(github.about, delivery)
 */
export async function copyAsTest(about: About, delivery: StoredDelivery): Promise<string> {
  const whole = exportDelivery(about.name, delivery)
  const options = await optionsFor(about, whole)
  // Without the sender's signature, and without credentials.
  const exported = { ...whole, headers: keptHeaders(whole.headers, about.create(options)) }
  const factory = about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase())
  const [inbox, parts] =
    (about.retrySpan ?? 0) > LONGEST_SPAN
      ? ["inlineInbox({ ledger: memoryLedger({ window: '90d' }) })", 'inlineInbox, memoryLedger']
      : ['inlineInbox()', 'inlineInbox']
  return `import { createReceiver, ${parts} } from '@postern/core'
import { ${factory} } from '@postern/providers/${about.name.replaceAll('.', '-')}'
import { deliver, fromDelivery, frozen } from '@postern/testing'
import { expect, test } from 'vitest'

const exported = ${literal(exported)}

test(${literal(`the delivery of ${new Date(delivery.receivedAt).toISOString()} is taken`)}, async () => {
  const provider = ${factory}(${literal(options)})
  const now = frozen(exported.receivedAt)
  const receiver = createReceiver({ provider, now, inbox: ${inbox}, log: false })
  // Subscribe your handlers here: receiver.on(…)
  expect((await deliver(receiver, fromDelivery(exported, provider))).status).toBe(200)
})
`
}

/** Options with a secret of tests, of the format that the sender has, with which the delivery is taken. */
async function optionsFor(about: About, exported: ExportedDelivery): Promise<object> {
  let reason: unknown
  for (const secret of about.secretOption === undefined ? [undefined] : madeUpSecrets())
    for (const more of extras(about, exported)) {
      const options = { ...more, ...(secret !== undefined && { [about.secretOption!]: secret }) }
      try {
        if (await isTaken(about.create(options), exported)) return options
      } catch (error) {
        // Another format, or an option that is missing.
        reason ??= error
      }
    }
  throw new TypeError(
    `copyAsTest: no test can be written for ${about.title}: ${reason instanceof Error ? reason.message : 'it is refused when it is signed again'}`,
  )
}

async function isTaken(provider: Provider, exported: ExportedDelivery): Promise<boolean> {
  const receiver = createReceiver({
    provider,
    now: frozen(exported.receivedAt),
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

// The window of inlineInbox in milliseconds: senders that deliver again after it need a longer one.
const LONGEST_SPAN = 4 * 86_400_000

function remembering(): Inbox {
  return inlineInbox({ ledger: memoryLedger({ window: '90d' }) })
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

/** A value as JavaScript that also stands in one line of a file: line separators are written as escapes. */
function literal(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(
    /[\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16)}`,
  )
}

// Single quotes keep everything but themselves.
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
