import { createReceiver, logger, type DeliveryInit } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { inspector } from '@postern/inspector/fetch'
import { catalogue } from '@postern/providers/catalogue'
import { variantsOf } from '../../../../packages/providers/test/credentials.ts'
import { allRows } from '../../../services/inboxes.ts'
import { onEach } from '../inboxes.ts'
import type { RulePart } from '../rule.ts'
import { carries, carryingDeliveries, MARK, type Carrying } from './deliveries.ts'
import { PLATFORMS } from './platforms.ts'

/**
 * Rule 5: sends secrets of all providers and credential headers of platforms to each receiver. None may appear in a
 * store, a log, a page or a copied command.
 */
export const credentials: RulePart = {
  rule: '5',
  title: 'no credential at rest',
  open(inboxes, every) {
    const carrying = carryingDeliveries()
    const senders = [...catalogue.keys()]
    // Core masks secrets before an inbox stores a delivery. So one inbox gets all providers, and the others get only
    // providers that send a secret. Unless `every` is set, these are providers whose secret is outside a signed
    // delivery.
    const sending = senders.filter((name) =>
      carrying.some(({ sender, unsigned }) => sender === name && (every || unsigned)),
    )
    return onEach(inboxes, (inbox, kind) =>
      (kind === 'memory' ? senders : sending).map((sender) => ({
        name: `${carrying.length} deliveries with a secret, ${PLATFORMS.length} names of platforms`,
        at: 'receiver, store, log, page, copy',
        sender,
        // The page shows stored deliveries of all providers in the same way.
        run: () => tried(sender, inbox, carrying, every || sending.includes(sender)),
      })),
    )
  },
}

async function tried(
  sender: string,
  inbox: Inbox,
  carrying: readonly Carrying[],
  page: boolean,
): Promise<string | undefined> {
  // An unauthenticated provider would pass the secrets of other providers to its handlers.
  const provider = variantsOf(catalogue.get(sender)!).find((one) => !one.unauthenticated)
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const name = `rule-5-${sender}`
  const receiver = createReceiver({
    name,
    provider: provider!,
    inbox,
    log: logger({ info: write, warn: write, error: write }),
    storage: { rejectedBodies: 1000 },
    onUnhandled: 'store',
    worker: 'onDemand',
  })
  try {
    for (const { delivery } of carrying) await receiver.receive(delivery)
    for (const kind of ['headers', 'parameters'] as const)
      await receiver.receive(withPlatforms(provider!, kind))
    // This call writes the journal.
    await receiver.runDue({ deadline: '2s', max: 1 })
    for await (const [place, text] of texts(name, inbox, lines, page))
      if (carries(text)) return `${place} has a secret: ${around(text)}`
    return undefined
  } finally {
    await receiver.close()
  }
}

/**
 * Returns a genuine delivery with the credential headers of all platforms. If only the provider can sign, the delivery
 * is one that gets rejected.
 */
function withPlatforms(provider: Provider, kind: 'headers' | 'parameters'): DeliveryInit {
  const headers =
    kind === 'headers'
      ? Object.fromEntries(PLATFORMS.map((name) => [name, `Bearer ${MARK}`] as const))
      : {}
  const query =
    kind === 'headers'
      ? ''
      : [...PLATFORMS, ...PLATFORMS.map(camel)].map((name) => `${name}=${MARK}`).join('&')
  const url = (base: string): string =>
    query === '' ? base : `${base}${base.includes('?') ? '&' : '?'}${query}`
  try {
    const request = provider.sign!({ payload: {}, id: `evt-${kind}` })
    return { ...request, url: url(request.url), headers: { ...headers, ...request.headers } }
  } catch {
    return { url: url('https://example.com/hook'), headers, body: '{}' }
  }
}

/** Returns a name as apps write it: `xParseMasterKey`. */
function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Yields all stored data of a receiver's deliveries. Without `page`, only the list is read from the page. */
async function* texts(
  receiver: string,
  inbox: Inbox,
  lines: readonly string[],
  page: boolean,
): AsyncGenerator<readonly [place: string, text: string]> {
  yield ['the log', lines.join('\n')]
  const inspect = inspector({ inbox, auth: () => ({ allow: 'all' }) })
  const shown = async (path: string): Promise<string> =>
    (await inspect(new Request(`https://example.com/postern/~/api/${path}`))).text()
  yield [
    'the list of the page',
    await shown(`list?q=${encodeURIComponent(`receiver:${receiver}`)}`),
  ]
  for (const task of (await inbox.view!.list({ receiver, limit: 200 })).rows) {
    const detail = await inbox.view!.get(task.id)
    yield ['a task', textOf(detail)]
    if (!page) continue
    yield ['the page of a task', await shown(`task?id=${encodeURIComponent(task.id)}`)]
    for (const as of ['curl', 'test'])
      yield ['a copy of a task', await shown(`copy?as=${as}&task=${encodeURIComponent(task.id)}`)]
  }
  for (const { id } of await allRows((at) =>
    inbox.journal!.deliveries({ receiver, limit: 200, ...at }),
  )) {
    yield ['the journal', textOf(await inbox.journal!.delivery(id))]
    if (!page) continue
    yield ['the page of a delivery', await shown(`delivery?id=${encodeURIComponent(id)}`)]
    yield ['a copy', await shown(`copy?as=curl&delivery=${encodeURIComponent(id)}`)]
  }
}

/** Returns a value as one text, with bytes as Latin-1 characters. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Uint8Array || isBuffer(each)
        ? Buffer.from((each as { data?: number[] }).data ?? (each as Uint8Array)).toString('latin1')
        : typeof each === 'bigint'
          ? String(each)
          : each,
    ) ?? ''
  )
}

// Needed because JSON.stringify calls a Buffer's toJSON first.
function isBuffer(value: unknown): boolean {
  return (value as { type?: unknown } | null)?.type === 'Buffer'
}

function around(text: string): string {
  const at = Math.max(text.indexOf(MARK), 0)
  return text.slice(Math.max(at - 120, 0), at + 60)
}
