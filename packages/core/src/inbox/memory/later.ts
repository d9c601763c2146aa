import { WebhookError } from '../../errors.ts'
import { atMost } from '../kit/at-most.ts'
import type { Consumer, Inbox, Port } from '../inbox.ts'
import type { InboxView } from '../view.ts'

/**
 * The inbox of a receiver that was given none: `memoryInbox()`. The first delivery loads it, so that bundles of apps
 * with an inbox of their own need not have it.
 */
export function defaultInbox(): Inbox {
  let loading: Promise<Inbox> | undefined
  const load = (): Promise<Inbox> =>
    (loading ??= import('./inbox.ts').then(({ memoryInbox }) => memoryInbox()))
  return {
    name: 'memoryInbox',
    can: { order: true, transaction: false, durable: false, fair: true, search: 'scan' },
    attach: (consumer) => lazyPort(consumer, load),
    view: lazyView(async () => (await load()).view!),
    async close() {
      await (await loading)?.close()
    },
  }
}

function lazyPort(consumer: Consumer, load: () => Promise<Inbox>): Port {
  let port: Port | undefined
  let attaching: Promise<Port> | undefined
  let working = false
  let closed = false
  const attach = async (): Promise<Port> => {
    const inbox = closed ? undefined : await load()
    if (!inbox || closed) throw new WebhookError('closed', 'memoryInbox: the receiver was closed')
    port = inbox.attach(consumer)
    if (working) port.work?.()
    return port
  }
  return {
    accept: (intake, host) =>
      port
        ? port.accept(intake, host)
        : (attaching ??= attach()).then((ready) => ready.accept(intake, host)),
    work() {
      working = true
      port?.work?.()
    },
    close,
  }

  async function close(until: number): Promise<void> {
    // A delivery that waits for the inbox to load was not refused: it is accepted first, and its tasks run.
    const left = Math.max(0, until - Date.now())
    if (attaching && !port)
      await atMost(
        attaching.catch(() => {}),
        left,
      )
    closed = true
    await port?.close(until)
  }
}

function lazyView(load: () => Promise<InboxView>): InboxView {
  return {
    list: async (filter) => (await load()).list(filter),
    get: async (id) => (await load()).get(id),
    stats: async () => (await load()).stats(),
    replay: async (filter) => (await load()).replay(filter),
    discard: async (filter) => (await load()).discard(filter),
    prune: async (before) => (await load()).prune(before),
    orphans: async () => (await load()).orphans(),
  }
}
