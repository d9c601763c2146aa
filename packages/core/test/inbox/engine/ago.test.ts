import { expect, test } from 'vitest'
import { ago, type ClockStep } from '../../../src/inbox/engine/operate/sweep.ts'

const step = (at: number, unseen: number, unseenByGuards = unseen): ClockStep => ({
  at,
  unseen,
  unseenByGuards,
})

test('without steps it is the span before now', () => {
  expect(ago(1000, 300, [], 'unseen')).toBe(700)
})

test('a step within the span is left out, an older one is not looked at', () => {
  expect(ago(1000, 300, [step(900, 50)], 'unseen')).toBe(650)
  expect(ago(1000, 300, [step(700, 50)], 'unseen')).toBe(700)
  expect(ago(1000, 300, [step(1000, 5000)], 'unseen')).toBe(-4300)
})

test('several steps add up, in any order', () => {
  expect(ago(1000, 300, [step(800, 100), step(900, 50)], 'unseen')).toBe(550)
  // 100 ms lead back to 900, and the jump to 850. The other 200 ms end at 650, exactly at the older jump.
  expect(ago(1000, 300, [step(650, 100), step(900, 50)], 'unseen')).toBe(650)
  expect(ago(1000, 301, [step(650, 100), step(900, 50)], 'unseen')).toBe(549)
})

test('guards age by less than ids', () => {
  const gap = step(900, 50, 80)
  expect(ago(1000, 300, [gap], 'unseen')).toBe(650)
  expect(ago(1000, 300, [gap], 'unseenByGuards')).toBe(620)
})
