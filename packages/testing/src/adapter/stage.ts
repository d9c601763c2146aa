import { Buffer } from 'node:buffer'
import {
  createReceiver,
  type Json,
  memoryInbox,
  type Receiver,
  type ReceiverOptions,
  UnrecoverableError,
  type WebhookEvent,
} from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { acme } from '../acme.ts'
import { createLog, type Control, type Log } from './log.ts'

/** The receivers the suite needs, by name, so that a host in another process can make them too. */
export type StageName =
  | 'plain'
  | 'held'
  | 'failing'
  | 'bounded'
  | 'slow'
  | 'greeting'
  | 'url'
  | 'tenants'

/** A receiver under observation. */
export interface Stage {
  readonly name: StageName
  readonly receiver: Receiver
  /** What the adapter's `context` option must give; `header` reads a request header. */
  readonly context: (header: (name: string) => string | null | undefined) => Json | undefined
  /** Tells what happened, waits for it, and acts on the receiver. */
  readonly control: Control
}

/** The secrets of the suite's senders. */
export const SECRETS = {
  acme: 'suite-secret-one',
  a: 'suite-secret-a',
  b: 'suite-secret-b',
} as const

const OPTIONS: Record<StageName, () => ReceiverOptions> = {
  plain: () => ({ provider: acme({ secret: SECRETS.acme }) }),
  held: () => ({ provider: acme({ secret: SECRETS.acme }) }),
  failing: () => ({ provider: acme({ secret: SECRETS.acme }) }),
  bounded: () => ({ provider: acme({ secret: SECRETS.acme }), limits: { body: 65_536 } }),
  slow: () => ({ provider: acme({ secret: SECRETS.acme }), limits: { bodyTimeout: 400 } }),
  greeting: () => ({
    provider: acme({ secret: SECRETS.acme, methods: ['POST', 'GET', 'HEAD', 'OPTIONS'] }),
  }),
  url: () => ({
    provider: acme({ secret: SECRETS.acme, signs: 'url', methods: ['POST', 'GET'] }),
  }),
  tenants: () => ({
    provider: acme({
      secret: ({ context }) => {
        const tenant = (context as { tenant?: string } | undefined)?.tenant
        return tenant === 'a' || tenant === 'b' ? { secret: SECRETS[tenant], tenant } : undefined
      },
    }),
  }),
}

/** Makes the receiver of that name with its handler, which writes down what it was given. */
export function createStage(name: StageName): Stage {
  const inbox = memoryInbox()
  const log: Log = createLog(
    () => receiver.close({ timeout: '1s' }),
    () => keptOf(inbox),
  )
  const options = { ...OPTIONS[name](), inbox, log: false as const, observers: [log.observer] }
  const receiver = createReceiver(options)
  const failed = new Set<string | undefined>()
  receiver.onAny({ name: 'record' }, async (event) => {
    if (name === 'held') await log.released
    log.ran(toRun(event))
    if (name === 'failing' && !failed.has(event.id)) {
      failed.add(event.id)
      throw new UnrecoverableError('the first attempt fails')
    }
  })
  return {
    name,
    receiver,
    context: (header) => {
      const tenant = header('x-tenant')
      return tenant ? { tenant } : undefined
    },
    control: log.control,
  }
}

async function keptOf({ journal }: Inbox): Promise<readonly string[]> {
  const { rows } = await journal!.rejections({ outcome: 'rejected' })
  const whole = await Promise.all(rows.map(async ({ id }) => journal!.delivery(id)))
  return whole.flatMap((arrival) => arrival?.kept?.url ?? [])
}

function toRun(event: WebhookEvent): Parameters<Log['ran']>[0] {
  const { payload, delivery } = event
  return {
    id: event.id,
    topic: event.topic,
    tenant: event.tenant,
    context: event.context,
    method: delivery.method,
    url: delivery.url,
    body: Buffer.from(delivery.body).toString('base64'),
    payload: payload instanceof Uint8Array ? 'bytes' : (payload as Json | undefined),
  }
}
