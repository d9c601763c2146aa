import { setTimeout as sleep } from 'node:timers/promises'
import { RetryAfter, Unrecoverable, type Task } from '@postern/core'
import { type SignableRequest } from '@postern/core/scheme'
import type { CallResult } from './pace/breaker.ts'
import { createClient } from './client.ts'
import type { Pass } from './pace/gate.ts'
import { createGates } from './pace/gates.ts'
import type { AddressGuard } from '@postern/core/guard'
import type { CallSettings } from './options.ts'
import { createTeller } from './tell.ts'
import { judgeAnswer } from './verdict.ts'
import { createWaiting } from './pace/waiting.ts'

/** One call to one destination. */
export interface Call {
  /** Name of the destination, as people read it. */
  readonly destination: string
  /** The limits and the breaker of this key hold for the call. @default `destination` */
  readonly key?: string
  readonly task: Task
  /** Makes the message, when it is about to be sent: a signature has its time. */
  readonly message: () => SignableRequest | Promise<SignableRequest>
  /** True for headers that the observers may add. */
  readonly passes: (name: string) => boolean
}

/** Calls destinations, each within its limits. */
interface Caller {
  /** Resolves with the verdict; throws the error for the retry policy. */
  call(call: Call): Promise<'delivered' | 'gone'>
  close(): Promise<void>
}

/** Makes a caller. */
export function createCaller(guard: AddressGuard, settings: CallSettings): Caller {
  const { now, maxRetryAfter } = settings
  const client = createClient(guard, settings)
  const gates = createGates(settings.total, settings)
  const waiting = createWaiting(settings)
  const teller = createTeller()

  return { call, close: () => client.close() }

  async function enter(key: string, destination: string, task: Task): Promise<Pass> {
    try {
      const pass = await gates.enter(key)
      waiting.delete(key, task.id)
      return pass
    } catch (error) {
      waiting.add(key, task.id, now(), gates.isOpen(key), destination)
      await sleep(NO_HURRY)
      throw error
    }
  }

  async function call(given: Call): Promise<'delivered' | 'gone'> {
    const { destination, key = destination, task, message, passes } = given
    const pass = await enter(key, destination, task)
    let found: CallResult = 'unknown'
    let until: number | undefined
    try {
      const request = await message()
      guard.url(request.url)
      // From here on a failure is the destination's, unless this process aborted the call.
      const answer = await teller
        .call({ destination, task, request, passes }, (sent) => client.send(sent, task.signal))
        .catch((error: unknown) => {
          if (!task.signal.aborted && !isRefused(error)) found = 'down'
          throw error
        })
      const verdict = judgeAnswer(answer, now(), maxRetryAfter)
      found = verdict.kind === 'failed' && verdict.sick ? 'down' : 'up'
      if (verdict.kind !== 'failed') return verdict.kind
      const failure = `${destination} answered ${answer.status}`
      if (verdict.wait === undefined) throw new Error(failure)
      until = now() + verdict.wait
      throw new RetryAfter(verdict.wait, failure)
    } catch (error) {
      if (isRefused(error))
        throw new Unrecoverable(`${destination}: ${(error as Error).message}`, { cause: error })
      // After the last attempt the task does not wait.
      if (task.attempt < task.attempts) waiting.add(key, task.id, now(), false, destination)
      throw error
    } finally {
      pass.leave(found, until)
      teller.paused(key, destination, task, gates.pausedUntil(key))
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
