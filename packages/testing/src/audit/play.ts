import { type AuditCase, type AuditReply, type AuditRequest, isAccepted } from './request.ts'
import type { Played } from './judge.ts'
import type { LeakWatch } from './leaks.ts'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Sends a request and returns the reply. Returns undefined if the function itself closes the connection before a reply,
 * as `request.wire` asks. An error is returned as a reply with status 0.
 */
export type Send = (
  request: AuditRequest,
  /**
   * A round is a list of requests that are sent in parallel. `done` aborts when all other requests of the round have
   * their replies.
   */
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
 * Sends the requests of a case, round by round, and searches the replies for leaks. In the result, `rise` has only the
 * effects before a restart. The caller adds the effects after the last round.
 */
export async function playCase(judged: AuditCase, stage: AuditStage): Promise<Played> {
  const requests: AuditRequest[] = []
  const replies: (AuditReply | undefined)[] = []
  let rise: number | undefined
  for (const [at, round] of judged.sends().entries()) {
    if (at > 0 && judged.between === 'restart') {
      // If the receiver counts in memory, the restart sets the count to 0, so the count is read first.
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

/** If a request was accepted, sends the control request to a URL without a route. */
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

/** Counts the effects of handlers, such as rows that they wrote, and measures the time until an effect appears. */
export interface Effects {
  /** Returns the number of new effects. Waits until there are `least`, or until the maximum wait is over. */
  rise(least: number): Promise<number>
  /** Waits for late effects, then returns the number of new effects since the last reading. */
  settle(): Promise<number>
  /** Reads the count again after a restart. Effects before this reading do not count as new. */
  reset(): Promise<void>
  /** Records how long an effect took to appear, in milliseconds. */
  took(milliseconds: number): void
}

const STEP = 10

interface EffectsSettings {
  readonly patience: number
  readonly quiet: number
}

/** Creates the counter. `read` returns the number of effects so far, and is called at most once per 10 ms. */
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
      // Until the first effect appears, the receiver's speed is unknown, so this wait is longer.
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
