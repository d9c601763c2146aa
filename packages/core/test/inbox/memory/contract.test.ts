import { testInbox } from '../../../../testing/src/index.ts'
import { describe, test } from 'vitest'
import { memoryInbox } from '../../../src/index.ts'

testInbox(
  (wish) => {
    const inbox = memoryInbox(wish)
    return { inbox, close: () => inbox.close() }
  },
  { describe, test },
  {
    name: 'memoryInbox',
    order: true,
    bounded: true,
    records: true,
    guards: true,
    fair: true,
    pages: true,
    drain: true,
    journal: true,
  },
)
