import { expect, test } from 'vitest'
import { isAboutTasks } from '../../../../src/inbox/engine/operate/erased.ts'

test.each([
  [{ subscription: 'mail' }, true],
  [{ part: 'https://a.example' }, true],
  [{ state: 'dead' as const }, true],
  [{ id: 'task-1' }, true],
  [{ cause: '0123456789abcdef' }, true],
  [{ subscription: 'mail', state: 'dead' as const, id: 'task-1' }, true],
  [{ eventId: 'evt_123', topic: 'orders/*', before: 1 }, false],
  [{}, false],
])('whether %o is about tasks: %s', (filter, about) => {
  expect(isAboutTasks(filter)).toBe(about)
})
