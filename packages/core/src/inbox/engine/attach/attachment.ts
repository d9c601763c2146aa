import { WebhookError } from '../../../errors.ts'
import type { Consumer, RunDueResult, Port } from '../../inbox.ts'
import { toMonotonic } from '../../../basics/deadline.ts'

/** An inbox's side of one receiver, before the rules that all inboxes share. Its deadlines are times of `performance.now()`. */
export interface Side {
  /** As `Port.accept`; never called once closing began. */
  accept: Port['accept']
  /** As `Port.probe`; never called once closing began. */
  probe?: Port['probe']
  /** As `Port.work`; called once. */
  work?(): void
  /** As `Port.drain`. */
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  /** As `Port.burst`. */
  burst?: Port['burst']
  /** Looks for ready tasks: something in the store was changed. */
  look?(): void
  /** As `Port.close`; called once. */
  close(until: number): Promise<void>
}

/** The argument of {@link attachment}. */
export interface AttachmentOptions {
  /** As in errors. */
  readonly inbox: string
  /** How long the inbox knows ids, in milliseconds, and the option that says so. @default no bound */
  readonly dedupeWindow?: { readonly option: string; readonly time: number }
  /** Makes the inbox's side of a receiver. */
  readonly join: (consumer: Consumer) => Side
  /** Closes what the sides share. Called once, after all of them were closed. */
  readonly close: () => Promise<void>
}

/** The receivers of an inbox: each name once, and each closed once. */
export interface Attachment {
  attach(consumer: Consumer): Port
  /** As `Inbox.close`. */
  close(): Promise<void>
  /** Receivers that are attached and not closed. */
  consumers(): readonly Consumer[]
  /** Lets all sides look for ready tasks. */
  look(): void
}

/**
 * Makes an {@link Attachment}. A second receiver of a name, a window shorter than the sender's retry span and a receiver of a closed inbox
 * are a `TypeError`; a delivery after `close` is rejected as `receiver_closed`.
 */
export function attachment({
  inbox,
  dedupeWindow: window,
  join,
  close,
}: AttachmentOptions): Attachment {
  const joined = new Map<string, Joined>()
  let closed: Promise<void> | undefined

  return {
    attach(consumer) {
      const { receiver, retrySpan } = consumer
      if (closed) throw new TypeError(`${inbox} was closed: receiver ${receiver} needs a new one`)
      const known = joined.get(receiver)
      if (known && !known.closing)
        throw new TypeError(
          `${inbox} already has a receiver named ${receiver}: give each receiver a name of its own`,
        )
      if (window && window.time < retrySpan)
        throw new TypeError(
          `${inbox}: ${window.option} is ${window.time} ms, but the sender of ${receiver} delivers again for ${retrySpan} ms: make it at least that long`,
        )
      const one: Joined = { consumer, side: join(consumer), closing: undefined }
      joined.set(receiver, one)
      return portOf(one)
    },
    close: () => (closed ??= end()),
    consumers: () => open().map((one) => one.consumer),
    look() {
      for (const { side } of open()) side.look?.()
    },
  }

  function portOf(one: Joined): Port {
    const { side } = one
    let working = false
    return {
      accept(intake, host) {
        if (one.closing)
          throw new WebhookError('receiver_closed', { problem: 'closed', got: inbox })
        return side.accept(intake, host)
      },
      ...(side.probe && {
        probe() {
          if (one.closing)
            throw new WebhookError('receiver_closed', { problem: 'closed', got: inbox })
          return side.probe!()
        },
      }),
      ...(side.work && {
        work() {
          if (!working && !one.closing) side.work!()
          working = true
        },
      }),
      ...(side.drain && {
        async drain(until, max, last) {
          if (one.closing)
            throw new WebhookError('receiver_closed', { problem: 'closed', got: inbox })
          return side.drain!(toMonotonic(until), max, last)
        },
      }),
      ...(side.burst && {
        burst: (most) => (one.closing ? undefined : side.burst!(most)),
      }),
      close: (until) => (one.closing ??= side.close(toMonotonic(until))),
    }
  }

  async function end(): Promise<void> {
    // Rejections are handled last: the shared resources must be closed in any case.
    const ended = await Promise.allSettled(
      [...joined.values()].map((one) => (one.closing ??= one.side.close(performance.now()))),
    )
    await close()
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  }

  function open(): readonly Joined[] {
    return [...joined.values()].filter((one) => one.closing === undefined)
  }
}

interface Joined {
  readonly consumer: Consumer
  readonly side: Side
  closing: Promise<void> | undefined
}
