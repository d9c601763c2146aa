import { setTimeout as sleep } from 'node:timers/promises'
import { RetryAfter, Unrecoverable, type Task } from '@postern/core'
import { type SignableRequest } from '@postern/core/scheme'
import type { Found } from './breaker.ts'
import { createClient } from './client.ts'
import type { Pass } from './gate.ts'
import { createGates } from './gates.ts'
import type { Guard } from './guard.ts'
import type { CallSettings } from './options.ts'
import { judge } from './verdict.ts'

/** One call to one destination. */
export interface Call {
  /** Name of the destination: what its limits and its breaker go by. */
  readonly destination: string
  readonly task: Task
  /** When the event arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** Makes the message, when it is about to be sent: a signature has its time. */
  readonly message: () => SignableRequest | Promise<SignableRequest>
}

/** Calls destinations, each within its limits. */
export interface Caller {
  /** Resolves with what became of it; throws what the retry policy is to hear. */
  call(call: Call): Promise<'delivered' | 'gone'>
  close(): Promise<void>
}

/** Makes a caller. */
export function createCaller(guard: Guard, settings: CallSettings): Caller {
  const { now, giveUp, maxRetryAfter } = settings
  const client = createClient(guard, settings)
  const gates = createGates(settings.total, settings)

  return { call, close: () => client.close() }

  async function enter(destination: string): Promise<Pass> {
    try {
      return await gates.enter(destination)
    } catch (error) {
      await sleep(NO_HURRY)
      throw error
    }
  }

  async function call({
    destination,
    task,
    receivedAt,
    message,
  }: Call): Promise<'delivered' | 'gone'> {
    if (gates.isOpen(destination) && now() - receivedAt > giveUp)
      throw new Unrecoverable(`${destination} was still out of order when the event was too old`)
    const pass = await enter(destination)
    let found: Found = 'unknown'
    let until: number | undefined
    try {
      const request = await message()
      guard.url(request.url)
      // From here on what fails is the destination, unless this process is what gave up.
      const answer = await client.send(request, task.signal).catch((error: unknown) => {
        if (!task.signal.aborted && !isRefused(error)) found = 'down'
        throw error
      })
      const verdict = judge(answer, now(), maxRetryAfter)
      found = verdict.kind === 'failed' && verdict.sick ? 'down' : 'up'
      if (verdict.kind !== 'failed') return verdict.kind
      const failure = `${destination} answered ${answer.status}`
      if (verdict.wait === undefined) throw new Error(failure)
      until = now() + verdict.wait
      throw new RetryAfter(verdict.wait, failure)
    } catch (error) {
      throw isRefused(error)
        ? new Unrecoverable(`${destination}: ${(error as Error).message}`, { cause: error })
        : error
    } finally {
      pass.leave(found, until)
    }
  }
}

// An inbox in a file writes while nothing else goes on in the process. A task that is sent away has no hurry: the messages
// of its siblings go out first, and its outcome is written together with theirs. Without this, a destination that is down
// makes the others a fifth slower (`down` in test/bench). In milliseconds.
const NO_HURRY = 5

function isRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'DestinationRefused'
}
