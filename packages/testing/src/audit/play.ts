import { type AuditCase, type AuditReply, type AuditRequest, isAccepted } from './request.ts'
import type { Played } from './judge.ts'
import type { LeakWatch } from './leaks.ts'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Sends a request and returns the reply; undefined if the sender closes the connection before a reply. An error is
 * returned as a reply with status 0.
 */
export type Send = (
  request: AuditRequest,
  /** `done` is aborted when all other requests of the round (sent in parallel) have their replies. */
  round: { readonly done: AbortSignal },
) => Promise<AuditReply | undefined>

export interface AuditStage {
  readonly send: Send
  readonly effects: Effects | undefined
  readonly leaks: LeakWatch
  readonly restart: (() => Promise<void>) | undefined
  readonly sent: (count: number) => void
}

/**
 * Sends the requests of a case, round by round, and searches the replies for leaks. Counts effects only before a
 * restart; the caller counts later effects.
 */
export async function playCase(judged: AuditCase, stage: AuditStage): Promise<Played> {
  const requests: AuditRequest[] = []
  const replies: (AuditReply | undefined)[] = []
  let rise: number | undefined
  for (const [at, round] of judged.sends().entries()) {
    if (at > 0 && judged.between === 'restart') {
      // A count in memory restarts at zero, so it is read before the restart.
      rise = (rise ?? 0) + ((await stage.effects?.rise(1)) ?? 0)
      await stage.restart!()
      await stage.effects?.reset()
    }
    const came = await playRound(round, stage.send)
    stage.sent(round.length)
    for (const [place, request] of round.entries()) {
      requests.push(request)
      replies.push(came[place])
      if (came[place]) stage.leaks.saw(judged, request, came[place])
    }
  }
  return {
    case: judged,
    requests,
    replies,
    rise,
    ...(await controlled(judged, replies, stage)),
  }
}

/** If one of the requests was accepted, sends the control request to a URL without a route. */
async function controlled(
  judged: AuditCase,
  replies: readonly (AuditReply | undefined)[],
  stage: AuditStage,
): Promise<Pick<Played, 'control'>> {
  if (!judged.control || !replies.some(isAccepted)) return {}
  const [reply] = await playRound([judged.control()], stage.send)
  stage.sent(1)
  return { control: isAccepted(reply) }
}

async function playRound(
  round: readonly AuditRequest[],
  send: Send,
): Promise<readonly (AuditReply | undefined)[]> {
  const others = new AbortController()
  let open = round.filter(({ wire }) => wire?.slow !== true).length
  return Promise.all(
    round.map(async (request) => {
      const reply = await send(request, { done: others.signal })
      if (request.wire?.slow !== true && --open === 0) others.abort()
      return reply
    }),
  )
}

/** Counts the effects of the receiver, and learns how long they take to appear. */
export interface Effects {
  /**
   * Returns the number of effects since the last reading. Waits until there are at least `least`, or until the maximum
   * wait is over.
   */
  rise(least: number): Promise<number>
  /** Returns the number of effects since the last reading, after waiting for late effects. */
  settle(): Promise<number>
  /** Reads the number again without returning a rise, for use after a restart. */
  reset(): Promise<void>
  /** Records how long an effect took to appear, in milliseconds. */
  took(milliseconds: number): void
}

const STEP = 10

interface EffectsSettings {
  /**
   * Minimum time after which an effect counts as missing, in milliseconds. For the first effect, the time is ten times
   * as long.
   */
  readonly patience: number
  /** Minimum time to wait for late effects, in milliseconds. At most 2000 are used. */
  readonly quiet: number
}

/** Creates an {@link Effects} that reads the count at intervals of at least 10 ms. */
export async function createEffects(
  read: () => Promise<number> | number,
  { patience, quiet }: EffectsSettings,
): Promise<Effects> {
  let slowest: number | undefined
  let known = await counted(read)
  const taken = (now: number): number => {
    const rise = now - known
    known = now
    return rise
  }
  return {
    async rise(least) {
      // Until the first effect has appeared, the speed of this receiver is unknown, so the wait is longer.
      const most = slowest === undefined ? patience * 10 : Math.max(patience, slowest * 20)
      const until = performance.now() + most
      let now = await counted(read)
      while (now - known < least && performance.now() < until) {
        await wait(STEP)
        now = await counted(read)
      }
      return taken(now)
    },
    async settle() {
      await wait(Math.min(2000, Math.max(quiet, (slowest ?? 0) * 3)))
      return taken(await counted(read))
    },
    async reset() {
      known = await counted(read)
    },
    took(milliseconds) {
      slowest = Math.max(slowest ?? 0, milliseconds)
    },
  }
}

async function counted(read: () => Promise<number> | number): Promise<number> {
  const count: unknown = await read()
  if (typeof count !== 'number' || !Number.isFinite(count))
    throw new TypeError(
      `audit: effect must return a number, got ${String(count)}; count the rows that your handler writes`,
    )
  return count
}
