import { createReceiver, logger, type DeliveryInit } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { inspector } from '@postern/inspector/fetch'
import { catalogue } from '@postern/providers/catalogue'
import { variantsOf } from '../../../../packages/providers/test/credentials.ts'
import { INBOXES, type InboxName, type OpenedInbox } from '../inboxes.ts'
import type { RuleCase, RulePart } from '../rule.ts'
import { carries, carryingDeliveries, MARK, type Carrying } from './deliveries.ts'
import { PLATFORMS } from './platforms.ts'

/** Each sender's secret sent to each receiver, and the headers of platforms: none is in a store, log, page or copy. */
export const credentials: RulePart = {
  rule: '5',
  title: 'no credential at rest',
  async open(inboxes, every) {
    const carrying = carryingDeliveries()
    const open = new Map<InboxName, OpenedInbox>()
    for (const name of INBOXES) open.set(name, await inboxes.open(name))
    const senders = [...catalogue.keys()]
    // What is masked is decided before an inbox gets it: by all senders on one, by those that send a secret on the others, and
    // unless all are asked for, by those alone whose secret comes outside of a delivery that is signed.
    const sending = senders.filter((name) =>
      carrying.some(({ sender, unsigned }) => sender === name && (every || unsigned)),
    )
    const cases = INBOXES.flatMap((inbox) =>
      (inbox === 'memory' ? senders : sending).map((sender): RuleCase => ({
        name: `${carrying.length} deliveries with a secret, ${PLATFORMS.length} names of platforms`,
        at: 'receiver, store, log, page, copy',
        sender,
        inbox,
        // The page shows what is kept, whoever sent it.
        run: () =>
          tried(sender, open.get(inbox)!.inbox, carrying, every || sending.includes(sender)),
      })),
    )
    const close = async (): Promise<void> => {
      for (const one of open.values()) await one.close()
    }
    return { cases, close }
  },
}

async function tried(
  sender: string,
  inbox: Inbox,
  carrying: readonly Carrying[],
  page: boolean,
): Promise<string | undefined> {
  // One that takes anybody's delivery hands its handlers what was sent, the fields of other senders too.
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
    // It writes the journal.
    await receiver.runDue({ deadline: '2s', max: 1 })
    for await (const [place, text] of texts(name, inbox, lines, page))
      if (carries(text)) return `${place} has a secret: ${around(text)}`
    return undefined
  } finally {
    await receiver.close()
  }
}

/** A genuine delivery behind all platforms at once; where only the sender signs, one that is rejected. */
function withPlatforms(provider: Provider, kind: 'headers' | 'parameters'): DeliveryInit {
  const names = PLATFORMS.map(([name]) => name)
  const headers =
    kind === 'headers'
      ? Object.fromEntries(names.map((name) => [name, `Bearer ${MARK}`] as const))
      : {}
  const query =
    kind === 'headers'
      ? ''
      : [...names, ...names.map(camel)].map((name) => `${name}=${MARK}`).join('&')
  const url = (base: string): string =>
    query === '' ? base : `${base}${base.includes('?') ? '&' : '?'}${query}`
  try {
    const request = provider.sign!({ payload: {}, id: `evt-${kind}` })
    return { ...request, url: url(request.url), headers: { ...headers, ...request.headers } }
  } catch {
    return { url: url('https://example.com/hook'), headers, body: '{}' }
  }
}

/** A name as authors of apps write it: `xParseMasterKey`. */
function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Everything that is kept of the deliveries of a receiver, and without `page` no more of what is shown than the list. */
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
  let cursor: string | undefined
  do {
    const found = await inbox.journal!.deliveries({
      receiver,
      limit: 200,
      ...(cursor && { cursor }),
    })
    for (const { id } of found.rows) {
      yield ['the journal', textOf(await inbox.journal!.delivery(id))]
      if (!page) continue
      yield ['the page of a delivery', await shown(`delivery?id=${encodeURIComponent(id)}`)]
      yield ['a copy', await shown(`copy?as=curl&delivery=${encodeURIComponent(id)}`)]
    }
    ;({ cursor } = found)
  } while (cursor !== undefined)
}

/** A value as one text; bytes as the characters that they are. */
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

// JSON.stringify asks a Buffer for its own form first.
function isBuffer(value: unknown): boolean {
  return (value as { type?: unknown } | null)?.type === 'Buffer'
}

function around(text: string): string {
  const at = Math.max(text.indexOf(MARK), 0)
  return text.slice(Math.max(at - 120, 0), at + 60)
}
