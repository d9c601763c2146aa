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
  readonly reason: string | undefined
  readonly events: readonly { readonly id: string | undefined; readonly topic: string }[]
  /** Topic that a rejected delivery claims to have. It is not verified. */
  readonly claims: string | undefined
  /** True if the signature matches the secret of this command. Only such a delivery may be signed and sent again. */
  readonly isGenuine: boolean
  /** The original delivery. Undefined after the delivery's body was dropped to free memory. */
  delivery: PastDelivery | undefined
  explanation: Explanation | undefined
}

/** List of deliveries, newest last. Beyond 500, the oldest are dropped. */
export interface Entries {
  readonly all: readonly Entry[]
  /** Number of deliveries that arrived, including dropped ones. */
  readonly total: number
  add(entry: Entry): void
}

const MOST = 500
// Maximum total size of all kept bodies, in bytes. Anybody can send large bodies, so beyond this limit the largest are
// dropped first.
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

/**
 * Drops the largest body and returns its size in bytes. The largest is dropped first, because strangers could otherwise
 * push out genuine deliveries with large bodies.
 */
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

interface Current {
  reason?: string
  entry?: Omit<Entry, 'claims' | 'delivery' | 'explanation'>
}

/** Creates a receiver that only verifies deliveries. Its handler does nothing. */
export function createListener(provider: Provider, inbox: Inbox): Listener {
  const seen = new AsyncLocalStorage<Current>()
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
        isGenuine: outcome !== 'rejected',
      }
    },
  })
  return {
    async receive(delivery) {
      const current: Current = {}
      const reply = await seen.run(current, async () => receiver.receive(delivery))
      const entry = { ...blank(delivery), status: reply.status, ...current.entry }
      const claims = entry.isGenuine ? undefined : claimedTopic(delivery, provider)
      return { reply, entry: { ...entry, claims } }
    },
    async close() {
      await receiver.close()
      await inbox.close()
    },
  }
}

export async function inboxOf(path: string | undefined): Promise<Inbox> {
  if (path === undefined) return memoryInbox()
  const { sqliteInbox } = await import('@postern/sqlite')
  return sqliteInbox({ path })
}

/** Creates the entry of a delivery that this command cannot verify. */
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

export interface SignedBy {
  readonly title: string
  /** Environment variable of the secret. `mark` is a fingerprint of the secret. */
  readonly variable: string
  readonly mark: string | undefined
}

/**
 * Creates the entry of a delivery that the app answered. `here` is this command's own result for the delivery, which is
 * compared with the app's reply.
 */
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
        ? `${title} signed the delivery correctly${mark === undefined ? '' : ` (secret ${mark})`}, but your app rejected the delivery: the app has a different secret from ${variable}, or something changed the body before the receiver`
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
      reason: `your app accepted the delivery, but it does not match the secret of this command (${here.reason ?? here.code}): the app has a different secret, or does not verify signatures`,
    }
  return { ...entry, outcome: here?.outcome ?? 'accepted', reason: undefined }
}

// Maximum number of bytes of a reply to examine.
const START = 4096
const SIGNATURE =
  /^(?:signature_mismatch|missing_header|malformed_header|unknown_sender|timestamp_)/
