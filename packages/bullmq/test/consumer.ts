import type { Consumer, EventRecord, Intake, Outcome, TaskDraft } from '@postern/core/engine'
import { intake as intakeOf, item } from '../../testing/src/inbox/make.ts'
import {
  createTaskRecorder,
  type RecorderOptions,
  type TaskRecorder,
} from '../../testing/src/inbox/recorder.ts'

export { gate } from '../../testing/src/inbox/make.ts'
export { lane } from '../../testing/src/inbox/recorder.ts'

/** A receiver that records what its inbox does with it. */
export interface Recorded extends Consumer, Pick<TaskRecorder, 'runs' | 'warnings' | 'cuts'> {
  readonly ended: TaskRecorder['settled']
  /** Ids of the events that ran, in order. */
  names(): string[]
}

export type RecordedOptions = RecorderOptions

export const DONE: Outcome = { kind: 'done' }

export function record(options: RecordedOptions = {}): Recorded {
  const { consumer, runs, settled: ended, warnings, cuts } = createTaskRecorder(options)
  return {
    ...consumer,
    runs,
    ended,
    warnings,
    cuts,
    names: () => runs.map(({ claim }) => claim.event.id!),
  }
}

export function intake(
  id: string,
  tasks: readonly TaskDraft[] = [{ subscription: 'a' }],
  event: Partial<EventRecord> = {},
): Intake {
  return intakeOf(item(id, tasks, event))
}
