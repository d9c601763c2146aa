import { AsyncLocalStorage } from 'node:async_hooks'
import { createReceiver, memoryInbox, type Receiver, type Reply } from '@postern/core'
import { claimedTopic } from '@postern/core/engine'
import type { Explanation } from '@postern/core/explain'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { judge } from '../send/answer.ts'
import type { PastDelivery } from '../send/again.ts'
import type { AppAnswer } from './gate.ts'

export interface Entry {
  readonly at: number
  readonly status: number
  readonly took: number
  readonly outcome: string
  readonly code: string | undefined
  /** Why it was rejected, for people. */
  readonly reason: string | undefined
  readonly events: readonly { readonly id: string | undefined; readonly topic: string }[]
  /** The unverified topic of a rejected delivery. */
  readonly claims: string | undefined
  /** True if the signature was right for the secret of this command: only this may be signed again. */
  readonly isGenuine: boolean
  /** The original delivery, while its body is kept. */
  delivery: PastDelivery | undefined
  /** The explanation of a rejection, once there is one. */
  explanation: Explanation | undefined
}

/** Deliveries, the newest last. The oldest are dropped. */
export interface Entries {
  readonly all: readonly Entry[]
  /** How many arrived, those that were dropped included. */
  readonly total: number
  add(entry: Entry): void
}

const MOST = 500
// 500 bodies of 25 MiB are 12 GiB, and anybody can send them: the largest are dropped.
const MOST_BYTES = 32 * 2 ** 20

export function createEntries(): Entries {
  const all: Entry[] = []
  let total = 0
  let bytes = 0
  return {
    all,
    get total() {
      return total
    },
    add(entry) {
      total++
      all.push(entry)
      bytes += sizeOf(entry)
      if (all.length > MOST) bytes -= sizeOf(all.shift()!)
      while (bytes > MOST_BYTES) bytes -= dropLargest(all)
    },
  }
}

const sizeOf = ({ delivery }: Entry): number => delivery?.body.byteLength ?? 0

/** Drops what is kept of the delivery with the largest body, and returns its bytes: a stranger's large ones go before genuine ones. */
function dropLargest(all: readonly Entry[]): number {
  const largest = all.reduce((most, one) => (sizeOf(one) > sizeOf(most) ? one : most))
  const size = sizeOf(largest)
  largest.delivery = undefined
  return size
}

export interface Received {
  readonly reply: Reply
  readonly entry: Entry
}

export interface Listener {
  receive(delivery: PastDelivery): Promise<Received>
  close(): Promise<void>
}

/** Makes it: it verifies, and runs nothing. */
export function createListener(provider: Provider, inbox: Inbox): Listener {
  const seen = new AsyncLocalStorage<{ reason?: string; entry?: Entry }>()
  const receiver = createReceiver({
    provider,
    inbox,
    log: false,
    storage: { rejectedBodies: false },
  }) as Receiver
  receiver.onAny({ name: 'listen' }, () => undefined)
  receiver.observe({
    rejected(_request, { message }) {
      const current = seen.getStore()
      if (current) current.reason = message
    },
    replied(request, { outcome, status, took, code, events }) {
      const current = seen.getStore()
      if (!current) return
      current.entry = {
        at: request.at,
        status,
        took,
        outcome,
        code,
        reason: current.reason,
        events: events.map(({ id, topic }) => ({ id, topic })),
        claims: undefined,
        isGenuine: outcome !== 'rejected',
        delivery: undefined,
        explanation: undefined,
      }
    },
  })
  return {
    async receive(delivery) {
      const current: { reason?: string; entry?: Entry } = {}
      const reply = await seen.run(current, async () => receiver.receive(delivery))
      const { entry = { ...blank(delivery), status: reply.status } } = current
      const claims = entry.isGenuine ? undefined : claimedTopic(delivery, provider)
      return { reply, entry: { ...entry, claims, delivery } }
    },
    async close() {
      await receiver.close()
      await inbox.close()
    },
  }
}

/** The inbox of a listener: a file, or the memory of this process. */
export async function inboxOf(path: string | undefined): Promise<Inbox> {
  if (path === undefined) return memoryInbox()
  const { sqliteInbox } = await import('@postern/sqlite')
  return sqliteInbox({ path })
}

/** An entry of a delivery that this command cannot verify. */
function blank(delivery: PastDelivery): Entry {
  return {
    at: Date.now(),
    status: 0,
    took: 0,
    outcome: 'rejected',
    code: undefined,
    reason: undefined,
    events: [],
    claims: undefined,
    isGenuine: false,
    delivery,
    explanation: undefined,
  }
}

/** The sender, for the words of a verdict. */
export interface SignedBy {
  readonly title: string
  /** The environment variable of the secret, and a mark of its value. */
  readonly variable: string
  readonly mark: string | undefined
}

/** A delivery that the app answered: its reply, held against what the receiver of this command says. */
export function judged(
  delivery: PastDelivery,
  answer: AppAnswer,
  took: number,
  here: Entry | undefined,
  signer: SignedBy,
): Entry {
  const { status, body, down } = answer
  const headers = Object.fromEntries(
    answer.headers.map(([name, value]) => [name.toLowerCase(), value]),
  )
  const text = Buffer.from(body.subarray(0, START)).toString()
  const verdict = judge({ status, headers, text }, delivery.url)
  const isGenuine = here?.isGenuine === true
  const entry = { ...blank(delivery), ...here, status, took, delivery, code: verdict.code }
  if (down !== undefined) return { ...entry, outcome: 'rejected', reason: down }
  if (verdict.by === 'other') return { ...entry, outcome: 'rejected', reason: verdict.says }
  if (verdict.code !== undefined) {
    const { title, variable, mark } = signer
    const reason =
      isGenuine && SIGNATURE.test(verdict.code)
        ? `${title} signed it right${mark === undefined ? '' : ` (secret ${mark})`}, and your app rejected it: it verifies with another secret than ${variable} has, or something changed the body before the receiver`
        : here && !isGenuine
          ? (here.reason ?? verdict.says)
          : verdict.says
    return { ...entry, outcome: 'rejected', reason }
  }
  if (status >= 300) return { ...entry, outcome: 'rejected', reason: undefined }
  if (here && !isGenuine)
    return {
      ...entry,
      outcome: 'accepted',
      reason: `your app accepted it, and the secret here does not fit (${here.reason ?? here.code}): the app verifies with another secret, or not at all`,
    }
  return { ...entry, outcome: here?.outcome ?? 'accepted', reason: undefined }
}

// Bytes of a reply that are judged.
const START = 4096
const SIGNATURE =
  /^(?:signature_mismatch|missing_header|malformed_header|unknown_sender|timestamp_)/
