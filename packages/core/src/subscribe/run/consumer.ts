import { errorText } from '../../errors.ts'
import type { Consumer, Lane } from '../../inbox/inbox.ts'
import type { AttemptInfo } from '../../observe/infos.ts'
import type { Observer } from '../../observer.ts'
import type { Erasure } from '../../receive/erasure.ts'
import type { Recorder } from '../../observe/recorder.ts'
import type { run as runAttempt } from './run.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import { UNHANDLED } from '../subscription.ts'
import type { TaskError } from '../../inbox/view.ts'

/** The argument of {@link createConsumer}. */
interface ConsumerContext extends RunContext {
  readonly retrySpan: number
  /** As `Consumer.failed`. */
  readonly failed: (error: unknown) => void
  readonly monotonic: () => number
  readonly recorder: Recorder | undefined
  readonly erasure: Erasure | undefined
  readonly deadListeners: readonly ((task: AttemptInfo, error: TaskError) => unknown)[]
}

type Runner = { readonly run: typeof runAttempt }

/** A receiver as its inbox sees it: its subscriptions, how to run a task, and the listeners for outcomes. */
export function createConsumer(context: ConsumerContext): Consumer {
  const { observer } = context
  let runner: Runner | undefined
  let known: readonly Lane[] = []
  return {
    receiver: context.receiver,
    retrySpan: context.retrySpan,
    now: context.now,
    monotonic: context.monotonic,
    lanes,
    run(claim, signal) {
      if (runner) return runner.run(context, claim, signal)
      // A process that only accepts (`work: false`) runs nothing and loads nothing for it.
      return import('./run.ts').then((loaded) => (runner = loaded).run(context, claim, signal))
    },
    settled(claim, outcome, stored, ran) {
      if (!stored) return observer.outcomeRejected?.(attemptInfo(context, claim))
      context.recorder?.settled(claim, outcome, ran)
      if (outcome.kind === 'done') context.erasure?.ended(claim.event)
      if (outcome.kind === 'done')
        return observer.done?.(attemptInfo(context, claim), ran?.duration ?? 0)
      if (outcome.kind === 'retry')
        return observer.retried?.(attemptInfo(context, claim), outcome.at)
      if (outcome.kind === 'dead')
        tellDead(observer, context, attemptInfo(context, claim), outcome.error)
    },
    interrupted(interruption) {
      context.recorder?.interrupted(interruption.subscription)
      observer.interrupted?.({ receiver: context.receiver, ...interruption })
    },
    deleted: (key) => context.erasure?.ended({ key, passing: true }),
    failed: context.failed,
    warn: (message) => observer.warning?.(context.receiver, message),
  }

  /** The subscriptions, and beside them the lane of events that waited for one. */
  function lanes(): readonly Lane[] {
    const { all } = context.subscriptions
    if (all.length === 0) return all
    if (known.length !== all.length + 1) known = [...all, UNHANDLED_LANE]
    return known
  }
}

const UNHANDLED_LANE: Lane = {
  name: UNHANDLED,
  previousNames: [],
  concurrency: 10,
  ordered: false,
  timeout: 60_000,
  attempts: 8,
}

function tellDead(
  observer: Observer,
  context: ConsumerContext,
  task: AttemptInfo,
  error: TaskError,
): void {
  observer.dead?.(task, error)
  for (const listener of context.deadListeners) {
    // A listener that throws must not keep the outcome from other listeners and the inbox.
    void Promise.resolve()
      .then(() => listener(task, error))
      .catch((failure: unknown) =>
        observer.warning?.(context.receiver, `onDead failed: ${errorText(failure)}`),
      )
  }
}
