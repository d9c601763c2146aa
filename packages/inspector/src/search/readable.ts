import { opened, type Seal, type TaskDetail } from '@postern/core/inbox'

/** The payload of a task: opened, if it is sealed and the key is here. */
export function readable({ record, delivery }: TaskDetail, seal: Seal | undefined): unknown {
  if (!seal) return record.payload
  try {
    return opened(seal, { event: record, delivery }).event.payload
  } catch {
    // It was sealed with another key.
    return undefined
  }
}
