import { soon } from '../../../basics/soon.ts'

/** Runs a function once the reply to the current request has gone out, as far as this process can know. */
type AfterReply = (work: () => void) => void

const { process } = globalThis as { process?: { nextTick?: (work: () => void) => void } }
const nextTick = process?.nextTick
const NOW: Promise<void> = Promise.resolve()

/**
 * At once after it: adapters write the reply in promise jobs, and a tick asked for by one of these comes when all of
 * them are done. Without ticks it is {@link inNextRound}.
 * https://nodejs.org/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export const afterReply: AfterReply = nextTick
  ? (work) => void NOW.then(() => nextTick(work))
  : inNextRound

/** In the event loop's next round: after the replies to all requests that came together. */
export function inNextRound(work: () => void): void {
  soon(work)
}
