import {
  createTaskRecorder,
  type TaskRecorder,
  type RecorderOptions,
} from '../../../../testing/src/inbox/recorder.ts'
import { memoryInbox, type MemoryInboxOptions } from '../../../src/index.ts'
import type { Port } from '../../../src/inbox/engine/index.ts'
import type { Inbox } from '../../../src/inbox/index.ts'

export { intake, item } from '../../../../testing/src/inbox/make.ts'

/** A memory inbox with a recording receiver. */
export interface Scene extends TaskRecorder {
  readonly inbox: Inbox
  readonly port: Port
}

/** Makes a {@link Scene}. Tasks run only after `port.work` or `port.drain`. */
export function scene(options: RecorderOptions = {}, settings: MemoryInboxOptions = {}): Scene {
  const inbox = memoryInbox(settings)
  const recorder = createTaskRecorder(options)
  return { ...recorder, inbox, port: inbox.attach(recorder.consumer) }
}
