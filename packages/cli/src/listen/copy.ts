import type { Delivery } from '@postern/core'
import { exportDelivery } from '@postern/testing'

/** A delivery as a curl command that sends the same bytes. */
export function curlOf(delivery: Delivery): string {
  const skipped = new Set([
    'host',
    'content-length',
    'connection',
    'accept-encoding',
    'transfer-encoding',
  ])
  const headers = [...delivery.headerLines()]
    .filter(([name]) => !skipped.has(name))
    .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  const body = Buffer.from(delivery.body)
  const isText = Buffer.from(body.toString('utf8'), 'utf8').equals(body)
  const data = isText
    ? `--data-binary ${quoted(body.toString('utf8'))}`
    : `--data-binary @<(base64 -d <<< ${body.toString('base64')})`
  return [
    `curl -X ${delivery.method} ${quoted(delivery.url)}`,
    ...headers,
    ...(body.length > 0 ? [data] : []),
  ].join(' \\\n  ')
}

/** A delivery as a test that sends it again, signed with a secret of tests at the time of its arrival. */
export function testOf(
  delivery: Delivery,
  provider: string,
  receivedAt: number,
  secretOption: string,
): string {
  const { method, url, body } = delivery
  const stored = { method, url, headers: [...delivery.headerLines()], body, receivedAt }
  const exported = JSON.stringify(exportDelivery(provider, stored), undefined, 2)
  const factory = provider.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase())
  return `import { createReceiver, inlineInbox } from '@postern/core'
import { ${factory} } from '@postern/providers/${provider.replaceAll('.', '-')}'
import { deliver, fromDelivery, frozen } from '@postern/testing'
import { expect, test } from 'vitest'

const exported = ${exported}

test('the delivery of ${new Date(receivedAt).toISOString()} is taken', async () => {
  const provider = ${factory}({ ${secretOption}: 'a secret of tests' })
  const receiver = createReceiver({ provider, inbox: inlineInbox(), now: frozen(exported.receivedAt), log: false })
  // subscribe(receiver)
  expect((await deliver(receiver, fromDelivery(exported, provider))).status).toBe(200)
})
`
}

// Single quotes keep everything but themselves.
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
