import { settledBy, within } from '../basics/deadline.ts'
import { messageOf } from '../messages.ts'
import type { Inbox, Port } from '../inbox/inbox.ts'
import { takenIn, usualGap } from './progress.ts'
import type { Silence, Writes } from '../observe/last-heard.ts'
import type { Subscriptions } from '../subscribe/subscription.ts'
import type { CheckedOptions } from './options.ts'
import { errorText, memberOf, textOf } from '../errors.ts'

/** The state of a receiver. All times are in milliseconds since 1970. */
export interface Health {
  /** True if `accepting` and `processing` are true. */
  readonly ok: boolean
  /**
   * True if deliveries can be stored: the receiver is open, its inbox has room, and the last write succeeded. After a
   * failed write, a test write must succeed first.
   */
  readonly accepting: boolean
  /**
   * False if tasks have been due for too long and no process has run a task in that time. The limit is the longest of:
   * a minute, three leases, three usual gaps between calls of `runDue`, and the time that running tasks may take. A
   * backlog that gets shorter counts as processing.
   */
  readonly processing: boolean
  /**
   * Why `ok` is false, and how to fix it; undefined if `ok` is true. The text can contain an address, so show it only
   * to operators.
   */
  readonly cause: string | undefined
  readonly receiver: string
  /** Number of waiting and running tasks; undefined if the inbox keeps no tasks or does not answer. */
  readonly pending: number | undefined
  /** Time when the oldest due task became due; undefined if no task is due. */
  readonly oldestDueAt: number | undefined
  readonly dead: number | undefined
  /** Time when the last verified delivery arrived, as far as this process or the journal knows. */
  readonly lastDelivery: number | undefined
  /**
   * Time without a verified delivery after which observers get `silent`, in milliseconds; undefined if the option is
   * not set.
   */
  readonly silentAfter: number | undefined
}

interface HealthContext extends Pick<
  CheckedOptions,
  'name' | 'inbox' | 'now' | 'monotonic' | 'worker'
> {
  readonly port: Port
  readonly writes: Writes
  readonly silence: Silence
  readonly isOpen: () => boolean
  readonly isDeaf: () => boolean
  readonly subscriptions: Subscriptions
}

// Maximum time for an answer of the inbox, in milliseconds. By default, Kubernetes waits one second for a probe.
const PATIENCE = 900
// Minimum time between two test writes to an inbox that failed, in milliseconds.
const PAUSE = 1000
// After `QUIET` milliseconds without a delivery, a test write is tried. `health` waits `PROBE` milliseconds for this
// write.
const QUIET = 15_000
const PROBE = 600
// Milliseconds after which a test write without an answer counts as failed.
const SILENT = 5000
const MINUTE = 60_000

/**
 * Returns the function behind `receiver.health`. The function waits for the inbox for less than a second, and never
 * rejects.
 */
export function createHealth(context: HealthContext): () => Promise<Health> {
  const { name, inbox, port, writes, silence, now, monotonic } = context
  let probing: Promise<void> | undefined
  let began = 0
  let probed: { readonly at: number; readonly failure: unknown } | undefined
  let looked = { wall: now(), monotonic: monotonic() }

  return async function health() {
    const until = performance.now() + PATIENCE
    const late = (): Error => new Error(`${inbox.name} has not answered for ${PATIENCE} ms`)
    // The result if the inbox does not answer.
    const known = {
      ok: false,
      accepting: false,
      processing: true,
      receiver: name,
      pending: undefined,
      oldestDueAt: undefined,
      dead: undefined,
      lastDelivery: silence.last,
      silentAfter: silence.limit,
    }
    const stepped = stepOfClock()
    try {
      const asked = Promise.all([
        figures(context),
        lastDeliveryAt(context),
        context.isOpen() ? writeFailure() : undefined,
      ])
      const [{ running, pending, oldestDueAt, dead }, lastDelivery, failure] = await within(
        asked,
        until,
        late,
      )
      const isFull = (pending ?? 0) >= (inbox.maxPending ?? Infinity)
      const cause = !context.isOpen()
        ? 'closed: the receiver was closed'
        : context.isDeaf()
          ? `no handler: ${messageOf({ problem: 'no_subscriptions', got: name })}`
          : isFull
            ? `full: ${pending} tasks are waiting, maxPending is ${inbox.maxPending}; raise it or run more workers`
            : failure === undefined
              ? undefined
              : inboxCause(failure)
      const stopped = await within(stoppedCause(oldestDueAt, running, stepped), until, late)
      return {
        ...known,
        ok: cause === undefined && stopped === undefined,
        accepting: cause === undefined,
        processing: stopped === undefined,
        cause: cause ?? stopped,
        pending,
        oldestDueAt,
        dead,
        lastDelivery,
      }
    } catch (error) {
      return { ...known, cause: inboxCause(error) }
    }
  }

  /**
   * Returns why nothing can be stored; undefined if storing works. After a failure, or after a while without
   * deliveries, this function tries a write.
   */
  async function writeFailure(): Promise<unknown> {
    const { failure, suspect, storedAt } = writes
    const at = monotonic()
    const doubted = failure !== undefined || suspect
    if (!doubted && at - storedAt < QUIET) return undefined
    if (probed === undefined || at - probed.at >= (doubted ? PAUSE : QUIET)) {
      probed = { at, failure }
      if (!probing) {
        began = at
        probing = probe(at).finally(() => (probing = undefined))
      }
      // Waits only briefly: the next call gets the result of a slow test write. The first write is slow, since it
      // creates tables.
      await settledBy(probing, performance.now() + PROBE)
      if (!writes.suspect && writes.failure === undefined) return undefined
    }
    if (probing && at - began >= SILENT)
      return new Error(
        `${inbox.name} has not answered a test write for ${Math.round(at - began)} ms`,
      )
    return probed.failure ?? failure
  }

  async function probe(at: number): Promise<void> {
    try {
      await (port.probe ? port.probe() : probeRecords(inbox, name))
      probed = { at, failure: undefined }
      writes.stored(at)
    } catch (error) {
      probed = { at, failure: error }
      writes.failed(error)
    }
  }

  /**
   * Returns how far the wall clock jumped ahead since the last call, in milliseconds. A task that becomes due because
   * of such a jump does not count as late.
   */
  function stepOfClock(): number {
    const at = { wall: now(), monotonic: monotonic() }
    const step = at.wall - looked.wall - (at.monotonic - looked.monotonic)
    looked = at
    return Math.max(0, step)
  }

  /** Returns why due tasks do not run; undefined if tasks run or none is due. */
  async function stoppedCause(
    oldest: number | undefined,
    running: number,
    stepped: number,
  ): Promise<string | undefined> {
    if (oldest === undefined) return undefined
    const gap = context.worker === 'onDemand' ? await usualGap(inbox, name) : 0
    // If runs occupy all places, due tasks wait until a run ends. This wait can be as long as the longest timeout plus
    // the lease.
    const held =
      running > 0
        ? Math.max(0, ...context.subscriptions.all.map(({ timeout }) => timeout)) +
          (inbox.lease ?? 0)
        : 0
    const limit = Math.max(MINUTE, 3 * (inbox.lease ?? 0), 3 * gap, held)
    const due = now() - stepped - oldest
    if (due <= limit || (await takenIn(inbox, name, now() - limit, now()))) return undefined
    return `no worker: tasks have been due for ${Math.round(due / 1000)} s and no process runs any; start receiver.startWorker() or receiver.runDue() in a process that has the subscriptions`
  }
}

async function probeRecords({ records }: Inbox, name: string): Promise<void> {
  if (!records) return
  const key = `probe/${name}`
  const found = await records.get(key)
  await records.set(key, null, found?.version ?? 0)
}

async function figures({
  name,
  inbox,
}: HealthContext): Promise<Pick<Health, 'pending' | 'oldestDueAt' | 'dead'> & { running: number }> {
  const found = { pending: 0, oldestDueAt: undefined as number | undefined, dead: 0, running: 0 }
  if (!inbox.view) return { ...found, pending: undefined, dead: undefined }
  for (const { receiver, counts, oldestDueAt } of await inbox.view.stats()) {
    if (receiver !== name) continue
    found.pending += counts.pending + counts.running
    found.running += counts.running
    found.dead += counts.dead
    if (oldestDueAt !== undefined)
      found.oldestDueAt = Math.min(found.oldestDueAt ?? Infinity, oldestDueAt)
  }
  return found
}

async function lastDeliveryAt({
  name,
  inbox,
  silence,
}: HealthContext): Promise<number | undefined> {
  if (silence.last !== undefined || !inbox.journal) return silence.last
  const genuine = ['accepted', 'duplicate', 'unhandled'] as const
  const page = await inbox.journal.deliveries({ receiver: name, outcome: genuine, limit: 1 })
  return page.rows[0]?.at
}

// Error codes and texts of SQLite, PostgreSQL (its appendix A), Redis and the system. The first match counts.
const CAUSES: readonly (readonly [sign: RegExp, cause: string])[] = [
  [
    /SQLITE_FULL|database or disk is full|ENOSPC|EDQUOT|\b53100\b|no space left|disk is full/i,
    'disk full: make room on the disk of the inbox',
  ],
  [
    /eviction|maxmemory-policy/i,
    'eviction policy: Redis may drop keys; set maxmemory-policy to noeviction',
  ],
  [
    /\bNOPERM\b|ACL failure/,
    'missing permission: allow the Redis user of the inbox to run the command in the error',
  ],
  [
    /\bWRONGTYPE\b/,
    'damaged: a key of the inbox has another type; find the program that wrote it, and rename or delete the key',
  ],
  [
    /\bOOM\b|out of memory|maxmemory|\b53200\b|SQLITE_NOMEM/i,
    "out of memory: give the inbox's server more memory, or delete old data from it",
  ],
  [
    /SQLITE_READONLY|readonly database|read-?only|\bREADONLY\b|\b25006\b|EROFS/i,
    'read-only: the inbox cannot write; connect to the primary, or make the file writable',
  ],
  [
    /SQLITE_BUSY|SQLITE_LOCKED|database (?:table )?is locked|\b55P03\b|lock timeout|canceling statement/i,
    'locked: another program holds the database or a table of the inbox; end its transaction',
  ],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EPIPE|connection (?:terminated|is closed)|\b57P0[123]\b/i,
    "unreachable: start the inbox's server or correct its address",
  ],
  [
    /did not answer|has not answered|timed out|timeout|\b57014\b/i,
    'no answer: the server of the inbox is down or overloaded, or its tables are locked',
  ],
]

/** Returns why an inbox cannot store anything and how to fix it, followed by the error text of the store. */
function inboxCause(error: unknown): string {
  const said = errorText(error)
  const found = CAUSES.find(([sign]) => sign.test(wholeOf(error)))
  return found ? `${found[1]} (${said})` : said
}

function wholeOf(error: unknown): string {
  const parts: string[] = []
  for (let each = error, left = 5; each !== undefined && left > 0; left--) {
    parts.push(textOf(each, 'code') ?? '', textOf(each, 'errstr') ?? '', errorText(each))
    each = memberOf(each, 'cause')
  }
  return parts.join('\n')
}
