import type { AuditCase, AuditReply, AuditRequest } from './request.ts'
import type { Played } from './judge.ts'
import type { LeakWatch } from './leaks.ts'
import { setTimeout as wait } from 'node:timers/promises'

/** Sends a request and returns the reply; undefined if it leaves before one. It never throws. */
export type Send = (
  request: AuditRequest,
  /** `done` is aborted once the other requests of the round have their replies. */
  round: { readonly done: AbortSignal },
) => Promise<AuditReply | undefined>

/** What a case is played with. */
export interface AuditStage {
  readonly send: Send
  readonly effects: Effects | undefined
  readonly leaks: LeakWatch
  readonly restart: (() => Promise<void>) | undefined
  /** Counts the requests that were sent. */
  readonly sent: (count: number) => void
}

/** Sends the rounds of a case. The effects are not looked at. */
export async function playCase(judged: AuditCase, stage: AuditStage): Promise<Played> {
  const requests: AuditRequest[] = []
  const replies: (AuditReply | undefined)[] = []
  let rise: number | undefined
  for (const [at, round] of judged.sends().entries()) {
    if (at > 0 && judged.between === 'restart') {
      // A count that is kept in memory starts again.
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

/** If it was taken, the same is sent to where no route is. */
async function controlled(
  judged: AuditCase,
  replies: readonly (AuditReply | undefined)[],
  stage: AuditStage,
): Promise<Pick<Played, 'control'>> {
  const isTaken = (reply: AuditReply | undefined): boolean =>
    reply !== undefined && reply.status >= 200 && reply.status < 300
  if (!judged.control || !replies.some(isTaken)) return {}
  const [reply] = await playRound([judged.control()], stage.send)
  stage.sent(1)
  return { control: isTaken(reply) }
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

/** Counts what the receiver did, and knows how long it takes to show. */
export interface Effects {
  /** The count when it was last settled. */
  readonly known: number
  /** How much it rose since: waits until it is at least `least`, or for as long as an effect may take. */
  rise(least: number): Promise<number>
  /** How much it rose since, after a time in which late effects come to light. */
  settle(): Promise<number>
  /** Forgets what was counted, as after a restart. */
  reset(): Promise<void>
  /** Milliseconds that an effect took to show. */
  took(milliseconds: number): void
}

const STEP = 10

/** Options of {@link createEffects}, in milliseconds. */
interface EffectsSettings {
  /** The least time that an effect is waited for; the first one ten times as long. */
  readonly patience: number
  /** The least time after which no late effect is expected. */
  readonly quiet: number
}

/** Watches a count. `read` is called no more often than every 10 ms. */
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
    get known() {
      return known
    },
    async rise(least) {
      // Before the first effect nobody knows how slow this receiver is.
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
