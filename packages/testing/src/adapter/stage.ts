import { Buffer } from 'node:buffer'
import {
  createReceiver,
  type ErrorDetails,
  type Json,
  memoryInbox,
  type Receiver,
  type ReceiverOptions,
  UnrecoverableError,
  type WebhookEvent,
} from '@postern/core'
import { factsOf } from '@postern/core/internal'
import type { Inbox } from '@postern/core/inbox'
import { acme } from '../acme.ts'

/**
 * Name of a stage, which is a receiver that the tests observe. A server in another process can create the same receiver
 * from this name.
 */
export type StageName =
  | 'plain'
  | 'held'
  | 'failing'
  | 'bounded'
  | 'slow'
  | 'greeting'
  | 'url'
  | 'tenants'

/** One run of a stage's handler. */
export interface Run {
  readonly id: string | undefined
  readonly topic: string
  readonly tenant: string | undefined
  readonly context: Json | undefined
  readonly method: string
  readonly url: string
  /** The bytes of the received body, in base64. */
  readonly body: string
  readonly payload: Json | undefined
}

/** Everything that has happened at a stage so far. */
export interface Report {
  readonly runs: readonly Run[]
  /** Rejections with their code and details, as observers get them. */
  readonly rejected: readonly (ErrorDetails & { readonly code: string })[]
  readonly duplicates: number
  /** URLs of rejected deliveries that the journal keeps. A receiver that closes writes these URLs to the journal. */
  readonly kept: readonly string[]
}

/**
 * Runs a command and returns a report. `report` only returns the report. `settled` waits until `count` tasks in total
 * are done or dead. `rejected` waits until `count` deliveries in total are rejected. `release` lets the waiting
 * handlers of the stage `held` continue. `close` closes the receiver.
 */
export type Control = (
  command: 'report' | 'settled' | 'rejected' | 'release' | 'close',
  count?: number,
) => Promise<Report>

/** A receiver whose events the test suite observes. */
export interface Stage {
  readonly name: StageName
  readonly receiver: Receiver
  /**
   * Function to pass as the adapter's option `context`. Its argument `header` returns the value of a request header.
   */
  readonly context: (header: (name: string) => string | null | undefined) => Json | undefined
  /** Reports what happened, waits for events, and controls the receiver. */
  readonly control: Control
}

export const SECRETS = {
  acme: 'suite-secret-one',
  a: 'suite-secret-a',
  b: 'suite-secret-b',
} as const

const plain = (): ReceiverOptions => ({ provider: acme({ secret: SECRETS.acme }) })

const OPTIONS: Record<StageName, () => ReceiverOptions> = {
  plain,
  held: plain,
  failing: plain,
  bounded: () => ({ ...plain(), limits: { body: 65_536 } }),
  slow: () => ({ ...plain(), limits: { bodyTimeout: 400 } }),
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

/** Creates the stage with that name. The handler of its receiver records every event. */
export function createStage(name: StageName): Stage {
  const runs: Run[] = []
  const rejected: (ErrorDetails & { code: string })[] = []
  let duplicates = 0
  let settled = 0
  let watchers: (() => void)[] = []
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))
  const failed = new Set<string | undefined>()
  const inbox = memoryInbox()
  const receiver = createReceiver({
    ...OPTIONS[name](),
    inbox,
    log: false,
    observers: [
      {
        rejected: (_, error) =>
          changed(() => rejected.push({ ...factsOf(error), code: error.code })),
        duplicate: () => changed(() => duplicates++),
        done: () => changed(() => settled++),
        dead: () => changed(() => settled++),
      },
    ],
  })
  receiver.onAny({ name: 'record' }, async (event) => {
    if (name === 'held') await released
    changed(() => runs.push(toRun(event)))
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
    async control(command, count = 1) {
      if (command === 'settled') await until(() => settled >= count)
      if (command === 'rejected') await until(() => rejected.length >= count)
      if (command === 'release') release()
      if (command === 'close') await receiver.close({ timeout: '1s' })
      const kept = await keptOf(inbox)
      return { runs: [...runs], rejected: [...rejected], duplicates, kept }
    },
  }

  function changed(change: () => void): void {
    change()
    const waiting = watchers
    watchers = []
    for (const wake of waiting) wake()
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => watchers.push(resolve))
  }
}

async function keptOf({ journal }: Inbox): Promise<readonly string[]> {
  const { rows } = await journal!.rejections({ outcome: 'rejected' })
  const whole = await Promise.all(rows.map(async ({ id }) => journal!.delivery(id)))
  return whole.flatMap((arrival) => arrival?.kept?.url ?? [])
}

function toRun(event: WebhookEvent): Run {
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
