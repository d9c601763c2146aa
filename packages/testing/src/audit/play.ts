import type { AuditCase } from './case.ts'
import type { Effects } from './effects.ts'
import type { Played } from './judge.ts'
import type { LeakWatch } from './leaks.ts'
import type { AuditReply, AuditRequest } from './request.ts'

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
      // A count that is kept in memory begins again.
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
