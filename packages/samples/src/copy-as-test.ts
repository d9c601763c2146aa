import { createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import type { Inbox, StoredDelivery } from '@postern/core/inbox'
import { inertSource } from '@postern/core/inert'
import type { About, Provider } from '@postern/core/scheme'
import { exportDelivery, fromDelivery, keptHeaders, type ExportedDelivery } from './exported.ts'
import { frozen } from './frozen.ts'
import { madeUpSecrets } from './made-up-secrets.ts'

/**
 * A delivery as the text of a test for Vitest that sends it again, signed with a secret of tests at the time of its
 * arrival. The test was run once before it is returned: it passes. It is printable ASCII.
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

const exported = ${inertSource(exported)}

test(${inertSource(`the delivery of ${new Date(delivery.receivedAt).toISOString()} is taken`)}, async () => {
  const provider = ${factory}(${inertSource(options)})
  const now = frozen(exported.receivedAt)
  const receiver = createReceiver({ provider, now, inbox: ${inbox}, log: false })
  // Subscribe your handlers here: receiver.on('topic', handler)
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
